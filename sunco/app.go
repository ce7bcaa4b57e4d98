package sunco

import (
	"context"
	"net/http"
)

// App fetches the app and forgets it: nil proves that credentials and app id are good. A token of integration scope
// gets a 403 here and may be good all the same.
//
// https://docs.smooch.io/rest/#operation/GetApp
func (a *API) App(ctx context.Context) error {
	got, err := a.do(ctx, call{method: http.MethodGet, target: a.target("")})
	if err != nil {
		return err
	}
	defer got.done()
	var reply struct {
		App *struct{} `json:"app"`
	}
	if decode(got.body, &reply) != nil || reply.App == nil {
		return got.unreadable("an app was expected (hint: check the base URL)")
	}
	return nil
}
