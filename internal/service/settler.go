package service

import (
	"context"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
)

// settler finds the rows of a job that events are about, and joins what they say into the links.
type settler struct {
	*Service
	job  jobs.Job
	done Settled
}

// Around the calls of a create whose answer was lost, an event about its client may be dated.
const (
	beforeCall = time.Minute
	afterEnd   = 10 * time.Minute
)

// subject is an event with the rows that it may be about.
type subject struct {
	*webhook.Event
	rows   []ledger.ClientRow // that made its client
	ofUser []ledger.ClientRow // that made a client of its user, or may have
	into   bool               // the user that its user was merged into is of the job
}

// left are the events that no row was found for.
type left struct {
	held    []webhook.Event // that may be about a create in doubt: the event that names its client may follow
	foreign []webhook.Event
}

// apply applies events, and returns those that no row of the job was found for.
func (st *settler) apply(ctx context.Context, events []webhook.Event) (all left, err error) {
	if err := st.ledger.IndexClients(ctx, st.job.ID); err != nil {
		return all, st.aboutJob(ctx, st.job.ID, err)
	}
	for len(events) > 0 {
		n := min(len(events), eventsAtATime)
		some, err := st.applySome(ctx, events[:n])
		if err != nil {
			return all, err
		}
		all.held, all.foreign, events = append(all.held, some.held...), append(all.foreign, some.foreign...), events[n:]
	}
	return all, nil
}

func (st *settler) applySome(ctx context.Context, events []webhook.Event) (some left, err error) {
	subjects, err := st.find(ctx, events)
	if err != nil {
		return some, err
	}
	// What names the client of a create in doubt goes first: others of the same client follow it there.
	var changes []ledger.LinkChange
	for i := range subjects {
		if sub := &subjects[i]; len(sub.rows) == 0 && sub.Linked {
			if err := st.adopt(ctx, sub); err != nil {
				return some, err
			}
		}
	}
	var taken, merged []string // clients and users outside the job
	for i := range subjects {
		sub := &subjects[i]
		row, verdict, err := st.row(ctx, sub)
		if err != nil {
			return some, err
		}
		switch verdict {
		case isRow:
			c := ledger.LinkChange{Row: row.Row, Made: row.Made}
			c.Link.Observe(sub.Link)
			changes = append(changes, c)
		case mayBeRow:
			some.held = append(some.held, *sub.Event)
			continue
		case otherApp:
			st.done.Skipped[webhook.OtherApp]++
			continue
		case renamed:
			st.done.Renamed++
		default:
			st.done.Foreign++
			some.foreign = append(some.foreign, *sub.Event)
			switch meanwhile := st.meanwhile(sub.At); {
			case meanwhile && sub.Link.State == jobs.LinkTaken:
				taken = append(taken, sub.Client)
			case meanwhile && sub.into && len(sub.Users) > 0:
				merged = append(merged, sub.Users[0])
			}
		}
		st.done.Events++
	}
	n, err := st.ledger.JoinLinks(ctx, st.job.ID, changes)
	if err != nil {
		return some, st.aboutJob(ctx, st.job.ID, err)
	}
	st.done.Changed += int64(n)
	st.done.Known += int64(len(changes) - n)
	st.done.Taken, st.done.Merged, err = st.ledger.NoteOutside(ctx, st.job.ID, taken, merged)
	return some, err
}

// find looks up the rows of all events in two goes.
func (st *settler) find(ctx context.Context, events []webhook.Event) ([]subject, error) {
	subjects := make([]subject, len(events))
	var clients, users, into []ledger.ClientKey
	var ofUser, ofInto []int // index of the event of each of users, and of into
	for i := range events {
		subjects[i].Event = &events[i]
		clients = append(clients, ledger.ByClient(events[i].Client))
		for _, u := range events[i].Users {
			users, ofUser = append(users, ledger.ByUser(u)), append(ofUser, i)
		}
		for _, u := range events[i].Into {
			into, ofInto = append(into, ledger.ByUser(u)), append(ofInto, i)
		}
	}
	byClient, err := st.ledger.FindClients(ctx, st.job.ID, clients)
	if err != nil {
		return nil, err
	}
	byUser, err := st.ledger.FindClients(ctx, st.job.ID, users)
	if err != nil {
		return nil, err
	}
	byInto, err := st.ledger.FindClients(ctx, st.job.ID, into)
	if err != nil {
		return nil, err
	}
	for i, rows := range byInto {
		subjects[ofInto[i]].into = subjects[ofInto[i]].into || len(rows) > 0
	}
	for i, rows := range byUser {
		sub := &subjects[ofUser[i]]
		for _, r := range rows {
			if !slices.Contains(sub.ofUser, r) {
				sub.ofUser = append(sub.ofUser, r)
			}
		}
	}
	for i := range subjects {
		if events[i].Client != "" {
			subjects[i].rows = byClient[i]
		}
	}
	return subjects, nil
}

