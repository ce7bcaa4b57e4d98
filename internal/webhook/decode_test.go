package webhook

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

const envelope = `{"app":{"id":"5e4af71a81966cfff3ef6550"},"webhook":{"id":"582dedf230e788746891281a","version":"v2"},"events":[%s]}`

// v2 makes an event with the fields that the vendor's OpenAPI document names.
func v2(kind, payload string) string {
	return fmt.Sprintf(`{"id":"0ca7d56ba7b2e081e479fe9e","type":%q,"createdAt":"2026-11-22T15:31:00.123Z","payload":%s}`, kind, payload)
}

const client = `"user":{"id":"6a23","externalId":"customer-1"},"client":{"integrationId":"60bf","type":"twilio","id":"61290a4f7821c3f206d690a3","status":"pending"}`

func TestEventsOfLinks(t *testing.T) {
	at := time.Date(2026, 11, 22, 15, 31, 0, 123_000_000, time.UTC)
	for name, c := range map[string]struct {
		event, state, cause string
		linked              bool
	}{
		"begun":         {v2("client:add", `{`+client+`,"conversation":{"id":"c2c8"},"reason":"channelLinking"}`), "pending", "", true},
		"matched":       {v2("client:update", `{`+client+`,"reason":"matched"}`), "pending", "", false},
		"confirmed":     {v2("client:update", `{`+client+`,"reason":"confirmed"}`), "active", "", false},
		"blocked":       {v2("client:update", `{`+client+`,"reason":"blocked"}`), "failed", "blocked", false},
		"unblocked":     {v2("client:update", `{`+client+`,"reason":"unblocked"}`), "active", "", false},
		"failed":        {v2("client:remove", `{`+client+`,"reason":"linkFailed","error":{"code":"bad_request","message":"(#100) No matching user found"}}`), "failed", "link_failed: (#100) No matching user found", false},
		"of a person":   {v2("client:remove", `{`+client+`,"reason":"linkFailed","error":{"message":"+1 514-000-0000 is no number"}}`), "failed", "link_failed: … is no number", false},
		"cancelled":     {v2("client:remove", `{`+client+`,"reason":"linkCancelled","error":null}`), "cancelled", "link_cancelled", false},
		"taken":         {v2("client:remove", `{`+client+`,"reason":"theft"}`), "taken", "taken", false},
		"by the API":    {v2("client:remove", `{`+client+`,"reason":"api"}`), "failed", "removed", false},
		"of a new kind": {v2("client:remove", `{`+client+`,"reason":"magic"}`), "failed", "removed", false},
		"merged": {v2("user:merge", `{"mergedUsers":{"surviving":{"id":"s1"},"discarded":{"id":"6a23","externalId":"customer-1"}},"mergedClients":{"surviving":{"id":"old"},
			"discarded":{"integrationId":"60bf","type":"twilio","id":"61290a4f7821c3f206d690a3"}},"reason":"channelLinking"}`), "merged", "merged into client old of user s1", false},
	} {
		for form, payload := range map[string]string{"in its envelope": fmt.Sprintf(envelope, c.event), "by itself": c.event} {
			events, skipped := Decode([]byte(payload))
			if len(events) != 1 || len(skipped) != 0 {
				t.Errorf("%s %s: got %v, skipped %v", name, form, events, skipped)
				continue
			}
			want := events[0]
			want.Client, want.Users, want.Channel, want.Integration, want.At = "61290a4f7821c3f206d690a3", []string{"6a23", "customer-1"}, "twilio", "60bf", at
			want.Link, want.Linked, want.Merge = jobs.Observation{State: jobs.LinkState(c.state), At: at, Cause: c.cause}, c.linked, c.state == "merged"
			if diff := cmp.Diff(want, events[0]); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", name, form, diff)
			}
		}
	}
}

