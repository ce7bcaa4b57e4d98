package web_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// auditOf is what a role or a token sees of the audit log, the newest first, in short.
func (b *bench) auditOf(secret, query string) (all []string) {
	b.Helper()
	data := readContract(b).asks(b, 200, "GET", "/v1/audit"+query, "", bearer(secret))
	var page service.AuditPage
	if err := json.Unmarshal(data, &page); err != nil {
		b.Fatal(err)
	}
	for _, e := range page.Entries {
		who, _, _ := strings.Cut(e.Who, "@")
		all = append(all, strings.Join(strings.Fields(who+" "+string(e.What)+" "+e.Detail+" "+string(e.Via)), " "))
	}
	return all
}

// count is how many of the acts are one.
func count(acts []string, one string) (n int) {
	for _, a := range acts {
		if a == one {
			n++
		}
	}
	return n
}

// TestAuditOfAConsole (I13): what people do through API and pages is kept, what they see of people and take away, too; operators see
// the acts on their apps, viewers none.
func TestAuditOfAConsole(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	crm, err := web.AddToken(file, web.Token{Name: "crm", Role: service.Operator, Apps: []string{"other"}, By: "root@host"})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, guarded(t, file))
	done, waits := b.creates(), b.lists(app)
	as := func(role service.Role) string { return secrets[role] }
	b.text(200, "POST", "/v1/jobs/"+waits.ID+"/pause", `{"reason": "maintenance"}`, bearer(as(service.Operator)))
	b.text(303, "POST", "/jobs/"+waits.ID+"/resume", "reason=", bearer(as(service.Operator)))
	for range 2 { // noted once an hour
		b.text(200, "GET", "/v1/jobs/"+done.ID+"/rows", "", bearer(as(service.Approver)))
		b.text(200, "GET", "/jobs/"+done.ID+"/rows", "", bearer(as(service.Viewer)))
	}
	b.text(200, "GET", "/v1/jobs/"+done.ID+"/report/results.csv", "", bearer(as(service.Admin)))
	b.text(200, "GET", "/v1/jobs/"+done.ID+"/report/summary.json", "", bearer(as(service.Admin)))
	b.text(303, "POST", "/login", "secret="+as(service.Viewer))
	for range 2 {
		b.text(403, "POST", "/v1/jobs/"+waits.ID+"/pause", `{}`, bearer(as(service.Viewer)))
		b.text(403, "POST", "/jobs/"+waits.ID+"/cancel", "confirm="+waits.ID, bearer(as(service.Approver)))
	}
	got := b.auditOf(as(service.Operator), "?limit=500")
	for _, want := range []string{"my-viewer forbidden POST /v1/jobs/{job}/pause: the role viewer may not do this api", "my-approver forbidden POST /jobs/{job}/cancel: the role approver may not do this console", "my-operator pause api", "my-operator resume console", "my-approver unmask api", "my-admin download results.csv api", "my-viewer sign in console"} {
		if n := count(got, want); n != 1 {
			t.Errorf("%s: %d times in %q", want, n, got)
		}
	}
	for _, a := range got {
		if strings.HasPrefix(a, "my-viewer unmask") || strings.Contains(a, "summary.json") {
			t.Errorf("%s: nobody was named there", a)
		}
	}
	if got := b.auditOf(crm, ""); len(got) != 0 {
		t.Errorf("the token of another app sees %q", got)
	}
	b.text(403, "GET", "/v1/audit", "", bearer(as(service.Viewer)))
	if page := b.text(200, "GET", "/audit?who=my-operator", "", bearer(as(service.Approver))); !strings.Contains(page, "maintenance") || strings.Contains(page, "results.csv") {
		t.Error("the page does not show what was asked for")
	}
	b.text(400, "GET", "/v1/audit?after=x", "", bearer(as(service.Admin)))
}

// TestTokensAreInTheAudit (I13): who made and revoked a token is kept once, however many consoles look at the file; one that is
// taken out by hand, too.
func TestTokensAreInTheAudit(t *testing.T) {
	t.Parallel()
	file, _ := tokens(t)
	secret, err := web.AddToken(file, web.Token{Name: "crm", Role: service.Viewer, By: "root@host"})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, guarded(t, file))
	b.text(200, "GET", "/v1/jobs", "", bearer(secret))
	if err := web.RevokeToken(file, "crm", "ann@host"); err != nil {
		t.Fatal(err)
	}
	b.text(401, "GET", "/v1/jobs", "", bearer(secret))
	if err := web.RevokeToken(file, "nobody", "ann@host"); err == nil {
		t.Error("a token that is not there is revoked")
	}
	tokens, err := web.ReadTokens(file)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // consoles
		web.NoteTokens(t, b.s, tokens, func() {})
	}
	web.NoteTokens(t, b.s, tokens, func() {
		if err := os.WriteFile(file, []byte(`{"tokens": []}`), 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Second)
		_ = os.Chtimes(file, later, later)
	})
	var got []string
	for e, err := range b.s.AuditAll(t.Context(), service.AuditQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.What == audit.Token || e.What == audit.Revoke {
			got = append(got, e.Who+": "+string(e.What)+" "+e.Detail)
		}
	}
	for _, want := range []string{"root@host: token token crm, role viewer", "ann@host: revoke token crm", "unknown (the file of tokens): revoke token my-admin, whose lines were taken out"} {
		if n := count(got, want); n != 1 {
			t.Errorf("%s: %d times in %q", want, n, got)
		}
	}
}
