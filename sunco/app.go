package sunco

import (
	"context"
	"errors"
	"net/http"
)

// AppDetails are what the API shows of an app. What it did not tell is empty.
type AppDetails struct {
	ID          string
	DisplayName string
	// MultiConversation says whether a user may have several conversations; nil = the API did not tell.
	MultiConversation *bool
}

// UnmarshalJSON takes any JSON object.
func (d *AppDetails) UnmarshalJSON(data []byte) error {
	var fields *struct {
		ID          field `json:"id"`
		DisplayName field `json:"displayName"`
		Settings    struct {
			MultiConversation *bool `json:"multiConvoEnabled"`
		} `json:"settings"`
	}
	if err := decode(data, &fields); err != nil {
		return err
	}
	if fields == nil {
		return errors.New("app is null")
	}
	*d = AppDetails{ID: string(fields.ID), DisplayName: string(fields.DisplayName), MultiConversation: fields.Settings.MultiConversation}
	return nil
}

// App fetches the app and forgets it: nil proves that credentials and app id are good. A token of integration scope
// gets a 403 here and may be good all the same.
//
// https://docs.smooch.io/rest/#operation/GetApp
func (a *API) App(ctx context.Context) error {
	_, err := a.AppDetails(ctx)
	return err
}

// AppDetails fetches the app. Its errors are those of App.
//
// https://docs.smooch.io/rest/#operation/GetApp
func (a *API) AppDetails(ctx context.Context) (AppDetails, error) {
	got, err := a.do(ctx, call{method: http.MethodGet, target: a.target("")})
	if err != nil {
		return AppDetails{}, err
	}
	defer got.done()
	var reply struct {
		App *AppDetails `json:"app"`
	}
	if decode(got.body, &reply) != nil || reply.App == nil {
		return AppDetails{}, got.unreadable("an app was expected (hint: check the base URL)")
	}
	return *reply.App, nil
}
