package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Schedule says when a job may call, and when it is to be finished. The zero Schedule says nothing.
type Schedule struct {
	Window   string `json:"window,omitempty"`   // such as 22:00-06:00 or mon-fri 22:00-06:00; empty = always
	FinishBy string `json:"finishBy,omitempty"` // such as 06:00 or 2026-11-24 06:00; empty = no deadline
	Timezone string `json:"timezone,omitempty"` // of both, such as Europe/Madrid; needed where one of them is given
}

// check returns which parts cannot be read. Without a zone, it finds nothing wrong with the others.
func (s Schedule) check() []*OptionError {
	if _, err := s.location(); err != nil {
		return []*OptionError{{Option: "timezone", Cause: err.Error()}}
	}
	var wrong []*OptionError
	if _, err := s.window(); err != nil {
		wrong = append(wrong, &OptionError{Option: "window", Cause: err.Error()})
	}
	if _, err := s.Deadline(time.Now()); err != nil {
		wrong = append(wrong, &OptionError{Option: "finish-by", Cause: err.Error()})
	}
	return wrong
}

// errNoZone is of a window or a deadline that every machine would read by a clock of its own.
var errNoZone = errors.New("there is no time zone")

// location returns the zone; UTC where nothing needs one.
func (s Schedule) location() (*time.Location, error) {
	if s.Timezone == "" && (s.Window != "" || s.FinishBy != "") {
		return nil, errNoZone
	}
	loc, err := time.LoadLocation(s.Timezone)
	switch own, _, _ := strings.Cut(s.Timezone, "/"); {
	case err != nil, slices.Contains([]string{"Local", "localtime", "posixrules", "Factory", "posix", "right"}, own): // another on each machine
		return nil, fmt.Errorf("%q is not a time zone such as Europe/Madrid", shorten(s.Timezone, 60))
	}
	return loc, nil
}

// Unclear is the reason of a pause of a job that cannot keep its schedule, such as one whose time zone is missing or not
// known here; empty when it can.
func (s Schedule) Unclear() string {
	wrong := s.check()
	if len(wrong) == 0 {
		return ""
	}
	what, hint := "--window "+s.Window, ""
	if s.Window == "" || wrong[0].Option == "finish-by" {
		what = "--finish-by " + s.FinishBy
	}
	if wrong[0].Option == "timezone" {
		hint = "; resume with --timezone, e.g. --timezone Europe/Madrid"
	}
	return shorten(what, 60) + " cannot be kept: " + wrong[0].Cause + hint
}

// deadlineForm is a deadline on a day.
const deadlineForm = "2006-01-02 15:04"

// Deadline returns when a job that was created at the given time is to be finished: a time of day
// is the next one. It is zero without a deadline.
func (s Schedule) Deadline(created time.Time) (time.Time, error) {
	if s.FinishBy == "" {
		return time.Time{}, nil
	}
	loc, err := s.location()
	if err != nil {
		return time.Time{}, err
	}
	if at, err := time.ParseInLocation(deadlineForm, s.FinishBy, loc); err == nil {
		return at, nil
	}
	c, err := parseClock(s.FinishBy)
	if err != nil {
		return time.Time{}, err
	}
	created = created.In(loc)
	at := c.on(created, 0)
	if !at.After(created) {
		at = c.on(created, 1)
	}
	return at, nil
}

// OutsideWindow is the reason of a pause that ends by itself when the window opens.
func (s Schedule) OutsideWindow() string {
	zone := s.Timezone
	if zone == "" {
		zone = "local time" // of a job that was made before a zone was needed
	}
	return "outside the window " + s.Window + " (" + zone + ")"
}

// Open tells whether the job may call at a time. A window that cannot be read is never open; see Unclear.
func (s Schedule) Open(at time.Time) bool {
	_, open := s.OpenUntil(at)
	return open
}

// OpenUntil tells whether the job may call at a time, and when the window closes that is open then: zero
// when none does. Another may open at that very time.
func (s Schedule) OpenUntil(at time.Time) (closes time.Time, open bool) {
	w, err := s.window()
	if err != nil {
		return time.Time{}, false
	}
	return w.openUntil(at)
}

func (s Schedule) window() (window, error) {
	loc, err := s.location()
	if err != nil || s.Window == "" {
		return window{}, err
	}
	w := window{loc: loc}
	days, hours, named := strings.Cut(s.Window, " ")
	if !named {
		days, hours = "sun-sat", days
	}
	if w.days, err = parseDays(days); err != nil {
		return w, err
	}
	from, to, ranged := strings.Cut(strings.TrimSpace(hours), "-")
	if !ranged {
		return w, fmt.Errorf("%q is not like 22:00-06:00", shorten(hours, 40))
	}
	if w.from, err = parseClock(from); err != nil {
		return w, err
	}
	if w.to, err = parseClock(to); err != nil {
		return w, err
	}
	if w.from == w.to {
		return w, errors.New("begins and ends at the same time")
	}
	return w, nil
}

// window is open on some days from one time of day to another, over midnight where that is earlier.
// It belongs to the day on which it opens. The zero window is always open.
type window struct {
	loc      *time.Location
	days     [7]bool // by time.Weekday
	from, to clock
}

func (w window) openUntil(at time.Time) (closes time.Time, open bool) {
	if w.loc == nil {
		return time.Time{}, true
	}
	at = at.In(w.loc)
	for _, day := range []int{-1, 0} {
		opens, ends := w.from.on(at, day), w.to.on(at, day)
		if w.to.before(w.from) {
			ends = w.to.on(at, day+1)
		}
		// The day is that of opening, which a change of clocks around midnight could hide.
		weekday := at.AddDate(0, 0, day).Weekday()
		if w.days[weekday] && !at.Before(opens) && at.Before(ends) {
			return ends, true
		}
	}
	return time.Time{}, false
}

// clock is a time of day.
type clock struct{ hour, minute int }

func parseClock(s string) (clock, error) {
	if s == "24:00" {
		return clock{24, 0}, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return clock{}, fmt.Errorf("%q is not a time of day such as 06:00", shorten(s, 40))
	}
	return clock{t.Hour(), t.Minute()}, nil
}

// on returns the time on the day of at, some days later. One that the change to summer time leaves
// out is moved by the change, as time.Date has it.
func (c clock) on(at time.Time, days int) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day()+days, c.hour, c.minute, 0, 0, at.Location())
}

func (c clock) before(d clock) bool {
	return c.hour < d.hour || c.hour == d.hour && c.minute < d.minute
}

// parseDays reads days such as mon-fri, or sat,sun.
func parseDays(s string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(s, ",") {
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		first, err := parseDay(from)
		if err != nil {
			return days, err
		}
		last, err := parseDay(to)
		if err != nil {
			return days, err
		}
		for day := first; ; day = (day + 1) % 7 {
			days[day] = true
			if day == last {
				break
			}
		}
	}
	return days, nil
}

func parseDay(s string) (time.Weekday, error) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(s, day.String()[:3]) {
			return day, nil
		}
	}
	return 0, fmt.Errorf("%q is not a day such as mon", shorten(s, 40))
}
