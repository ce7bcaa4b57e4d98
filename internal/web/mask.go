package web

import (
	"slices"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
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

// masked returns a job in numbers as the actor may see it.
func (x *exchange) masked(s report.Summary) report.Summary {
	if x.actor.may(people) {
		return s
	}
	s.Reason = hide(s.Reason)
	s.Causes = slices.Clone(s.Causes)
	for i := range s.Causes {
		s.Causes[i].Error = hide(s.Causes[i].Error)
	}
	return s
}

// maskLine hides what of a row names a person from those who may not see it.
func (x *exchange) maskLine(l *service.RowLine) {
	if x.actor.may(people) {
		return
	}
	l.User, l.Address = hideAll(l.User), hideAll(l.Address)
	l.Error, l.Detail = hide(l.Error), hide(l.Detail)
}

// maskRow is maskLine for a row with its history.
func (x *exchange) maskRow(r *service.Row) {
	if x.actor.may(people) {
		return
	}
	r.Error, r.Detail = hide(r.Error), hide(r.Detail)
	for i := range r.Attempts {
		r.Attempts[i].Reason = hide(r.Attempts[i].Reason)
	}
}
