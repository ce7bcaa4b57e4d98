package web_test

import (
	"fmt"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// TestOwnersOfTokens: what a token planned its owner does not approve, neither by another token of theirs nor signed in at the provider; others do.
func TestOwnersOfTokens(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	add := func(name string, role service.Role, owner string) string {
		secret, err := web.AddToken(file, web.Token{Name: name, Role: role, Owner: owner})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	crm, hers := add("crm", service.Operator, "ann@example.com"), add("hers", service.Approver, "Ann@Example.com")
	if _, err := web.AddToken(file, web.Token{Name: "odd", Role: service.Viewer, Owner: "a\nb"}); err == nil {
		t.Error("an owner of two lines is taken")
	}
	m := provider(t)
	b := newBench(t, guarded(t, file), byOIDC(m, m.Issuer()), func(c *web.Config) { c.Approval = above(0) })
	ann := newBrowser(b)
	ann.get(ann.toProvider(m, user("ann@example.com", "approver")))
	c := readContract(b)
	var p planned
	b.json(&p, 201, "POST", "/v1/plans", order(b.upload(contacts, bearer(crm))), bearer(crm))
	approve := fmt.Sprintf(`{"plan": %q, "digest": %q}`, p.Plan, p.Digest)
	c.asks(b, 409, "POST", "/v1/approvals", approve, bearer(hers))
	b.text(409, "POST", "/plans/"+p.Plan+"/approve", "digest="+p.Digest, header("Cookie", ann.cookies["sunbulk_session"].String()))
	c.asks(b, 200, "POST", "/v1/plans/"+p.Plan+"/ask", fmt.Sprintf(`{"digest": %q}`, p.Digest), bearer(crm))
	c.asks(b, 200, "POST", "/v1/approvals", approve, bearer(secrets[service.Approver]))
}
