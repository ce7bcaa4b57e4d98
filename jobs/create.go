package jobs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/phone"
)

// Create links a user to a channel.
const Create Op = "create"

// MaxMessage is the size of a confirmation message in bytes: what the API's body limit of 100 kB
// leaves beside the rest of the body.
const MaxMessage = 95_000

var createOperation = Operation{
	Name:    Create,
	Summary: "a new client",
	Columns: []string{
		"matchCriteria.type", "matchCriteria.integrationId", "matchCriteria.phoneNumber", "matchCriteria.address",
		"matchCriteria.subject", "matchCriteria.primary", "confirmation.type", "confirmation.message", "target.conversationId",
	},
	Required: []string{"user", "matchCriteria.type", "matchCriteria.integrationId", "confirmation.type", "target.conversationId"},
	Check:    checkCreate,
	Creates:  true,
	Looks:    true,
	Messages: confirms,
	Calls:    1,
	Undo:     Remove,
}

// confirms tells whether a create of the row sends something to a real person: a prompt, a
// confirmation by user activity, or any confirmation with a message.
func confirms(r *Row) bool {
	return r.Confirmation == "prompt" || r.Confirmation == "userActivity" || r.Message != ""
}

func checkCreate(r *Row) error {
	for _, check := range []func(*Row) error{checkMatch, checkConfirmation, checkMessage} {
		if err := check(r); err != nil {
			return err
		}
	}
	if r.ConversationID == "" {
		return &FieldError{"target.conversationId", "is empty"}
	}
	if word, ok := oneOf(r.ConversationID, DefaultConversation, OnlyConversation, LatestConversation); ok {
		r.ConversationID = word
	}
	return checkBody(r)
}

// A body of the API has 100 kB at most. Its names and braces take less than bodyFrame.
const (
	maxBody   = 100_000
	bodyFrame = 256
)

// checkBody blames the longest text of a row whose body would be too large.
func checkBody(r *Row) error {
	texts := [...]struct{ path, text string }{
		{"matchCriteria.integrationId", r.IntegrationID}, {"matchCriteria.phoneNumber", r.PhoneNumber}, {"matchCriteria.address", r.Address},
		{"matchCriteria.subject", r.Subject}, {"target.conversationId", r.ConversationID},
	}
	const mostPerByte = 6 // a control character becomes \u0001
	size, longest := 0, texts[0]
	for _, t := range texts {
		if size += len(t.text); len(t.text) > len(longest.text) {
			longest = t
		}
	}
	if bodyFrame+len(r.Message)+mostPerByte*size <= maxBody {
		return nil
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	for _, t := range texts {
		if err := encoder.Encode(t.text); err != nil {
			return &FieldError{t.path, "is not text"}
		}
	}
	if bodyFrame+len(r.Message)+body.Len() <= maxBody {
		return nil
	}
	return &FieldError{longest.path, fmt.Sprintf("has %d bytes; the API takes bodies of up to 100 kB", len(longest.text))}
}

func checkMatch(r *Row) error {
	kind, ok := oneOf(r.Type, "mailgun", "messagebird", "twilio", "whatsapp")
	if !ok {
		return &FieldError{"matchCriteria.type", "is not one of mailgun, messagebird, twilio, whatsapp"}
	}
	r.Type = kind
	if r.IntegrationID == "" {
		return &FieldError{"matchCriteria.integrationId", "is empty"}
	}
	truth, ok := truthOf(r.Primary)
	if !ok {
		return &FieldError{"matchCriteria.primary", "is neither true nor false"}
	}
	r.Primary = truth
	if r.Type == "mailgun" {
		return checkAddress(r)
	}
	return checkPhone(r)
}

// address is one address as mail programs write it: what is legal beyond that, such as a quoted name with spaces, is
// likelier to be a link, a list or a name beside an address.
var address = lazyregexp.New(`^[^\s\pC\pZ@,;:<>()\[\]\\"]+@[\pL\pN\pM_-]+(\.[\pL\pN\pM_-]+)*$`)

func checkAddress(r *Row) error {
	switch {
	case r.Address == "":
		return &FieldError{"matchCriteria.address", "is empty, and mailgun needs it"}
	case !address().MatchString(r.Address):
		return &FieldError{"matchCriteria.address", "is not one plain email address"}
	case r.PhoneNumber != "":
		return &FieldError{"matchCriteria.phoneNumber", "is set, but mailgun takes an address"}
	}
	return nil
}

func checkPhone(r *Row) error {
	fail := func(cause string) error { return &FieldError{"matchCriteria.phoneNumber", cause} }
	switch {
	case r.Address != "":
		return &FieldError{"matchCriteria.address", "is set, but " + r.Type + " takes a phone number"}
	case r.PhoneNumber == "":
		return fail("is empty, and " + r.Type + " needs it")
	}
	number, err := phone.Parse(r.PhoneNumber)
	if err != nil {
		return fail(err.Error())
	}
	r.PhoneNumber = number
	return nil
}

func checkConfirmation(r *Row) error {
	kind, ok := oneOf(r.Confirmation, "immediate", "userActivity", "prompt")
	if !ok {
		return &FieldError{"confirmation.type", "is not one of immediate, userActivity, prompt"}
	}
	r.Confirmation = kind
	if kind == "userActivity" && r.Message == "" {
		return &FieldError{"confirmation.message", "is empty, and userActivity needs it"}
	}
	return nil
}

func checkMessage(r *Row) error {
	if r.Message == "" {
		return nil
	}
	fail := func(cause string) error { return &FieldError{"confirmation.message", cause} }
	if len(r.Message) > MaxMessage {
		return fail(fmt.Sprintf("has %d bytes; the API takes bodies of up to 100 kB", len(r.Message)))
	}
	var m struct {
		Author  json.RawMessage `json:"author"`
		Content *struct {
			Type    string `json:"type"`
			Actions []struct {
				Type string `json:"type"`
			} `json:"actions"`
		} `json:"content"`
	}
	if err := json.Unmarshal([]byte(r.Message), &m); err != nil {
		return fail(`is not a JSON object such as {"author":{"type":"business"},"content":{"type":"text","text":"Hello"}}`)
	}
	if !isObject(string(m.Author)) || m.Content == nil {
		return fail("needs an author and a content")
	}
	if _, ok := oneOf(m.Content.Type, "text", "image"); !ok {
		return fail("may only hold text or image")
	}
	for _, a := range m.Content.Actions {
		if a.Type != "link" {
			return fail("may only hold actions of type link")
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(r.Message)); err != nil {
		return fail("is not JSON")
	}
	r.Message = compact.String()
	return nil
}

func oneOf(s string, known ...string) (string, bool) {
	for _, k := range known {
		if strings.EqualFold(s, k) {
			return k, true
		}
	}
	return "", false
}