// verdict says what an event is to a job.
type verdict int

const (
	foreign  verdict = iota // about a client that the job did not make
	isRow                   // about one row of it
	mayBeRow                // about a client of a user who has a create in doubt
	renamed                 // a user of the job was merged away
	otherApp
)

// row returns the row that an event is about, if it is about one.
func (st *settler) row(ctx context.Context, sub *subject) (r ledger.ClientRow, v verdict, err error) {
	switch {
	case sub.App != "" && sub.App != st.job.Options.App:
		return r, otherApp, nil
	case len(sub.rows) > 0: // the first: an ensure may have found what another row made
		return sub.rows[0], isRow, nil
	case sub.Client == "" && sub.Merge && len(sub.ofUser) > 0:
		return r, renamed, nil
	case sub.Client == "" && !sub.Merge: // of v1, which has no ids of clients
		made := slices.DeleteFunc(slices.Clone(sub.ofUser), func(r ledger.ClientRow) bool { return r.Made.State == "" })
		if len(made) == 1 {
			return made[0], isRow, nil
		}
		return r, foreign, nil
	}
	doubts := sub.doubts()
	if len(doubts) == 0 {
		return r, foreign, nil
	}
	known, err := st.ledger.Links(ctx, st.job.ID, doubts)
	for _, row := range doubts {
		if known[row].Client == sub.Client {
			return ledger.ClientRow{Row: row}, isRow, err
		}
	}
	return r, mayBeRow, err
}

// doubts are the numbers of the user's rows that are in doubt, or were.
func (s *subject) doubts() (rows []int64) {
	for _, r := range s.ofUser {
		if r.Made.State == "" {
			rows = append(rows, r.Row)
		}
	}
	return rows
}

// adopt gives the client of an event to the create in doubt that it fits, if it fits exactly one.
func (st *settler) adopt(ctx context.Context, sub *subject) error {
	doubts := sub.doubts()
	if len(doubts) == 0 || sub.App != "" && sub.App != st.job.Options.App {
		return nil
	}
	known, err := st.ledger.Links(ctx, st.job.ID, doubts)
	if err != nil {
		return err
	}
	var fitting []ledger.LinkChange
	for _, row := range doubts {
		if known[row].Client == sub.Client {
			return nil
		}
		t, err := st.ledger.Trace(ctx, st.job.ID, row)
		if err != nil {
			return err
		}
		if known[row].Client == "" && t.Outcome != nil && fits(sub.Event, t) {
			c := ledger.LinkChange{Row: row, Code: t.Outcome.ErrorCode}
			c.Link.Adopt(sub.Client)
			c.Link.Observe(sub.Link)
			fitting = append(fitting, c)
		}
	}
	if len(fitting) != 1 {
		return nil
	}
	n, err := st.ledger.JoinLinks(ctx, st.job.ID, fitting)
	st.done.Adopted += int64(n)
	return err
}

// fits tells whether a client that was just made can be that of a create in doubt.
func fits(e *webhook.Event, t ledger.Trace) bool {
	o := t.Outcome
	first := o.FinishedAt.Add(-o.Duration)
	if len(t.Attempts) > 0 && t.Attempts[0].At.Before(first) {
		first = t.Attempts[0].At
	}
	return o.Kind == jobs.InDoubt && o.Row.Op.Creates() && e.MayBeOf(&o.Row, o.ConversationID) && !e.At.Before(first.Add(-beforeCall)) && !e.At.After(o.FinishedAt.Add(afterEnd))
}

// meanwhile tells whether something happened while links of the job were under way, or since.
func (st *settler) meanwhile(at time.Time) bool {
	return !st.job.Started.IsZero() && !at.Before(st.job.Started.Add(-beforeCall))
}
