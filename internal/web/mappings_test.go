package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

const weekly = `{"op": "create", "map": {"Mobile": "phoneNumber", "Customer": "user"}, "options": {"rate": "0", "attempts": "3"},
	"set": {"matchCriteria.type": "twilio", "matchCriteria.integrationId": "5f1a0c52d8b7e4000c3a9e01", "confirmation.type": "immediate", "target.conversationId": "64b2c5b7fcb94022dedcf6c1", "matchCriteria.primary": "false"}}`

// TestMappings: a mapping is saved, used by name, changed as the next version, and removed; a plan made by it stays as it is, and all that was
// done is in the audit log.
func TestMappings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := readContract(b)
	at := "/v1/mappings/" + app + "/weekly"
	c.asks(b, 404, "GET", at, "")
	c.asks(b, 200, "PUT", at, weekly)
	c.asks(b, 200, "GET", at, "")
	c.asks(b, 200, "GET", "/v1/mappings", "")
	c.asks(b, 200, "GET", "/v1/mappings?app=another", "")
	for body, status := range map[string]int{`{"odd": 1}`: 400, `{"options": {"rate": "fast"}}`: 400, `{"options": {"odd": "1"}}`: 400, `{"vars": {"": "1"}}`: 400} {
		c.asks(b, status, "PUT", at, body)
	}
	b.text(400, "PUT", "/v1/mappings/"+app+"/%3Cb%3E", `{}`)
	upload := b.upload(contacts)
	var p, other planned
	b.json(&p, 201, "POST", "/v1/plans", fmt.Sprintf(`{"upload": %q, "app": %q, "mapping": "weekly"}`, upload, app))
	if p.Counts.Rows != 3 || p.Counts.Rejected != 1 || p.Changes != 2 {
		t.Errorf("a plan by the mapping: got %+v", p)
	}
	c.asks(b, 404, "POST", "/v1/plans", fmt.Sprintf(`{"upload": %q, "app": %q, "mapping": "none"}`, upload, app))
	var m struct{ Version int64 }
	b.json(&m, 200, "PUT", at, `{"op": "list"}`)
	if m.Version != 2 {
		t.Errorf("saved again it is version %d, want 2", m.Version)
	}
	if b.json(&other, 200, "GET", "/v1/plans/"+p.Plan, ""); other.Digest != p.Digest {
		t.Error("the plan has changed with the mapping")
	}
	c.asks(b, 204, "DELETE", at, "")
	c.asks(b, 404, "DELETE", at, "")
	audit := b.text(200, "GET", "/v1/audit", "")
	for _, want := range []string{"mapping weekly, version 1", "mapping weekly, version 2", `"what":"remove","app":"` + app + `","detail":"mapping weekly"`} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit log has no %s: %s", want, audit)
		}
	}
}

// TestMappingsOfApps: an operator of one app has no part in the mappings of others.
func TestMappingsOfApps(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	crm, err := web.AddToken(file, web.Token{Name: "crm", Role: service.Operator, Apps: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, guarded(t, file))
	operator := bearer(secrets[service.Operator])
	b.text(200, "PUT", "/v1/mappings/"+app+"/weekly", weekly, operator)
	for _, method := range []string{"GET", "DELETE"} {
		b.text(404, method, "/v1/mappings/"+app+"/weekly", "", bearer(crm))
	}
	b.text(404, "PUT", "/v1/mappings/"+app+"/weekly", weekly, bearer(crm))
	for _, path := range []string{"/v1/mappings", "/v1/mappings?app=" + app, "/mappings"} {
		if got := b.text(200, "GET", path, "", bearer(crm)); strings.Contains(got, "weekly") {
			t.Errorf("%s: another's mapping is shown: %s", path, got)
		}
	}
	b.text(200, "GET", "/v1/mappings/"+app+"/weekly", "", operator)
}

// TestPagesOfMappings: what is mapped by hand is saved with its plan, and fills the page of the next file, also with what the page has no field
// for; a column that the next file lacks is named.
func TestPagesOfMappings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	at := b.send("a.csv", contacts)
	page := b.text(200, "GET", at, "")
	if text := b.text(400, "POST", at, mapping(page, "saveAs", "<b>")); !strings.Contains(text, `role="alert"`) {
		t.Error("a bad name is not reported")
	}
	b.text(303, "POST", at, mapping(page, "saveAs", "by hand", "column.1", "-", "set.matchCriteria.phoneNumber", "+12125550177", "set.matchCriteria.primary", "false", "option.attempts", "3", "allowDuplicates", "1"))
	if list := b.text(200, "GET", "/mappings", ""); !strings.Contains(list, "by hand") || !strings.Contains(list, "Customer") {
		t.Errorf("the list has not the mapping: %s", list)
	}
	next := b.send("b.csv", "Mobile;Code\n+12125550130;x\n")
	if page = b.text(200, "GET", next, ""); !strings.Contains(page, `value="`+app+`/by hand"`) {
		t.Fatal("the page does not offer the mapping")
	}
	page = b.text(200, "GET", next+"?mapping="+app+"/by+hand", "")
	for _, want := range []string{"no column “Customer”", `name="set.matchCriteria.primary" value="false"`, `name="option.attempts" value="3"`, `name="option.rate" inputmode="decimal" value="0"`, `<option selected>create</option>`, `value="64b2c5b7fcb94022dedcf6c1"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(page, "suggested") {
		t.Error("a column that the mapping leaves out is suggested")
	}
	b.text(200, "PUT", "/v1/mappings/"+app+"/chosen", `{"map": {"Mobile": "matchCriteria.phoneNumber"}}`)
	for query, want := range map[string]bool{"": true, "?mapping=" + app + "/chosen": false} {
		if got := strings.Contains(b.text(200, "GET", next+query, ""), "suggested"); got != want {
			t.Errorf("with %q a column is suggested: %v", query, got)
		}
	}
	b.text(404, "GET", next+"?mapping="+app+"/none", "")
	b.text(303, "POST", "/mappings/"+app+"/by%20hand/remove", "a=b")
	b.text(404, "POST", "/mappings/"+app+"/by%20hand/remove", "a=b")
	b.text(200, "PUT", "/v1/mappings/a%2Fb/odd%20app", weekly)
	if page := b.text(200, "GET", "/mappings", ""); !strings.Contains(page, `action="/mappings/a%2fb/odd%20app/remove"`) && !strings.Contains(page, `action="/mappings/a%2Fb/odd%20app/remove"`) {
		t.Error("an app with a slash is not escaped")
	}
	if page := b.text(200, "GET", next+"?mapping=a%2Fb%2Fodd+app", ""); !strings.Contains(page, `value="a/b"`) {
		t.Error("its mapping is not used")
	}
}
