package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

// Slot is one of a timetable, in its zone.
type Slot struct {
	Slot  time.Time `json:"slot"`
	Start time.Time `json:"start"` // later by the jitter
}

// AppliedSchedule is what became of a runbook with a schedule.
type AppliedSchedule struct {
	Name   string          `json:"name"`
	Change schedule.Change `json:"change"`
	Paused bool            `json:"paused"`
	Next   []Slot          `json:"next"`
}

// ScheduleStatus is how a schedule stands.
type ScheduleStatus struct {
	Name     string          `json:"name"`
	App      string          `json:"app"`
	Cron     string          `json:"cron"`
	Timezone string          `json:"timezone"`
	Next     *Slot           `json:"next"`
	Last     *schedule.Entry `json:"last"` // what the last slot did, or the last run that was asked for
	Running  []string        `json:"running"`
	Overdue  bool            `json:"overdue"` // no worker has dealt with a slot that has come
	Paused   *SchedulePause  `json:"paused"`
}

// SchedulePause is why and since when nothing starts.
type SchedulePause struct {
	Since  time.Time `json:"since"`
	Who    string    `json:"who"`
	Reason string    `json:"reason"`
}

// ApplySchedules makes or changes the schedules of runbooks, all of which have one that schedule.Parse takes.
func (s *Service) ApplySchedules(ctx context.Context, flows []*runbook.Flow, by By) ([]AppliedSchedule, error) {
	all := []AppliedSchedule{}
	now, err := s.schedules.Now(ctx)
	if err != nil {
		return nil, err
	}
	for _, flow := range flows {
		change, err := s.schedules.Apply(ctx, flow.Runbook, flow.Vars, by.Who)
		if err != nil {
			return nil, err
		}
		d, table, err := s.Schedule(ctx, flow.Name)
		if err != nil {
			return nil, err
		}
		if err := s.Record(ctx, by, audit.Entry{What: audit.Apply, App: flow.App, Schedule: flow.Name, Detail: string(change)}); err != nil {
			return nil, err
		}
		all = append(all, AppliedSchedule{flow.Name, change, !d.Paused.IsZero(), nextSlots(table, now, 3)})
	}
	return all, nil
}

// Schedule returns a schedule and its timetable, or *NotFound.
func (s *Service) Schedule(ctx context.Context, name string) (*schedule.Schedule, *schedule.Timetable, error) {
	d, err := s.schedules.Get(ctx, name)
	if err != nil {
		return nil, nil, s.aboutSchedule(ctx, name, err)
	}
	table, err := schedule.Parse(d.Runbook)
	if err != nil {
		return nil, nil, typed(&schedule.UnreadableError{Name: name, Why: err.Error()})
	}
	return d, table, nil
}

// aboutSchedule makes a typed error of one of the store of schedules.
func (s *Service) aboutSchedule(ctx context.Context, name string, err error) error {
	switch {
	case errors.Is(err, schedule.ErrIllegal):
		return &Conflict{Kind: WrongScheduleState, ID: name, text: err.Error()}
	case !errors.Is(err, schedule.ErrNone):
		return typed(err)
	}
	names, err := s.schedules.Names(ctx)
	if err != nil {
		return err
	}
	return &NotFound{Kind: "schedule", ID: name, Near: spelling.Nearest(name, names)}
}

