package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
)

// Pace is the rate of an app as all its workers share it, and why it is so.
type Pace = pace.Standing

// Rate returns the pace that all workers of an app share. A rate that was set and holds no longer is taken back first.
func (s *Service) Rate(ctx context.Context, app string) (Pace, error) {
	if _, err := pace.Settle(ctx, s.rdb, app, func(job string) (bool, error) { return s.ledger.Over(ctx, job) }); err != nil {
		return Pace{}, err
	}
	return pace.Read(ctx, s.rdb, app)
}

// Holding says until when a rate that is set holds: until a time, or until it is taken back; with neither, until the jobs
// of the app that are under way have ended.
type Holding struct {
	Until time.Time
	Keep  bool
}

// SetRate sets it: to a number of calls per second, to max, which drops what is reserved and deadlines, or to auto, which
// leaves it to the jobs again.
func (s *Service) SetRate(ctx context.Context, app, rate string, h Holding, by By) error {
	if err := CheckRate(rate); err != nil {
		return err
	}
	o := pace.Override{Rate: rate, Who: by.Who, Reason: by.Reason, At: time.Now().UTC(), Until: h.Until}
	jobs, err := s.underWay(ctx, app)
	if err != nil {
		return err
	}
	if h.Until.IsZero() && !h.Keep {
		o.Jobs = jobs
	}
	if rate != pace.Auto && len(jobs) == 0 && h.Until.IsZero() && !h.Keep {
		return &Invalid{"until", "no job of app " + app + " is under way, with whose end the rate would be the jobs' own again"}
	}
	if err := pace.Set(ctx, s.rdb, app, o); err != nil {
		return err
	}
	for _, id := range jobs { // a worker would note it too, but later, and for itself
		if err := s.note(ctx, id, o); err != nil {
			return err
		}
	}
	return s.Record(ctx, by, audit.Entry{What: audit.Rate, App: app, Detail: h.told(rate)})
}

// told says which rate holds until when.
func (h Holding) told(rate string) string {
	switch {
	case h.Keep:
		return rate + ", until it is taken back"
	case !h.Until.IsZero():
		return rate + ", until " + h.Until.UTC().Format(time.RFC3339)
	}
	return rate
}

// note writes into a job who set the rate of its app.
func (s *Service) note(ctx context.Context, job string, o pace.Override) error {
	if o.Rate != pace.Auto {
		return s.ledger.NoteRate(ctx, job, o.ID(), o.Event(time.Time{}))
	}
	var none *pace.Override
	e := none.Event(time.Time{})
	e.Who, e.Reason = o.Who, cmp.Or(o.Reason, "the rate is the job's own again")
	return s.ledger.NoteRate(ctx, job, none.ID(), e)
}

// underWay returns the jobs of an app that have not ended, the oldest first.
func (s *Service) underWay(ctx context.Context, app string) (ids []string, err error) {
	all, err := s.ledger.IDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Backward(all) {
		of, state, err := s.ledger.Standing(ctx, id)
		if ledger.Unreadable(err) { // nobody works it
			continue
		}
		if err != nil {
			return nil, err
		}
		if of == app && !state.Ended() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// CheckRate accepts max, auto, and a rate above 0: an app without any limit is left to the jobs' own
// options.
func CheckRate(rate string) error {
	if rate == pace.Auto || rate == pace.Max {
		return nil
	}
	if n, err := strconv.ParseFloat(rate, 64); err != nil || !(n >= 0.01 && n <= 1e6) {
		return &Invalid{"rate", fmt.Sprintf("%q is not a rate from 0.01 to 1000000, max or auto", rate)}
	}
	return nil
}
