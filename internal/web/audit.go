package web

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/service"
)

// noted keeps what was done that the service does not know of, and logs it.
func (x *exchange) noted(e audit.Entry) error {
	x.told(string(e.What), "app", e.App, "job", e.Job, "plan", e.Plan, "detail", e.Detail)
	return x.Service.Record(x.r.Context(), x.by(""), e)
}

// unmasked is who has seen people of what, since when: that is noted once an hour.
type unmasked struct {
	mu  sync.Mutex
	all map[[3]string]time.Time // actor, job, plan
}

const (
	unmaskedAgain = time.Hour
	mostUnmasked  = 10_000
)

// first tells whether it is to be noted now.
func (u *unmasked) first(who, job, plan string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	of := [3]string{who, job, plan}
	if at, seen := u.all[of]; seen && now.Sub(at) < unmaskedAgain {
		return false
	}
	if u.all == nil || len(u.all) >= mostUnmasked { // then some are noted once more
		u.all = map[[3]string]time.Time{}
	}
	u.all[of] = now
	return true
}

// sawPeople notes that numbers and addresses are shown to the actor, where they are.
func (x *exchange) sawPeople(e audit.Entry) error {
	if !x.actor.may(people) || !x.unmasked.first(x.actor.who(), e.Job, e.Plan, time.Now()) {
		return nil
	}
	e.What = audit.Unmask
	return x.noted(e)
}

// acts returns a page of what people did, as far as the actor may see it.
func (x *exchange) acts(q url.Values) (service.AuditPage, error) {
	limit, err := number(q, "limit")
	if err != nil {
		return service.AuditPage{}, err
	}
	text := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return x.Service.Audit(x.r.Context(), service.AuditQuery{
		Apps: x.actor.Apps, App: text("app"), Who: text("who"), Job: text("job"), What: audit.What(text("what")), After: text("after"), Limit: int(limit),
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
