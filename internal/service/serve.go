package service

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/metrics"
	"github.com/sunbulk/sunbulk/internal/notify"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/worker"
)

// ServeConfig is what a worker process does.
type ServeConfig struct {
	APIs        map[string]*sunco.API // whose jobs, runs and schedules are served, by app
	Simulated   bool                  // nothing is really done: the runs of schedules say so
	Concurrency int                   // calls in flight
	Replicas    int                   // of Redis that must know of a create that messages a person before it is sent
	Inputs      *input.Places         // what may be read of what runs and schedules name on Redis; nil = nothing
	Hook        *notify.Hook          // hears of jobs and runs; nil = nobody is
	Notify      notify.Config         // what of; its Apps are those of the APIs
	Metrics     *metrics.Metrics      // nil = nothing is counted
	Logger      *slog.Logger
	Reading     func() (end func()) // is called before rows are read, and what it returns afterwards
}

// Serve works the jobs, runs and schedules of some apps until drain ends, which lets calls in flight end, or ctx, which
// stops them.
func (s *Service) Serve(ctx, drain context.Context, cfg ServeConfig) error {
	cfg.Logger = Damped(cfg.Logger)
	s.rdb.AddHook(new(brake))
	apps := slices.Sorted(maps.Keys(cfg.APIs))
	w := worker.Config{Name: ProcessName(), APIs: cfg.APIs, Concurrency: cfg.Concurrency, Replicas: cfg.Replicas, Logger: cfg.Logger}
	cfg.Notify.Apps, cfg.Notify.Logger = apps, cfg.Logger
	if cfg.Metrics != nil {
		w.Observer, cfg.Notify.Noticed = cfg.Metrics, cfg.Metrics.Noticed
	}
	conduct := func() *runs.Conductor { // each has a name of its own, so that one waits for what the other queues
		return runs.New(s.rdb, s.codec, runs.Config{Name: ProcessName() + "-" + rand.Text()[:6], Apps: apps, Inputs: cfg.Inputs, Logger: cfg.Logger, Reading: cfg.Reading})
	}
	timetables := schedule.Config{Starter: starter{s, conduct(), cfg.Inputs, cfg.Simulated}, Apps: apps, Logger: cfg.Logger}
	if cfg.Hook != nil {
		n := notify.New(s.rdb, s.ledger, cfg.Hook, cfg.Notify)
		timetables.Tell = n.NotStarted
		defer background(ctx, func(done context.Context) { n.Run(ctx, done) })()
	}
	defer background(drain, conduct().Run)()
	defer background(drain, schedule.New(s.rdb, timetables).Run)()
	working := s.Worker(w)
	defer context.AfterFunc(drain, working.Drain)()
	cfg.Logger.Info("worker started", "apps", apps, "concurrency", cfg.Concurrency)
	defer cfg.Logger.Info("worker stopped")
	return working.Run(ctx)
}

// Worker returns a worker for jobs on the Redis.
func (s *Service) Worker(cfg worker.Config) *worker.Worker { return worker.New(s.rdb, s.codec, cfg) }

// Share lets metrics report what all workers share.
func (s *Service) Share(m *metrics.Metrics) { m.Share(s.rdb, s.ledger, s.queues) }

// Ready tells whether the Redis answers, in words that anybody may see.
func (s *Service) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if s.rdb.Ping(ctx).Err() != nil {
		return errors.New("redis does not answer")
	}
	return nil
}

// background does something until stop, which waits for its end.
func background(ctx context.Context, do func(done context.Context)) (stop func()) {
	done, end := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { do(done) })
	return func() { end(); running.Wait() }
}

// Notices reports the job of a config while it runs. What it returns tells what is owed at the end, in ten seconds at most.
func (s *Service) Notices(ctx context.Context, hook *notify.Hook, cfg notify.Config) (finish func() error) {
	const patience = 10 * time.Second
	n := notify.New(s.rdb, s.ledger, hook, cfg)
	stop := background(ctx, func(done context.Context) { n.Run(ctx, done) })
	return func() error {
		stop()
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		err := n.Deliver(ctx, cfg.Job)
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil
		}
		return err
	}
}

// WorkRun works the steps of a run one after the other, beside any workers, until it ends, stands, or drain ends. Step is
// called before the calls of each step, and what it returns afterwards.
func (s *Service) WorkRun(ctx, drain context.Context, id string, cfg worker.Config, step func(RunView) (done func())) (RunView, error) {
	const look = 200 * time.Millisecond
	v, err := s.Run(ctx, id)
	if err != nil {
		return v, err
	}
	c := s.conductor(v.Run.Runbook.App, nil, cfg.Logger)
	w := s.Worker(cfg)
	defer context.AfterFunc(drain, w.Drain)()
	for {
		if err := c.Move(drain, id); err != nil {
			return v, err
		}
		v, err := s.Run(ctx, id)
		paused, _ := v.Paused()
		if err != nil || v.Run.State.Ended() || paused != "" || drain.Err() != nil {
			return v, err
		}
		if n := len(v.Jobs); n == v.Run.Step+1 && v.Jobs[n-1].State == jobs.Running {
			done := step(v)
			err := w.Serve(ctx, v.Jobs[n-1].ID)
			done()
			if err != nil {
				return v, err
			}
			continue
		}
		select {
		case <-drain.Done():
		case <-time.After(look):
		}
	}
}
