package sunco

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// User is a person of the app. What the API did not tell is empty.
type User struct {
	ID         string
	ExternalID string
}

// UserCreate is the body of a new user. ExternalID makes the call safe to be settled: the app has one user of that
// external id, within a brand, at most.
type UserCreate struct {
	ExternalID   string          `json:"externalId"` // 1 to 1024 characters
	BrandID      string          `json:"brandId,omitempty"`
	SignedUpAt   string          `json:"signedUpAt,omitempty"` // RFC 3339
	ToBeRetained *bool           `json:"toBeRetained,omitempty"`
	Profile      *Profile        `json:"profile,omitempty"`
	Metadata     json.RawMessage `json:"metadata,omitempty"` // a flat JSON object
}

// Profile is what is known of a user.
type Profile struct {
	GivenName string `json:"givenName,omitempty"`
	Surname   string `json:"surname,omitempty"`
	Email     string `json:"email,omitempty"`
	Locale    string `json:"locale,omitempty"`
}

// User fetches a user, given by id or external id. One that the app does not have is an Error with Status 404 and Code
// user_not_found.
//
// https://docs.smooch.io/rest/#operation/GetUser
func (a *API) User(ctx context.Context, user string, query Query) (User, error) {
	if err := checkUser(user); err != nil {
		return User{}, err
	}
	c := call{method: http.MethodGet, target: a.target(query.encode(), "users", user), timeout: query.Timeout, private: []string{user}}
	return a.user(ctx, c)
}

// CreateUser makes a user. One of that external id that is there already is an Error with Status 409; after an answer that
// was lost, User tells whether it arrived.
//
// https://docs.smooch.io/rest/#operation/CreateUser
func (a *API) CreateUser(ctx context.Context, create UserCreate, timeout time.Duration) (User, error) {
	if err := checkUser(create.ExternalID); err != nil {
		return User{}, err
	}
	body, err := encodeBody(create, "metadata")
	if err != nil {
		return User{}, err
	}
	private := []string{create.ExternalID}
	if p := create.Profile; p != nil {
		private = append(private, p.GivenName, p.Surname, p.Email)
	}
	return a.user(ctx, call{method: http.MethodPost, target: a.target("", "users"), body: body, timeout: timeout, private: private})
}

func (a *API) user(ctx context.Context, c call) (User, error) {
	got, err := a.do(ctx, c)
	if err != nil {
		return User{}, err
	}
	defer got.done()
	var reply struct {
		User *struct {
			ID         field `json:"id"`
			ExternalID field `json:"externalId"`
		} `json:"user"`
	}
	if decode(got.body, &reply) != nil || reply.User == nil {
		return User{}, got.unreadable("a user was expected")
	}
	return User{ID: string(reply.User.ID), ExternalID: string(reply.User.ExternalID)}, nil
}
