package sunco

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// TypeCustom is the type of an integration that is a webhook of one's own.
const TypeCustom = "custom"

// Integration is a channel of an app. What the API did not tell is empty.
type Integration struct {
	ID          string
	Type        string // channel, as in MatchCriteria.Type, or TypeCustom; new ones will come
	Status      string // active, inactive or error
	DisplayName string
	PhoneNumber string // of whatsapp, as the API writes it: digits, without a +
}

// Number returns the phone number in E.164, empty where the integration shows none.
func (in Integration) Number() string {
	if in.PhoneNumber == "" || strings.HasPrefix(in.PhoneNumber, "+") {
		return in.PhoneNumber
	}
	return "+" + in.PhoneNumber
}

// Answers tells whether a text is the integration's id, its phone number, however that is written, or its name in any case.
func (in Integration) Answers(to string) bool {
	if to = strings.TrimSpace(to); to == "" {
		return false
	}
	if strings.Trim(to, "+0123456789 ()-.") == "" && in.PhoneNumber != "" && digits(in.PhoneNumber) == digits(to) {
		return true
	}
	return to == in.ID || strings.EqualFold(to, strings.TrimSpace(in.DisplayName))
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// UnmarshalJSON takes any JSON object.
func (in *Integration) UnmarshalJSON(data []byte) error {
	var fields *struct {
		ID          field `json:"id"`
		Type        field `json:"type"`
		Status      field `json:"status"`
		DisplayName field `json:"displayName"`
		PhoneNumber field `json:"phoneNumber"`
	}
	if err := decode(data, &fields); err != nil {
		return err
	}
	if fields == nil {
		return errors.New("integration is null")
	}
	*in = Integration{
		ID: string(fields.ID), Type: string(fields.Type), Status: string(fields.Status), DisplayName: string(fields.DisplayName), PhoneNumber: string(fields.PhoneNumber),
	}
	return nil
}

func (in Integration) recordID() string { return in.ID }

func (in Integration) weight() int {
	return len(in.ID) + len(in.Type) + len(in.Status) + len(in.DisplayName) + len(in.PhoneNumber)
}

// Integration fetches an integration of the app. One that the app does not have is an Error with Status 404 and Code
// integration_not_found; credentials of integration scope get a 403 and may be good all the same.
//
// https://docs.smooch.io/rest/#operation/GetIntegration
func (a *API) Integration(ctx context.Context, id string) (Integration, error) {
	if err := checkIdentifier("integration id", id); err != nil {
		return Integration{}, err
	}
	return a.integration(ctx, call{method: http.MethodGet, target: a.target("", "integrations", id)})
}

func (a *API) integration(ctx context.Context, c call) (Integration, error) {
	got, err := a.do(ctx, c)
	if err != nil {
		return Integration{}, err
	}
	defer got.done()
	var reply struct {
		Integration *Integration `json:"integration"`
	}
	if decode(got.body, &reply) != nil || reply.Integration == nil {
		return Integration{}, got.unreadable("an integration was expected")
	}
	return *reply.Integration, nil
}

// IntegrationPages is a list of integrations that is read page by page. It is for one goroutine.
type IntegrationPages struct{ pager pager[Integration] }

// Integrations returns the list of the app's integrations of these types, of all where none is given, and makes no call. Of the query
// only PageSize and Timeout are used.
//
// https://docs.smooch.io/rest/#operation/ListIntegrations
func (a *API) Integrations(query ListQuery, types ...string) *IntegrationPages {
	query.BrandID = ""
	filter := ""
	if len(types) > 0 {
		filter = "filter[types]=" + url.QueryEscape(strings.Join(types, ","))
	}
	return &IntegrationPages{pager[Integration]{api: a, things: "integrations", path: []string{"integrations"}, filter: filter, query: query}.begin()}
}

// More tells whether there may be another page. It is true before the first.
func (p *IntegrationPages) More() bool { return p.pager.next != "" }

// Next makes one call and returns the integrations of the next page, as Pages.Next does clients.
func (p *IntegrationPages) Next(ctx context.Context) ([]Integration, error) { return p.pager.read(ctx) }
