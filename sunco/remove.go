package sunco

import (
	"context"
	"encoding/json"
	"net/http"
)

// Remove removes a client of the user, given by id or external id, and unsubscribes it from its conversations.
// A client that is already gone is an Error with Status 404 and Code client_not_found.
//
// https://docs.smooch.io/rest/#operation/RemoveClient
func (a *API) Remove(ctx context.Context, user, clientID string, query Query) error {
	if err := checkUser(user); err != nil {
		return err
	}
	if err := checkIdentifier("client id", clientID); err != nil {
		return err
	}
	c := call{
		method:  http.MethodDelete,
		target:  a.target(query.encode(), "users", user, "clients", clientID),
		timeout: query.Timeout,
		private: []string{user, clientID},
	}
	return a.delete(ctx, c)
}

// delete makes a call whose answer says nothing.
func (a *API) delete(ctx context.Context, c call) error {
	got, err := a.do(ctx, c)
	if err != nil {
		return err
	}
	defer got.done()
	// A login page of some proxy must not pass for a removal.
	if len(got.body) > 0 && !json.Valid(got.body) {
		return got.unreadable("JSON was expected")
	}
	return nil
}
