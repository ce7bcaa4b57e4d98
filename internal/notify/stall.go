package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/jobs"
)

// calm is the time in which no row of a running job got its outcome.
type calm struct {
	settled int64 // rows
	events  int   // of the job: a resumed one is given time again
	since   time.Time
	stalled time.Time // when it was too long; zero before
	reason  string    // of the stall
}

// stall returns the notice of a job that has stalled; false when it has not, or when its window or
// its pace explains why no row is settled.
func (n *Notifier) stall(ctx context.Context, job jobs.Job, now time.Time) (Notice, bool, error) {
	runs := job.State == jobs.Running || job.State == jobs.Enqueuing
	if !runs || n.cfg.StalledAfter == 0 || job.Tally.Unprocessed == 0 || !job.Options.Open(now) {
		delete(n.calm, job.ID)
		return Notice{}, false, nil
	}
	c, known := n.calm[job.ID]
	if settled := job.Tally.Settled(); !known || c.settled != settled || c.events != len(job.Events) {
		c = calm{settled: settled, events: len(job.Events), since: now}
	}
	if now.Sub(c.since) >= n.cfg.StalledAfter && c.stalled.IsZero() {
		s, err := pace.Read(ctx, n.rdb, job.Options.App)
		switch {
		case err != nil:
			return Notice{}, false, err
		case s.Halted.After(now):
			c.since = s.Halted
		case now.Sub(c.since) >= turns(job, s, now):
			c.stalled = now
			c.reason = fmt.Sprintf("no row got its outcome for %s", n.cfg.StalledAfter)
			if s.Reason != "" {
				c.reason += "; " + s.Reason
			}
		}
	}
	n.calm[job.ID] = c
	if c.stalled.IsZero() {
		return Notice{}, false, nil
	}
	return newNotice(job, Stalled, fmt.Sprintf("%s:%d:%d", Stalled, c.settled, c.events), c.stalled, c.reason), true, nil
}

// turns is how long a few calls of the job may take to come about at the pace: most of an hour at one
// call in five minutes, which is no stall.
func turns(job jobs.Job, s pace.Standing, now time.Time) time.Duration {
	const several = 10
	rate := s.Rate
	if need, known := job.Needed(now); known && need > 0 && (rate == 0 || need < rate) {
		rate = need // it goes at the lowest rate that meets its deadline
	}
	if rate == 0 {
		return 0
	}
	return time.Duration(several * float64(max(1, s.Jobs)) / rate * float64(time.Second))
}
