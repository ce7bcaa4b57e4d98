package runs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
)

// Config of a Conductor. A zero field means the default that its comment states.
type Config struct {
	Name   string       // of this process, different in each; required
	Apps   []string     // whose runs it moves; required
	Note   func(string) // hears what is odd about the input of a run that is begun; default: nobody does
	Logger *slog.Logger // default: nothing is logged

	// Inputs are what it may read of what runs name in Redis; default: nothing. Files that Start is given may lie anywhere.
	Inputs *input.Places

	// ExceedCaps lets every step exceed the caps of its runbook.
	ExceedCaps bool

	// Reading is called before rows are read, and what it returns afterwards; default: nothing.
	Reading func() (end func())
}

// Conductor moves runs from step to step: when the job of a step has finished, it queues the rows that
// came through as the next one's. Any number of processes may have one.
type Conductor struct {
	*Store
	jobs   Jobs
	ledger *ledger.Ledger // nil where it is alone, as are the queues
	queues *queue.Queues
	cfg    Config
	alone  bool // no other process moves its runs, and somebody waits for its errors
	roll   *ledger.Roll
}

// New returns a Conductor on rdb, which the caller closes after it.
func New(rdb redis.UniversalClient, codec *jobs.Codec, cfg Config) *Conductor {
	c := newConductor(NewStore(rdb), cfg)
	c.ledger, c.queues = ledger.New(rdb, codec), queue.New(rdb, codec)
	c.jobs = redisJobs{c.ledger, c.queues}
	return c
}

// NewAlone returns the Conductor of runs that no other process moves, and whose jobs are kept elsewhere. Where an input cannot be
// used it returns the error, and does not pause the run.
func NewAlone(store *Store, j Jobs, cfg Config) *Conductor {
	c := newConductor(store, cfg)
	c.jobs, c.alone = j, true
	return c
}

func newConductor(store *Store, cfg Config) *Conductor {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Reading == nil {
		cfg.Reading = func() func() { return func() {} }
	}
	return &Conductor{Store: store, cfg: cfg, roll: store.Roll(cfg.Logger)}
}

// interval is how long the end of a step may go unseen.
const interval = 500 * time.Millisecond

// Run moves the runs of the apps until ctx ends.
func (c *Conductor) Run(ctx context.Context) {
	tick, hourly := time.NewTicker(interval), time.NewTicker(time.Hour)
	defer tick.Stop()
	defer hourly.Stop()
	for ctx.Err() == nil {
		if err := c.roll.Each(ctx, c.move); err != nil && ctx.Err() == nil {
			c.cfg.Logger.Warn("could not look for runs", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case now := <-hourly.C:
			if err := c.prune(ctx, now); err != nil && ctx.Err() == nil {
				c.cfg.Logger.Warn("could not forget runs of long ago", "error", err)
			}
		}
	}
}

// Move looks at a run once and does what is next, if anything is. A run that cannot go on is paused with
// the reason.
func (c *Conductor) Move(ctx context.Context, id string) error {
	_, err := c.move(ctx, id)
	return err
}

// move is Move, and tells whether the run will not move any more.
func (c *Conductor) move(ctx context.Context, id string) (done bool, err error) {
	r, err := c.Store.Run(ctx, id)
	if err != nil {
		return false, err
	}
	if r.State == jobs.Finished || !slices.Contains(c.cfg.Apps, r.Runbook.App) {
		return true, nil
	}
	job, err := c.jobs.Job(ctx, r.Job(r.Step))
	if err != nil && !errors.Is(err, ledger.ErrNoJob) {
		return false, err
	}
	if r.State != jobs.Running {
		return r.State == jobs.Cancelled, c.keep(ctx, r, job)
	}
	return false, c.goOn(ctx, r, job)
}

// goOn does what is next of a run that runs.
func (c *Conductor) goOn(ctx context.Context, r Run, job jobs.Job) error {
	switch {
	case job.Pause == jobs.PauseRun: // it was just then that the run was resumed
		return c.jobs.Resume(ctx, job.ID, "", "the run goes on")
	case job.State == jobs.Cancelled:
		return c.Cancel(ctx, r.ID, "", fmt.Sprintf("step %s was cancelled: %s", r.Runbook.Steps[r.Step].Name, job.Reason))
	case job.State == jobs.Finished:
		return c.advance(ctx, r, job)
	case !job.Sealed && (r.Step > 0 || !r.Local):
		err := c.leased(ctx, r, func(ctx context.Context) error { return c.queue(ctx, r, nil) })
		if errors.Is(err, errLeased) {
			return nil
		}
		return err
	}
	return nil
}

// keep pauses the job of a paused run, and ends that of a cancelled one.
func (c *Conductor) keep(ctx context.Context, r Run, job jobs.Job) error {
	switch {
	case job.ID == "" || job.State.Ended():
		return nil
	case r.State == jobs.Cancelled:
		return c.jobs.Cancel(ctx, job.ID, "", r.Reason)
	case r.State == jobs.Paused && job.State != jobs.Paused:
		return c.jobs.Pause(ctx, job.ID, "", jobs.PauseRun, "the run is paused")
	}
	return nil
}

func (c *Conductor) advance(ctx context.Context, r Run, job jobs.Job) error {
	if r.Step == 0 {
		r.Rows = job.Tally.Read
		if err := c.Counted(ctx, r.ID, r.Rows); err != nil {
			return err
		}
	}
	if err := c.Advance(ctx, r); err != nil {
		return err
	}
	c.cfg.Logger.Info("a step of a run has finished", "run", r.ID, "step", r.Runbook.Steps[r.Step].Name, "job", job.ID)
	return nil
}
