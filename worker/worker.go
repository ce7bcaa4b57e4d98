// Package worker turns batches into calls, and calls into outcomes: it serves the queues of jobs,
// makes passes over each batch that asynq delivers, and commits what became of its rows.
//
// One file, rules.go, decides what an answer means for a row. A new operation is one file here
// with an operation func, and one line in the table of operations.
package worker

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Deliveries is where a worker opens and commits batches, and lets those behind a canary go: the ledger itself, or the journal of an
// embedded run around it.
type Deliveries interface {
	Open(ctx context.Context, job string, batch int64, c ledger.Claim, now time.Time) (ledger.Delivery, error)
	Commit(ctx context.Context, d ledger.Delivery, c ledger.Commit, now time.Time) (ledger.Receipt, error)
	EndCanary(ctx context.Context, job string) error
}

// Config of a Worker. A zero field means the default that its comment states.
type Config struct {
	Name        string                // of this process for people, such as host-pid; required
	APIs        map[string]*sunco.API // the apps that this worker holds credentials for; required
	Deliveries  Deliveries            // default: the ledger
	Reruns      Reruns                // default: the ledger
	Alone       bool                  // nobody else takes its batches over, so that those whose rows cannot be called yet need not be opened; default: others may
	Concurrency int                   // calls in flight over all jobs; default 64
	Replicas    int                   // of Redis that must know of a create that messages a person before it is sent; default 0
	Backoff     time.Duration         // after the first failed pass; doubles with each; default 1 s
	Observer    Observer              // default: nobody hears
	Logger      *slog.Logger          // default: nothing is logged
}

// Worker serves jobs. Run serves all of its apps, Serve one job.
type Worker struct {
	cfg    Config
	rdb    redis.UniversalClient
	codec  *jobs.Codec
	ledger *ledger.Ledger
	queues *queue.Queues

	calls *places // calls in flight

	drain     context.Context // ends when no new call may start
	stopDrain context.CancelFunc

	mu   sync.Mutex
	apps map[string]*app

	memories map[string]*memory // by job
}

// New returns a Worker on rdb, which the caller closes after it.
func New(rdb redis.UniversalClient, codec *jobs.Codec, cfg Config) *Worker {
	w := &Worker{cfg: cfg, rdb: rdb, codec: codec, ledger: ledger.New(rdb, codec), queues: queue.New(rdb, codec), apps: map[string]*app{}, memories: map[string]*memory{}}
	if w.cfg.Deliveries == nil {
		w.cfg.Deliveries = w.ledger
	}
	if w.cfg.Reruns == nil {
		w.cfg.Reruns = w.ledger
	}
	if w.cfg.Concurrency == 0 {
		w.cfg.Concurrency = 64
	}
	if w.cfg.Backoff == 0 {
		w.cfg.Backoff = time.Second
	}
	if w.cfg.Observer == nil {
		w.cfg.Observer = unobserved{}
	}
	if w.cfg.Logger == nil {
		w.cfg.Logger = slog.New(slog.DiscardHandler)
	}
	// The ledger separates by colons; a process that gets the id of a dead one is another worker.
	w.cfg.Name = strings.ReplaceAll(w.cfg.Name, ":", "-") + "-" + rand.Text()[:6]
	w.calls = newPlaces(w.cfg.Concurrency)
	w.drain, w.stopDrain = context.WithCancel(context.Background())
	return w
}

// Drain lets calls in flight end, starts no new one, and makes Run and Serve return. Ending the
// context given to them instead cuts calls in flight, and leaves their creates in doubt.
func (w *Worker) Drain() { w.stopDrain() }

// pollInterval is how long a new job, or a change of a job's state, may go unseen.
const pollInterval = 500 * time.Millisecond

// Run serves every job of the worker's apps, as they come, until Drain or the end of ctx.
func (w *Worker) Run(ctx context.Context) error {
	serving, setbacks := map[string]bool{}, map[string]setback{}
	ended := make(chan served)
	roll := w.ledger.Roll(w.cfg.Logger)
	defer func() {
		for range serving {
			<-ended
		}
	}()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		ids, err := w.waiting(ctx, roll, serving)
		if err != nil && ctx.Err() == nil && w.drain.Err() == nil {
			w.cfg.Logger.Warn("could not look for jobs", "error", err)
		}
		for _, id := range ids {
			if serving[id] || time.Now().Before(setbacks[id].until) {
				continue
			}
			serving[id] = true
			go func() {
				err := w.Serve(ctx, id)
				if err != nil && ctx.Err() == nil { // else it was cut off
					w.cfg.Logger.Error("job cannot be served", "job", id, "error", err)
				}
				ended <- served{id, err}
			}()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.drain.Done():
			return nil
		case s := <-ended:
			delete(serving, s.job)
			note(setbacks, s, time.Now())
		case <-tick.C:
		}
	}
}

