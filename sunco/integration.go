package sunco

import (
	"context"
	"net/http"
)

// Integration is a channel of an app. What the API did not tell is empty.
type Integration struct {
	ID     string
	Type   string // channel, as in MatchCriteria.Type; new ones will come
	Status string // active, inactive or error
}

// Integration fetches an integration of the app. One that the app does not have is an Error with Status 404 and Code
// integration_not_found; credentials of integration scope get a 403 and may be good all the same.
//
// https://docs.smooch.io/rest/#operation/GetIntegration
func (a *API) Integration(ctx context.Context, id string) (Integration, error) {
	if err := checkIdentifier("integration id", id); err != nil {
		return Integration{}, err
	}
	got, err := a.do(ctx, call{method: http.MethodGet, target: a.target("", "integrations", id)})
	if err != nil {
		return Integration{}, err
	}
	defer got.done()
	var reply struct {
		Integration *struct {
			ID     field `json:"id"`
			Type   field `json:"type"`
			Status field `json:"status"`
		} `json:"integration"`
	}
	if decode(got.body, &reply) != nil || reply.Integration == nil {
		return Integration{}, got.unreadable("an integration was expected")
	}
	in := reply.Integration
	return Integration{ID: string(in.ID), Type: string(in.Type), Status: string(in.Status)}, nil
}
