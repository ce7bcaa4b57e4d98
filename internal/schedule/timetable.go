package schedule

import (
	"cmp"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/netresearch/go-cron"

	"github.com/sunbulk/sunbulk/internal/runbook"
)

// Timetable tells the slots of a schedule. A slot at a fixed hour that the clocks leave out is at the
// moment they jump, and one that comes twice is at the first. Where the hour is * or */n, every
// minute that really passes counts by what the clock shows.
type Timetable struct {
	book     *runbook.Runbook
	cron     cron.Schedule // asked in a zone without changes
	zone     *time.Location
	passing  bool // by the minutes that pass, not by fixed hours
	excluded []days
}

// days is a range of dates, both its ends among them: midnights in a zone without changes.
type days struct{ first, last time.Time }

// Parse reads the schedule of a runbook that runbook.Parse has accepted. Without a time zone of its own the
// runbook's counts, and without that UTC, so that it never depends on the machine. Its error is a
// *runbook.Error.
func Parse(r *runbook.Runbook) (*Timetable, error) {
	if r.Schedule == nil {
		return nil, r.Fault("schedule", "is missing", "it needs a cron, such as 30 3 * * mon-fri")
	}
	t := &Timetable{book: r}
	var err error
	if t.cron, t.passing, err = parseCron(r.Schedule.Cron); err != nil {
		return nil, r.Fault("schedule.cron", err.Error(), "")
	}
	if t.zone, err = time.LoadLocation(cmp.Or(r.Schedule.Timezone, r.Timezone)); err != nil {
		return nil, r.Fault("schedule.timezone", err.Error(), "")
	}
	for i, text := range r.Schedule.Exclude {
		first, last, err := runbook.ParseDates(text)
		if err != nil {
			return nil, r.Fault(fmt.Sprintf("schedule.exclude[%d]", i), err.Error(), "")
		}
		t.excluded = append(t.excluded, days{first, last})
	}
	return t, nil
}

// Zone is where the timetable's clock hangs.
func (t *Timetable) Zone() *time.Location { return t.zone }

// Next returns the first slot after a time; ok is false when none comes.
func (t *Timetable) Next(after time.Time) (slot time.Time, ok bool) {
	next := t.fixed
	if t.passing {
		next = t.passed
	}
	for {
		slot, ok = next(after)
		if !ok {
			return time.Time{}, false
		}
		last, excluded := t.exclusion(slot)
		if !excluded {
			return slot, true
		}
		after = t.first(last.AddDate(0, 0, 1)).Add(-time.Nanosecond)
	}
}

// fixed is the next slot of a timetable with fixed hours: the first moment at which the clock shows
// the time or a later one.
func (t *Timetable) fixed(after time.Time) (time.Time, bool) {
	for wall := shown(after.In(t.zone)); ; {
		if wall = t.cron.Next(wall); wall.IsZero() {
			return wall, false
		}
		if slot := t.first(wall); slot.After(after) {
			return slot, true
		}
	}
}

// passed is the next slot of a timetable for every hour: between two changes of the clocks they show
// each time once.
func (t *Timetable) passed(after time.Time) (time.Time, bool) {
	in := after.In(t.zone)
	for wall := shown(in); ; {
		next := t.cron.Next(wall)
		if next.IsZero() {
			return next, false
		}
		slot := in.Add(next.Sub(shown(in)))
		_, end := in.ZoneBounds()
		if end.IsZero() || slot.Before(end) {
			return slot, true
		}
		in, wall = end, shown(end).Add(-time.Nanosecond)
	}
}

// first is the first moment at which a clock in the zone shows a time or a later one.
func (t *Timetable) first(wall time.Time) time.Time {
	for in := wall.AddDate(0, 0, -2).In(t.zone); ; {
		_, offset := in.Zone()
		start, end := in.ZoneBounds()
		at := wall.Add(-time.Duration(offset) * time.Second).In(t.zone)
		if at.Before(start) {
			at = start
		}
		if end.IsZero() || at.Before(end) {
			return at
		}
		in = end
	}
}

// shown is what the clock shows at a time, as a time in a zone without changes.
func shown(at time.Time) time.Time {
	_, offset := at.Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// Start is when the run of a slot starts: up to the jitter later, the same on every machine.
func (t *Timetable) Start(slot time.Time) time.Time {
	if t.book.Schedule.Jitter == 0 {
		return slot
	}
	hash := xxhash.Sum64String(t.book.Name + slot.UTC().Format(time.RFC3339))
	return slot.Add(time.Duration(hash % uint64(t.book.Schedule.Jitter)).Truncate(time.Second))
}

// Check returns a *runbook.Error when no slot comes after a time, or when the jitter reaches from one of
// the next hundred to the one behind it.
func (t *Timetable) Check(now time.Time) error {
	slot, ok := t.Next(now)
	if !ok || slot.After(now.AddDate(searchYears, 0, 0)) {
		return t.book.Fault("schedule.cron", fmt.Sprintf("no such time comes in %d years", searchYears), "")
	}
	jitter := time.Duration(t.book.Schedule.Jitter)
	for range 100 {
		next, ok := t.Next(slot)
		if gap := next.Sub(slot); ok && jitter >= gap {
			return t.book.Fault("schedule.jitter", fmt.Sprintf("%s is not less than the %s from %s to the next slot", jitter, gap, slot.Format("2006-01-02 15:04 MST")), "")
		}
		slot = next
	}
	return nil
}

// exclusion returns the last day of a range that excludes the slot.
func (t *Timetable) exclusion(slot time.Time) (last time.Time, excluded bool) {
	day := shown(slot.In(t.zone)).Truncate(24 * time.Hour)
	for _, d := range t.excluded {
		if !day.Before(d.first) && !day.After(d.last) {
			return d.last, true
		}
	}
	return time.Time{}, false
}