// served is a job that is served no more.
type served struct {
	job string
	err error
}

// setback is how long a job waits that could not be served.
type setback struct {
	pause time.Duration
	until time.Time
}

// lastSetback is also how long a Redis that takes writes again may go unseen.
const lastSetback = 10 * time.Second

// note lets a job that could not be served wait, twice as long as the last time.
func note(setbacks map[string]setback, s served, now time.Time) {
	for id, b := range setbacks {
		if now.Sub(b.until) > lastSetback {
			delete(setbacks, id) // it was served since, or is gone
		}
	}
	if s.err == nil {
		delete(setbacks, s.job)
		return
	}
	pause := min(lastSetback, max(pollInterval, 2*setbacks[s.job].pause))
	setbacks[s.job] = setback{pause, now.Add(pause)}
}

// waiting returns the ids of the jobs of this worker's apps that may be called for. What killed workers left of the finished ones is
// dropped.
func (w *Worker) waiting(ctx context.Context, roll *ledger.Roll, serving map[string]bool) (ids []string, err error) {
	err = roll.Each(ctx, func(ctx context.Context, id string) (done bool, err error) {
		if serving[id] {
			return false, nil
		}
		app, state, err := w.ledger.Standing(ctx, id)
		if err != nil {
			return false, err
		}
		_, mine := w.cfg.APIs[app]
		switch {
		case state == jobs.Finished && mine && w.keeps(id):
			return false, w.sweep(ctx, id) // its end may be lost yet
		case state == jobs.Finished && mine:
			return true, w.sweep(ctx, id)
		case state.Ended() || !mine:
			return true, nil
		}
		job, err := w.ledger.Job(ctx, id)
		if err == nil && (job.State == jobs.Running || job.State == jobs.Enqueuing || job.WaitsForWindow()) {
			ids = append(ids, id)
		}
		return false, err
	})
	return ids, err
}

// sweep drops what is left of a finished job's queue and of its workers' heartbeats.
func (w *Worker) sweep(ctx context.Context, id string) error {
	if err := w.ledger.Leave(ctx, id, w.cfg.Name); err != nil {
		return err
	}
	left, err := w.queues.Left(ctx, id)
	if err != nil || !left {
		return err
	}
	return w.queues.Drop(ctx, id)
}

// Serve works one job until it is finished, paused or cancelled, or until Drain or the end of ctx.
// A job that is paused by its window goes on when that opens.
func (w *Worker) Serve(ctx context.Context, id string) error {
	for served := false; ; served = true {
		job, err := w.ledger.Job(ctx, id)
		if served && ledger.Unreadable(err) {
			return nil // it was reported when the job was left
		}
		if err != nil {
			return err
		}
		switch {
		case w.drain.Err() != nil || ctx.Err() != nil || job.State.Ended() || job.State == jobs.Paused && !job.WaitsForWindow():
			return nil
		case job.State == jobs.Paused:
			err = w.reopen(ctx, job)
		default:
			err = w.work(ctx, job)
		}
		if err != nil {
			return err
		}
	}
}

func (w *Worker) work(ctx context.Context, job jobs.Job) error {
	app, err := w.use(job.Options.App)
	if err != nil {
		return err
	}
	s := newServer(w, job, app)
	reason := job.Options.Unclear()
	if reason == "" && s.window.open(time.Now()) {
		return s.serve(ctx)
	}
	defer s.finish(nil)
	if reason != "" { // before asynq hands out a batch
		s.pause(ctx, jobs.PauseNoTimezone, reason)
	} else {
		s.pause(ctx, jobs.PauseWindow, job.Options.OutsideWindow())
	}
	s.stand()
	return nil
}

// use returns an app, which all of its jobs in this process share.
func (w *Worker) use(id string) (*app, error) {
	api, ok := w.cfg.APIs[id]
	if !ok {
		return nil, fmt.Errorf("no credentials for app %s", id)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.apps[id] == nil {
		w.apps[id] = newApp(api, pace.New(w.rdb, id, w.cfg.Name), w.calls)
	}
	return w.apps[id], nil
}