// Schedules returns all schedules that can be read, by name, and errors about the others.
func (s *Service) Schedules(ctx context.Context) (all []ScheduleStatus, unreadable []error, err error) {
	all = []ScheduleStatus{}
	for q := (SchedulesQuery{Limit: mostListed}); ; {
		page, err := s.SchedulesPage(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		all, unreadable = append(all, page.Schedules...), append(unreadable, page.Unreadable...)
		if q.After = page.Next; q.After == "" {
			return all, unreadable, nil
		}
	}
}

// SchedulesQuery asks for some schedules.
type SchedulesQuery struct {
	Apps  []string // nil = any
	After string   // name of the last schedule of the page before
	Limit int      // schedules on a page, 1 to 200; 0 = 50
}

// SchedulesPage is some schedules, by name.
type SchedulesPage struct {
	Schedules  []ScheduleStatus
	Unreadable []error // why others could not be read
	Next       string  // SchedulesQuery.After of the next page; empty = there is none
}

// SchedulesPage returns a page of schedules. Its error is *Invalid. It looks at 400 of them at most, so it may hold fewer than asked for.
func (s *Service) SchedulesPage(ctx context.Context, q SchedulesQuery) (SchedulesPage, error) {
	page := SchedulesPage{Schedules: []ScheduleStatus{}}
	if q.Limit == 0 {
		q.Limit = defaultRows
	}
	if q.Limit < 1 || q.Limit > mostListed {
		return page, &Invalid{"limit", fmt.Sprintf("%d is not between 1 and %d", q.Limit, mostListed)}
	}
	names, err := s.schedules.Names(ctx)
	if err != nil {
		return page, err
	}
	now, err := s.schedules.Now(ctx)
	if err != nil {
		return page, err
	}
	first, found := slices.BinarySearch(names, q.After)
	if found {
		first++
	}
	for i, name := range names[first:] {
		if len(page.Schedules) == q.Limit || i == recordsLookedAt {
			page.Next = names[first+i-1]
			break
		}
		st, err := s.scheduleStatus(ctx, name, now)
		switch {
		case errors.As(err, new(*NotFound)) || errors.Is(err, schedule.ErrNone): // it is being removed
		case errors.As(err, new(*Unreadable)):
			page.Unreadable = append(page.Unreadable, err)
		case err != nil:
			return page, err
		case q.Apps == nil || slices.Contains(q.Apps, st.App):
			page.Schedules = append(page.Schedules, st)
		}
	}
	return page, nil
}

func (s *Service) scheduleStatus(ctx context.Context, name string, now time.Time) (ScheduleStatus, error) {
	d, table, err := s.Schedule(ctx, name)
	if err != nil {
		return ScheduleStatus{}, err
	}
	st := ScheduleStatus{
		Name: name, App: d.Runbook.App, Cron: d.Runbook.Schedule.Cron, Timezone: table.Zone().String(), Running: append([]string{}, d.Running...),
		Overdue: d.Overdue(table, now),
	}
	if next := nextSlots(table, now, 1); len(next) > 0 {
		st.Next = &next[0]
	}
	if !d.Paused.IsZero() {
		st.Paused = &SchedulePause{d.Paused, d.Who, d.Reason}
	}
	st.Last, err = s.schedules.LastSlot(ctx, name)
	return st, typed(err)
}

// NextSlots returns the next slots of a schedule.
func (s *Service) NextSlots(ctx context.Context, name string, count int) ([]Slot, error) {
	_, table, err := s.Schedule(ctx, name)
	if err != nil {
		return nil, err
	}
	now, err := s.schedules.Now(ctx)
	return nextSlots(table, now, count), err
}

// nextSlots are the first slots of a timetable after a time.
func nextSlots(t *schedule.Timetable, after time.Time, count int) []Slot {
	all := []Slot{}
	for len(all) < count {
		next, ok := t.Next(after)
		if !ok {
			break
		}
		all = append(all, Slot{next, t.Start(next)})
		after = next
	}
	return all
}

// ScheduleHistory returns what became of slots, and what was done to the schedule, the newest first.
func (s *Service) ScheduleHistory(ctx context.Context, name string, count int) ([]schedule.Entry, error) {
	entries, err := s.schedules.History(ctx, name, count)
	return entries, typed(err)
}

// PauseSchedule lets the slots of a schedule pass; a run that has started goes on.
func (s *Service) PauseSchedule(ctx context.Context, name string, by By) (Already, error) {
	return s.scheduleMoved(ctx, name, audit.Pause, by, jobs.Paused, s.schedules.Pause(ctx, name, by.Who, because("paused", by)))
}

// ResumeSchedule lets the next slot start again.
func (s *Service) ResumeSchedule(ctx context.Context, name string, by By) (Already, error) {
	return s.scheduleMoved(ctx, name, audit.Resume, by, jobs.Running, s.schedules.Resume(ctx, name, by.Who, by.Reason))
}

func (s *Service) scheduleMoved(ctx context.Context, name string, what audit.What, by By, to jobs.State, err error) (a Already, _ error) {
	if errors.Is(err, schedule.ErrAlready) {
		a, err = Already{State: to}, nil
	}
	if err != nil {
		return a, s.aboutSchedule(ctx, name, err)
	}
	return a, s.Record(ctx, by, audit.Entry{What: what, App: s.appOfSchedule(ctx, name), Schedule: name})
}

// appOfSchedule is the app of a schedule that can be read.
func (s *Service) appOfSchedule(ctx context.Context, name string) string {
	d, err := s.schedules.Get(ctx, name)
	if err != nil {
		return ""
	}
	return d.Runbook.App
}

// RemoveSchedule forgets a schedule and its history; a run that has started goes on.
func (s *Service) RemoveSchedule(ctx context.Context, name string, by By) error {
	e := audit.Entry{What: audit.Remove, App: s.appOfSchedule(ctx, name), Schedule: name}
	return s.record(ctx, by, e, s.aboutSchedule(ctx, name, s.schedules.Remove(ctx, name)))
}

// TriggerSchedule asks for a run beside the timetable, and returns its id.
func (s *Service) TriggerSchedule(ctx context.Context, name string, by By) (run string, err error) {
	run, err = s.schedules.Trigger(ctx, name, by.Who)
	return run, s.record(ctx, by, audit.Entry{What: audit.Trigger, App: s.appOfSchedule(ctx, name), Schedule: name, Run: run}, s.aboutSchedule(ctx, name, err))
}
