package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/service"
)

// acts returns a page of what people did, as far as the actor may see it.
func (x *exchange) acts(q url.Values) (service.AuditPage, error) {
	limit, err := number(q, "limit")
	if err != nil {
		return service.AuditPage{}, err
	}
	text := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return x.Service.Acts(x.r.Context(), service.AuditQuery{
		App: text("app"), Who: text("who"), Job: text("job"), What: audit.What(text("what")), After: text("after"), Limit: int(limit),
	})
}

func listAudit(x *exchange) error {
	page, err := x.acts(x.r.URL.Query())
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, page)
}

// auditView is the page of what people did.
type auditView struct {
	service.AuditPage
	App, Who, Job, What string
}

func auditPage(x *exchange) error {
	q := x.r.URL.Query()
	page, err := x.acts(q)
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "audit", "Audit", auditView{page, q.Get("app"), q.Get("who"), q.Get("job"), q.Get("what")})
}

// watchTokens keeps who made and revoked the tokens of the file, once each. The file is changed by commands and by hand, while
// no console runs, too.
func (s *Server) watchTokens() {
	const look = 10 * time.Second
	known := map[string]Token{}
	for {
		if all, err := s.Tokens.list(); err == nil {
			s.noteTokens(known, all)
		}
		select {
		case <-s.staying.Done():
			return
		case <-time.After(look):
		}
	}
}

// byHand stands for who changed the file of tokens without a command.
const byHand = "unknown (the file of tokens)"

func (s *Server) noteTokens(known map[string]Token, all []Token) {
	note := func(t Token, what audit.What, by, detail string) bool {
		if by == "" {
			by = byHand
		}
		e := audit.Entry{What: what, Who: by, Detail: "token " + t.Name + detail}
		err := s.Service.RecordOnce(s.ctx, string(what)+" "+t.SHA256, e)
		if err != nil && s.ctx.Err() == nil {
			s.Logger.Warn("token is not recorded", "token", t.Name, "error", err)
		}
		return err == nil
	}
	there := map[string]bool{}
	for _, t := range all {
		there[t.SHA256] = true
		if before, seen := known[t.SHA256]; seen && (before.Revoked == nil) == (t.Revoked == nil) {
			continue
		}
		detail := ", role " + string(t.Role)
		if len(t.Apps) > 0 {
			detail += ", apps " + strings.Join(t.Apps, " ")
		}
		if t.Owner != "" {
			detail += ", owner " + t.Owner
		}
		done := note(t, audit.Token, t.By, detail)
		if t.Revoked != nil {
			done = note(t, audit.Revoke, t.Revoked.By, "") && done
		}
		if done {
			known[t.SHA256] = t
		}
	}
	for digest, t := range known {
		if !there[digest] && note(t, audit.Revoke, "", ", whose lines were taken out") {
			delete(known, digest)
		}
	}
}
