package service

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
)

// KeepEvents keeps events of an app's webhook until FollowLinks finds their rows. One that came before is kept once.
func (s *Service) KeepEvents(ctx context.Context, app string, events []webhook.Event) error {
	kept := make([]ledger.NewEvent, len(events))
	for i, e := range events {
		encoded, err := json.Marshal(e)
		if err != nil {
			return err
		}
		kept[i] = ledger.NewEvent{Name: e.Type + " " + e.ID, Users: e.Users, Data: encoded}
		if e.ID == "" {
			kept[i].Name = string(encoded)
		}
	}
	_, err := s.ledger.KeepEvents(ctx, app, kept, time.Now())
	return err
}

const (
	eventPause   = 500 * time.Millisecond // before new events are looked for
	waitingPause = 2 * time.Second        // at least, before those that wait for their row are looked at again
	eventLife    = 24 * time.Hour         // of an event that no row was found for
	jobsFollowed = 200                    // of an app, the newest
)

// FollowLinks joins the kept events of an app into the links of its jobs, until the context ends. An event may be kept before its row's
// create is answered: it waits for a day. Several may follow an app at once.
func (s *Service) FollowLinks(ctx context.Context, app string, log *slog.Logger) {
	place, began, all := "", time.Now(), followed{Service: s, app: app}
	var again time.Time // zero until all were looked at
	for ctx.Err() == nil {
		if !again.IsZero() && time.Now().After(again) {
			place, began, again = "", time.Now(), time.Time{}
		}
		next, err := all.some(ctx, place)
		switch {
		case err != nil && ctx.Err() == nil:
			log.Warn("links not followed, trying again", "app", app, "error", err)
			all.until = time.Time{} // a job may have been forgotten
			sleep(ctx, 2*eventPause)
		case err == nil && next == "":
			if again.IsZero() { // a long look comes less often
				again = time.Now().Add(max(waitingPause, 5*time.Since(began)))
			}
			sleep(ctx, eventPause)
		case err == nil:
			place = next
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// some looks at events behind a place, and returns the place of the last; empty where there was none.
func (f *followed) some(ctx context.Context, place string) (next string, err error) {
	kept, err := f.ledger.KeptEvents(ctx, f.app, place, eventsAtATime)
	if err != nil || len(kept) == 0 {
		return "", err
	}
	var events []webhook.Event
	open, drop := map[string]bool{}, []string{}
	for _, k := range kept {
		var e webhook.Event
		if json.Unmarshal(k.Data, &e) != nil {
			drop = append(drop, k.Place)
			continue
		}
		e.Place = k.Place
		events, open[k.Place] = append(events, e), true
	}
	if err := f.read(ctx); err != nil {
		return "", err
	}
	for _, job := range f.jobs {
		st := settler{Service: f.Service, job: job, done: Settled{Skipped: map[webhook.Skip]int64{}}}
		rest, err := st.apply(ctx, events)
		if err != nil {
			return "", err
		}
		if events = append(rest.held, rest.foreign...); len(events) == 0 {
			break
		}
	}
	for _, e := range events {
		delete(open, e.Place)
	}
	for _, k := range kept {
		if open[k.Place] || time.Since(k.At) > eventLife {
			drop = append(drop, k.Place)
		}
	}
	return kept[len(kept)-1].Place, f.ledger.DropEvents(ctx, f.app, drop)
}

// followed are the jobs of an app that have links, or may have, the newest first. Their records are read again after a time: each takes Redis as long
// as many events do.
type followed struct {
	*Service
	app   string
	jobs  []jobs.Job
	until time.Time
}

func (f *followed) read(ctx context.Context) error {
	began := time.Now()
	if began.Before(f.until) {
		return nil
	}
	page, err := f.JobsPage(ctx, JobsQuery{Apps: []string{f.app}, Limit: jobsFollowed})
	if err != nil {
		return err
	}
	f.jobs = nil
	for _, job := range page.Jobs {
		if job.Links.Total() > 0 || job.Tally.InDoubt > 0 {
			f.jobs = append(f.jobs, job)
		}
	}
	f.until = time.Now().Add(max(waitingPause, 20*time.Since(began)))
	return nil
}
