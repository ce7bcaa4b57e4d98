package service

import (
	"context"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/report"
)

// personal finds what may be a phone number or an email address in a text, such as an error that quotes one.
var personal = lazyregexp.New(`[^\s@"'<>(),;:]+@[^\s@"'<>(),;:]+|\+?\b\d[\d ().-]{5,}\d\b`)

// hide leaves of each number and address in a text only its end.
func hide(text string) string { return personal().ReplaceAllStringFunc(text, hideAll) }

// hideAll leaves of a text only its last two characters, and of a short one nothing.
func hideAll(text string) string {
	const kept, shortest = 2, 5
	if text == "" {
		return ""
	}
	if utf8.RuneCountInString(text) < shortest {
		return "•••"
	}
	r := []rune(text)
	return "•••" + string(r[len(r)-kept:])
}

// Mask hides each number and address in a text from an actor who may not see people.
func (a *Authorized) Mask(text string) string {
	if a.actor.May(People) {
		return text
	}
	return hide(text)
}

// masked returns a job in numbers as the actor may see it.
func (a *Authorized) masked(s report.Summary) report.Summary {
	if a.actor.May(People) {
		return s
	}
	s.Reason = hide(s.Reason)
	s.Causes = slices.Clone(s.Causes)
	for i := range s.Causes {
		s.Causes[i].Error = hide(s.Causes[i].Error)
	}
	return s
}

// maskedRun is masked for a run.
func (a *Authorized) maskedRun(r report.RunSummary) report.RunSummary {
	if a.actor.May(People) {
		return r
	}
	r.Reason = hide(r.Reason)
	r.Steps = slices.Clone(r.Steps)
	for i := range r.Steps {
		r.Steps[i].Reason = hide(r.Steps[i].Reason)
	}
	return r
}

// maskLine hides what names a person in a row from those who may not see it.
func (a *Authorized) maskLine(l *RowLine) {
	if a.actor.May(People) {
		return
	}
	l.User, l.Address = hideAll(l.User), hideAll(l.Address)
	l.Error, l.Detail = hide(l.Error), hide(l.Detail)
}

// maskRow is maskLine for a row with its history.
func (a *Authorized) maskRow(r *Row) {
	if a.actor.May(People) {
		return
	}
	r.Error, r.Detail = hide(r.Error), hide(r.Detail)
	for i := range r.Attempts {
		r.Attempts[i].Reason = hide(r.Attempts[i].Reason)
	}
}

// noted is who has seen people of what, and what was refused to whom, since when: that is noted once an hour.
type noted struct {
	mu  sync.Mutex
	all map[[3]string]time.Time // actor, job, plan; or actor, refused, what
}

const (
	notedAgain = time.Hour
	mostNoted  = 10_000
)

// first tells whether it is to be noted now.
func (n *noted) first(who, job, plan string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	of := [3]string{who, job, plan}
	if at, seen := n.all[of]; seen && now.Sub(at) < notedAgain {
		return false
	}
	if n.all == nil || len(n.all) >= mostNoted { // then some are noted once more
		n.all = map[[3]string]time.Time{}
	}
	n.all[of] = now
	return true
}

// Refused notes that the actor asked for what they may not do, such as POST /v1/jobs/{job}/pause; once an hour each, so that nobody fills the
// log with it.
func (a *Authorized) Refused(ctx context.Context, asked string, e *Forbidden) error {
	if !a.s.noted.first(a.actor.Who(), "refused", asked, time.Now()) {
		return nil
	}
	return a.s.Record(ctx, a.by(""), audit.Entry{What: audit.Forbidden, Detail: asked + ": " + e.Error()})
}

// sawPeople notes that numbers and addresses are shown to the actor, where they are.
func (a *Authorized) sawPeople(ctx context.Context, e audit.Entry) error {
	if !a.actor.May(People) || !a.s.noted.first(a.actor.Who(), e.Job, e.Plan, time.Now()) {
		return nil
	}
	e.What = audit.Unmask
	return a.s.Record(ctx, a.by(""), e)
}
