// Package notify tells people what became of jobs and of runs of runbooks: it posts a notice to a webhook
// when one has finished, was paused or cancelled, or has stalled, and when a schedule could not start a run.
//
// Every worker looks for such events in the ledger, and claims each there before it posts, so that
// one does. A claim lapses: what a worker that died owed, another delivers.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/runs"
)

const (
	interval = 2 * time.Second // between two looks
	lease    = 30 * time.Second
	fresh    = time.Hour      // an older event is history: nobody is notified
	keep     = 24 * time.Hour // for so long a notice is tried

	firstPause = time.Second // after a failed attempt; doubles with each
	lastPause  = 5 * time.Minute
)

// Config of a Notifier. A zero field means the default that its comment states.
type Config struct {
	Apps         []string                   // whose jobs are looked at; required
	Job          string                     // the only one that is looked at; default: all
	Embedded     bool                       // the Redis is this process's own
	Since        time.Time                  // events before it are not told; default: any time
	StalledAfter time.Duration              // default: nothing is said of stalls
	Noticed      func(event, result string) // hears of each attempt: delivered, failed or given_up; default: nobody does
	Logger       *slog.Logger               // default: nothing is logged
}

// Notifier posts the notices of jobs to a Hook. Its methods are for one goroutine at a
// time, but for NotStarted.
type Notifier struct {
	cfg    Config
	hook   *Hook
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	runs   *runs.Store

	jobs    *ledger.Roll
	ofRuns  *ledger.Roll
	settled map[string]bool // notices of jobs and runs of which something is owed, by id
	calm    map[string]calm // by job
}

// New returns a Notifier on rdb, which the caller closes after it.
func New(rdb redis.UniversalClient, l *ledger.Ledger, hook *Hook, cfg Config) *Notifier {
	if cfg.Noticed == nil {
		cfg.Noticed = func(string, string) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	store := runs.NewStore(rdb)
	return &Notifier{
		cfg: cfg, hook: hook, rdb: rdb, ledger: l, runs: store, jobs: l.Roll(cfg.Logger), ofRuns: store.Roll(cfg.Logger),
		settled: map[string]bool{}, calm: map[string]calm{},
	}
}

// Run looks for events until done ends, and then once more: the last job may have ended meanwhile.
// The end of ctx cuts an attempt that is under way.
func (n *Notifier) Run(ctx, done context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for last := false; ; {
		if err := n.look(ctx); err != nil && ctx.Err() == nil {
			n.cfg.Logger.Warn("could not look for what to notify of", "error", err)
		}
		if last {
			return
		}
		select {
		case <-done.Done():
			last = true
		case <-tick.C:
		}
	}
}

// Deliver makes attempts until nothing is owed of a job any more, or ctx ends, which is an error.
func (n *Notifier) Deliver(ctx context.Context, job string) error {
	const look = 100 * time.Millisecond
	last := fmt.Errorf("could not look for notices of job %s", job)
	for {
		owed, _, err := n.tell(ctx, job)
		switch {
		case err == nil && owed == 0:
			return nil
		case err == nil:
			last = fmt.Errorf("notices of job %s that were not delivered: %d", job, owed)
		case ctx.Err() == nil: // else it says no more than that the time is over
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(look):
		}
	}
}

func (n *Notifier) look(ctx context.Context) error {
	if n.cfg.Job != "" {
		_, _, err := n.tell(ctx, n.cfg.Job)
		return err
	}
	err := n.jobs.Each(ctx, func(ctx context.Context, id string) (bool, error) {
		_, done, err := n.tell(ctx, id)
		return done, err
	})
	if err != nil {
		return err
	}
	return n.ofRuns.Each(ctx, n.tellOfRun)
}

// tell makes the attempts that are due for a job, and returns how many notices are still owed, and whether nothing more is to be reported
// of it.
func (n *Notifier) tell(ctx context.Context, id string) (owed int, done bool, err error) {
	job, err := n.ledger.Job(ctx, id)
	if err != nil {
		return 0, false, err
	}
	if !slices.Contains(n.cfg.Apps, job.Options.App) {
		return 0, true, nil
	}
	now := time.Now()
	notices := transitions(job)
	stalled, ok, err := n.stall(ctx, job, now)
	if err != nil {
		return 0, false, err
	}
	if ok {
		notices = append(notices, stalled)
	}
	var wanted []Notice
	for _, notice := range notices {
		ok, err := n.wantedOfStep(ctx, job, notice)
		if err != nil {
			return 0, false, err
		}
		if ok {
			notice.Hint = hint(job, notice.Event, n.cfg.Embedded)
			wanted = append(wanted, notice)
		}
	}
	if owed, err = n.attemptAll(ctx, wanted); err != nil {
		return owed, false, err
	}
	if done = job.State.Ended() && owed == 0; done {
		n.drop(notices)
	}
	return owed, done, nil
}

// drop forgets that notices are settled: Redis knows it, and nobody looks soon.
func (n *Notifier) drop(notices []Notice) {
	for _, notice := range notices {
		delete(n.settled, notice.ID)
	}
}

// attemptAll makes the attempts that are due, and returns how many notices are still owed.
func (n *Notifier) attemptAll(ctx context.Context, notices []Notice) (owed int, err error) {
	now := time.Now()
	for _, notice := range notices {
		if n.settled[notice.ID] || now.Sub(notice.At) > keep {
			continue
		}
		begin := now.Sub(notice.At) < fresh && !notice.At.Before(n.cfg.Since)
		if n.settled[notice.ID], err = n.attempt(ctx, notice, begin); err != nil {
			return owed, err
		}
		if !n.settled[notice.ID] {
			owed++
		}
	}
	return owed, nil
}

// attempt tries to deliver a notice when it is this worker's turn, and tells whether nothing more
// is to be done about it.
func (n *Notifier) attempt(ctx context.Context, notice Notice, begin bool) (settled bool, err error) {
	number, settled, err := n.ledger.ClaimNotice(ctx, notice.owner, notice.key, begin, lease)
	if err != nil || settled || number == 0 {
		return settled, err
	}
	log := n.cfg.Logger.With(notice.what(), notice.owner, "notice", notice.key, "attempt", number)
	if notice.Links.Pending > 0 && !n.cfg.Embedded {
		if notice.Silent, err = n.ledger.Silent(ctx, notice.App); err != nil {
			return false, err
		}
	}
	err = n.hook.post(ctx, notice)
	answer, answered := errors.AsType[*rejection](err)
	switch {
	case err == nil:
		log.Info("delivered notice")
		n.cfg.Noticed(string(notice.Event), "delivered")
		return true, n.ledger.SettleNotice(ctx, notice.owner, notice.key, "delivered")
	case answered && answer.final():
		log.Error("gave notice up", "error", err)
		n.cfg.Noticed(string(notice.Event), "given_up")
		return true, n.ledger.SettleNotice(ctx, notice.owner, notice.key, "given_up")
	}
	log.Warn("could not deliver notice; trying again", "error", err)
	n.cfg.Noticed(string(notice.Event), "failed")
	pause := backoff(number)
	if answered {
		pause = max(pause, min(answer.after, lastPause))
	}
	return false, n.ledger.DeferNotice(ctx, notice.owner, notice.key, number, pause)
}

// backoff is the pause after an attempt, with half of it left to chance.
func backoff(attempt int64) time.Duration {
	pause := min(lastPause, firstPause<<min(attempt-1, 20))
	return pause/2 + rand.N(pause/2)
}
