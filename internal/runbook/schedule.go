package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// overlaps are what may become of a slot while the run before it goes on. It never changes.
var overlaps = []string{"skip", "wait", "cancel_running"}

// schedule takes all but what the cron expression means.
func (d *decoder) schedule(n *yaml.Node, path string) {
	s := &Schedule{}
	d.runbook.Schedule = s
	d.mapping(n, path, map[string]setter{
		"cron":             d.checked(&s.Cron, notEmpty),
		"timezone":         d.checked(&s.Timezone, checkZone),
		"jitter":           d.duration(&s.Jitter, 0),
		"overlap":          d.checked(&s.Overlap, checkOverlap),
		"catch_up":         d.duration(&s.CatchUp, time.Second), // none would be the default
		"exclude":          d.texts(&s.Exclude, checkDates),
		"paused":           d.truth(&s.Paused),
		"allow_unfiltered": d.truth(&s.AllowUnfiltered),
	}, "cron")
}

// checkSchedule refuses what nobody watches: removes of whatever an input happens to hold.
func (d *decoder) checkSchedule() {
	if i := d.runbook.unfiltered(); i >= 0 && !d.runbook.Schedule.AllowUnfiltered {
		d.wrong(stepPath(i), "removes all that comes, by a schedule, without a filter or a cap",
			"give it or a step before it a where, or caps max_removes or max_share; allow_unfiltered: true in the schedule says that it is meant")
	}
}

// unfiltered returns the first remove that no where and no cap limits, or -1.
func (r *Runbook) unfiltered() int {
	if r.Caps.MaxRemoves > 0 || r.Caps.MaxShare != "" {
		return -1
	}
	for i, s := range r.Steps {
		switch {
		case s.Where != "":
			return -1
		case s.Op.Removes():
			return i
		}
	}
	return -1
}

func checkOverlap(word string) error {
	if !slices.Contains(overlaps, word) {
		return hinted{quote(word) + " is not one of " + strings.Join(overlaps, ", "), near(word, overlaps)}
	}
	return nil
}

func checkDates(text string) error {
	_, _, err := ParseDates(text)
	return err
}

// ParseDates reads an exclusion of a schedule: a date, or a range of them with both its ends. The days are
// midnights in UTC.
func ParseDates(text string) (first, last time.Time, err error) {
	from, to, ranged := strings.Cut(text, "..")
	if !ranged {
		to = from
	}
	first, err1 := time.Parse(time.DateOnly, from)
	last, err2 := time.Parse(time.DateOnly, to)
	switch {
	case err1 != nil || err2 != nil:
		return first, last, fmt.Errorf("%s is neither a date such as 2026-12-25 nor a range such as 2026-12-24..2027-01-06", quote(text))
	case last.Before(first):
		return first, last, errors.New("ends before it begins")
	}
	return first, last, nil
}
