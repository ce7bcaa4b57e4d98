package worker

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// unreachable is a transport over which nothing goes.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.ErrUnsupported
}

// TestChecksLeaveNothingToRefuse holds the checks of jobs to those of sunco: a row that is queued is refused by no call
// before it is sent, whatever one of its fields holds.
func TestChecksLeaveNothingToRefuse(t *testing.T) {
	api, err := sunco.New("app", sunco.Config{BaseURL: "http://api.example", Auth: sunco.Token("t"), Transport: unreachable{}})
	if err != nil {
		t.Fatal(err)
	}
	odd := []string{
		"", " ", "\xff", "a\x00b", "\x00", ".", "..", "./", "../..", "c/..", `c\..`, "c/./d", "...", "a..", "/", "%2e%2E", "..%2f", "%252e%252e/x", "/a", "a/", `a\`, "a/b", "a//b", "..;x=1/b", "%", "%zz", "%25252525252e", "100%", "a%2F", ". /b", "\u2028", "\ufffd", "{", "{}", "null", `"a"`,
		strings.Repeat("é", 1024), strings.Repeat("é", 1025), strings.Repeat("a", 94_000), strings.Repeat("\x01", 16_600), strings.Repeat("\u2028", 16_600), strings.Repeat("<", 99_600), strings.Repeat("a", 100_001),
		`{"author":{},"content":{"type":"text"}}`, `{"author":{},"content":{"type":"text","text":"` + strings.Repeat("<", jobs.MaxMessage-50) + `"}}`,
		`{"author":{},"content":{"type":"text","text":"\ud800"}}`,
	}
	phone := jobs.Row{
		User: "u", Type: "whatsapp", IntegrationID: "i", PhoneNumber: "+12125552368", Confirmation: "immediate", ConversationID: "c", ClientID: "c",
		Message: `{"author":{},"content":{"type":"text","text":"` + strings.Repeat("a", 94_000) + `"}}`,
	}
	mail := phone
	mail.Type, mail.PhoneNumber, mail.Address, mail.Subject = "mailgun", "", "a@example.com", "Hello"
	refused := map[string]bool{}
	for _, base := range []jobs.Row{phone, mail} {
		for _, o := range jobs.Operations() {
			for _, c := range jobs.Columns() {
				for _, value := range odd {
					row := base
					if !o.Name.Creates() { // they send no message, and reading a long one takes long
						row.Message = `{"author":{},"content":{"type":"text","text":"a"}}`
					}
					row.Op, *c.Field(&row) = o.Name, value
					checked := o.CheckRow(&row) != nil
					invalid := invalidCall(t.Context(), api, &row)
					if invalid != nil && !checked {
						t.Errorf("%s with %s %.20q: the check accepts what the call refuses: %v", o.Name, c.Path, value, invalid)
					}
					if invalid != nil {
						refused[invalid.Error()] = true
					}
				}
			}
		}
	}
	if len(refused) < 6 {
		t.Errorf("the calls refused for %d reasons: the odd values have lost their teeth", len(refused))
	}
}

// invalidCall makes the calls of a row and returns the error of one that was refused before it was sent.
func invalidCall(ctx context.Context, api *sunco.API, r *jobs.Row) error {
	_, err := api.Pages(r.User, sunco.ListQuery{BrandID: r.BrandID}).Next(ctx)
	if !errors.Is(err, sunco.ErrInvalid) && r.Op.Creates() {
		_, err = api.Create(ctx, r.User, body(r, r.ConversationID), sunco.Query{BrandID: r.BrandID})
	}
	if !errors.Is(err, sunco.ErrInvalid) && r.Op == jobs.EnsureUser {
		_, err = api.CreateUser(ctx, newUser(r), 0)
	}
	if !errors.Is(err, sunco.ErrInvalid) && r.Op == jobs.EnsureConversation {
		_, err = api.CreateConversation(ctx, sunco.ConversationCreate{Participants: []sunco.Participant{{UserExternalID: r.User}}, Metadata: r.Marked("J/1")}, 0)
	}
	if !errors.Is(err, sunco.ErrInvalid) && r.Op == jobs.Remove {
		err = api.Remove(ctx, r.User, r.ClientID, sunco.Query{BrandID: r.BrandID})
	}
	if errors.Is(err, sunco.ErrInvalid) {
		return err
	}
	return nil
}