func TestEventsOfV1(t *testing.T) {
	events, skipped := Decode([]byte(`{"trigger":"link:failure","app":{"_id":"a"},"appUser":{"_id":"u1","userId":"customer-1"},"channel":"twilio",
		"criteria":{"phoneNumber":"+15140000000"},"error":{"code":"bad_request","message":"(#100) No matching user found"}}`))
	want := []Event{{Type: "link:failure", App: "a", Users: []string{"u1", "customer-1"}, Channel: "twilio",
		Link: jobs.Observation{State: jobs.LinkFailed, At: time.UnixMilli(0), Cause: "link_failed: (#100) No matching user found"}}}
	if diff := cmp.Diff(want, events); diff != "" || len(skipped) != 0 {
		t.Errorf("skipped %v (-want +got):\n%s", skipped, diff)
	}
}

// Hostile and foreign payloads are skipped, each with its reason, and nothing else is.
func TestPayloadsAreSkippedWithAReason(t *testing.T) {
	good := v2("client:update", `{`+client+`,"reason":"confirmed"}`)
	many := strings.TrimSuffix(strings.Repeat(`{},`, maxEvents+1), ",")
	for name, c := range map[string]struct {
		payload string
		want    map[Skip]int64
		events  int
	}{
		"empty":           {"", map[Skip]int64{NotJSON: 1}, 0},
		"an array":        {"[1]", map[Skip]int64{NotJSON: 1}, 0},
		"null":            {"null", map[Skip]int64{NotJSON: 1}, 0},
		"another object":  {`{"a":1}`, map[Skip]int64{NoEvent: 1}, 0},
		"events no list":  {`{"events":{}}`, map[Skip]int64{NoEvent: 1}, 0},
		"too large":       {`{"a":"` + strings.Repeat("x", MaxPayload) + `"}`, map[Skip]int64{TooLarge: 1}, 0},
		"too many":        {fmt.Sprintf(envelope, many), map[Skip]int64{TooLarge: 1}, 0},
		"beside good one": {fmt.Sprintf(envelope, `7,`+good+`,{"type":5},`+v2("conversation:message", `{}`)), map[Skip]int64{NoEvent: 2, OtherType: 1}, 1},
		"no client":       {fmt.Sprintf(envelope, v2("client:add", `{"client":{"id":7}}`)), map[Skip]int64{NoClient: 1}, 0},
		"endless id":      {fmt.Sprintf(envelope, v2("client:add", `{"client":{"id":"`+strings.Repeat("x", 2000)+`"}}`)), map[Skip]int64{NoClient: 1}, 0},
		"no time":         {`{"type":"client:add","payload":{}}`, map[Skip]int64{NoTime: 1}, 0},
		"a login":         {v2("client:add", `{`+client+`,"reason":"sdkLogin"}`), map[Skip]int64{OtherReason: 1}, 0},
		"v1 message":      {`{"trigger":"message:appUser"}`, map[Skip]int64{OtherType: 1}, 0},
		"v1 nobody":       {`{"trigger":"link:match"}`, map[Skip]int64{NoClient: 1}, 0},
	} {
		events, skipped := Decode([]byte(c.payload))
		if diff := cmp.Diff(c.want, skipped); diff != "" || len(events) != c.events {
			t.Errorf("%s: %d events (-want +got):\n%s", name, len(events), diff)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(envelope, v2("client:remove", `{`+client+`,"reason":"linkFailed","error":{"message":"x"}}`))))
	f.Add([]byte(`{"trigger":"link:match","appUser":{"_id":"u"}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		events, skipped := Decode(payload)
		if len(events) == 0 && len(skipped) == 0 && !bytes.Contains(payload, []byte("events")) {
			t.Error("nothing was read, and nothing skipped")
		}
		for _, e := range events {
			if e.Client == "" && len(e.Users) == 0 || strings.ContainsAny(e.Link.Cause, "\n\t") {
				t.Errorf("got %+v", e)
			}
		}
	})
}
