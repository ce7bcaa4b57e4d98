package jobs

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckCreate(t *testing.T) {
	valid := createRows(1)[0]
	mailgun := Row{Op: Create, User: "u", Type: "mailgun", IntegrationID: "i", Address: "a@example.com", Confirmation: "immediate", ConversationID: "c"}
	text := `{"author":{"type":"business"},"content":{"type":"text","text":"Hello"}}`
	for _, c := range []struct {
		name   string
		base   Row
		change func(*Row)
		want   string // column of the error; "" = valid
	}{
		{"plain number", valid, func(r *Row) { r.PhoneNumber = "+12125552368" }, ""},
		{"number with spaces and dashes", valid, func(r *Row) { r.PhoneNumber = "+1 212-555-2368" }, ""},
		{"number with spaces", valid, func(r *Row) { r.PhoneNumber = " +1 212 555 2368 " }, ""},
		{"no country code", valid, func(r *Row) { r.PhoneNumber = "212 555 2368" }, "matchCriteria.phoneNumber"},
		{"no plus", valid, func(r *Row) { r.PhoneNumber = "1 212 555 2368" }, "matchCriteria.phoneNumber"},
		{"scientific", valid, func(r *Row) { r.PhoneNumber = "1.21256E+10" }, "matchCriteria.phoneNumber"},
		{"letters", valid, func(r *Row) { r.PhoneNumber = "+1212555CALL" }, "matchCriteria.phoneNumber"},
		{"a second plus", valid, func(r *Row) { r.PhoneNumber = "+1+2125552368" }, "matchCriteria.phoneNumber"},
		{"too long", valid, func(r *Row) { r.PhoneNumber = "+1212555236812345" }, "matchCriteria.phoneNumber"},
		{"too short", valid, func(r *Row) { r.PhoneNumber = "+12125" }, "matchCriteria.phoneNumber"},
		{"no number", valid, func(r *Row) { r.PhoneNumber = "" }, "matchCriteria.phoneNumber"},
		{"number and address", valid, func(r *Row) { r.Address = "a@example.com" }, "matchCriteria.address"},
		{"mail", mailgun, func(*Row) {}, ""},
		{"mail without address", mailgun, func(r *Row) { r.Address = "" }, "matchCriteria.address"},
		{"mail with two addresses", mailgun, func(r *Row) { r.Address = "a@b.c, d@e.f" }, "matchCriteria.address"},
		{"mail with number", mailgun, func(r *Row) { r.PhoneNumber = "+12125552368" }, "matchCriteria.phoneNumber"},
		{"any case", valid, func(r *Row) { r.Type, r.Confirmation, r.Primary = "WhatsApp", "Immediate", "TRUE" }, ""},
		{"unknown type", valid, func(r *Row) { r.Type = "sms" }, "matchCriteria.type"},
		{"no integration", valid, func(r *Row) { r.IntegrationID = " " }, "matchCriteria.integrationId"},
		{"odd primary", valid, func(r *Row) { r.Primary = "maybe" }, "matchCriteria.primary"},
		{"unknown confirmation", valid, func(r *Row) { r.Confirmation = "later" }, "confirmation.type"},
		{"user activity without message", valid, func(r *Row) { r.Confirmation = "userActivity" }, "confirmation.message"},
		{"message", valid, func(r *Row) { r.Message = text }, ""},
		{"message that is no JSON", valid, func(r *Row) { r.Message = "Hello" }, "confirmation.message"},
		{"message without author", valid, func(r *Row) { r.Message = `{"content":{"type":"text"}}` }, "confirmation.message"},
		{"message with a file", valid, func(r *Row) { r.Message = `{"author":{},"content":{"type":"file"}}` }, "confirmation.message"},
		{"message with a button", valid, func(r *Row) {
			r.Message = `{"author":{},"content":{"type":"text","actions":[{"type":"reply"}]}}`
		}, "confirmation.message"},
		{"message over 100 kB", valid, func(r *Row) { r.Message = strings.Replace(text, "Hello", strings.Repeat("x", 100_000), 1) }, "confirmation.message"},
		{"long subject", mailgun, func(r *Row) { r.Subject = strings.Repeat("x", 99_000) }, ""},
		{"subject over 100 kB", mailgun, func(r *Row) { r.Subject = strings.Repeat("x", 99_999) }, "matchCriteria.subject"},
		{"subject and message over 100 kB", mailgun, func(r *Row) {
			r.Subject, r.Message = strings.Repeat("x", 6_000), strings.Replace(text, "Hello", strings.Repeat("x", 94_000), 1)
		}, "matchCriteria.subject"},
		{"NUL", valid, func(r *Row) { r.ConversationID = "a\x00b" }, "target.conversationId"},
		{"no conversation", valid, func(r *Row) { r.ConversationID = "" }, "target.conversationId"},
		{"no user", valid, func(r *Row) { r.User = "  " }, "user"},
		{"long user", valid, func(r *Row) { r.User = strings.Repeat("é", 1025) }, "user"},
		{"longest user", valid, func(r *Row) { r.User = strings.Repeat("é", 1024) }, ""},
		{"invalid UTF-8", valid, func(r *Row) { r.User = "a\xff" }, "user"},
	} {
		r := c.base
		c.change(&r)
		err := createOperation.CheckRow(&r)
		got := ""
		if e, ok := errors.AsType[*FieldError](err); ok {
			got = e.Column
		}
		if got != c.want {
			t.Errorf("%s: got %v, want an error of %q", c.name, err, c.want)
		}
	}
}

func TestCheckRowNormalises(t *testing.T) {
	r := createRows(1)[0]
	r.Type, r.Confirmation, r.Primary, r.User = "WHATSAPP", "USERACTIVITY", "Yes", " u "
	r.Message = "{\n \"author\": {}, \"content\": {\"type\": \"text\"}}"
	if err := createOperation.CheckRow(&r); err != nil {
		t.Fatal(err)
	}
	got := []string{r.Type, r.Confirmation, r.Primary, r.User, r.Message}
	want := []string{"whatsapp", "userActivity", "true", "u", `{"author":{},"content":{"type":"text"}}`}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

func TestMessages(t *testing.T) {
	for _, c := range []struct {
		row  Row
		want bool
	}{
		{Row{Op: Create, Confirmation: "immediate"}, false},
		{Row{Op: Create, Confirmation: "immediate", Message: "{}"}, true},
		{Row{Op: Create, Confirmation: "prompt"}, true},
		{Row{Op: Create, Confirmation: "userActivity", Message: "{}"}, true},
		{Row{Op: Remove, Confirmation: "prompt"}, false},
	} {
		if got := c.row.Messages(); got != c.want {
			t.Errorf("%+v: got %t, want %t", c.row, got, c.want)
		}
	}
}
