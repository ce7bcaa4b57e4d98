package service

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// Works is who works what: the workers that send heartbeats, the queues of the jobs that have not ended, and the paces of their apps.
type Works struct {
	Workers []WorkerJobs `json:"workers"`
	Queues  []Queue      `json:"queues"`
	Paces   []Pace       `json:"paces"`
	More    int          `json:"more,omitempty"` // jobs that are left out: only the newest are looked at
}

// WorkerJobs is a worker with the jobs that it serves.
type WorkerJobs struct {
	Host           string      `json:"host"`
	PID            int         `json:"pid,omitempty"`
	Since          time.Time   `json:"since"` // when it came to the first of them
	InFlight       int64       `json:"inFlight"`
	CallsPerSecond float64     `json:"callsPerSecond"`
	Jobs           []WorkerJob `json:"jobs"`
}

// WorkerJob is what a worker does for a job.
type WorkerJob struct {
	Job            string       `json:"job"`
	App            string       `json:"app"`
	Doing          ledger.Doing `json:"doing"`
	InFlight       int64        `json:"inFlight"`
	CallsPerSecond float64      `json:"callsPerSecond"`
}

// Queue is the batches of a job that are not finished.
type Queue struct {
	Job     string     `json:"job"`
	App     string     `json:"app"`
	State   jobs.State `json:"state"`
	Workers int        `json:"workers"`         // that serve it
	Sizes   QueueSizes `json:"batches"`         // in asynq's queue
	Held    []Held     `json:"held"`            // by workers, the oldest first, 20 at most; those of workers that are gone come before all
	Stuck   int        `json:"stuck"`           // of all that are held: by workers that send no heartbeat
	Lost    int64      `json:"lost,omitempty"`  // not finished, and in no queue
	Error   string     `json:"error,omitempty"` // why it could not be looked at
}

// QueueSizes counts the batches in asynq's queue by its states.
type QueueSizes struct {
	Pending   int64 `json:"pending"`
	Active    int64 `json:"active"`
	Scheduled int64 `json:"scheduled"`
	Retry     int64 `json:"retry"`
	Archived  int64 `json:"archived"` // must be 0: the queue is no record
}

// Held is a batch that a worker holds.
type Held struct {
	Batch int64     `json:"batch"`
	Since time.Time `json:"since"`
	Host  string    `json:"host"`
	PID   int       `json:"pid,omitempty"`
	Gone  bool      `json:"gone"` // the worker sends no heartbeat; another takes the batch
}

const (
	queuesShown = 50
	heldShown   = 20
)

// living are the jobs that have not ended. Those that have are not looked at each time.
type living struct {
	mu   sync.Mutex
	roll *ledger.Roll
}

// alive returns the ids of the jobs that have not ended, the newest first, by app.
func (s *Service) alive(ctx context.Context) (ids []string, apps map[string]string, err error) {
	s.living.mu.Lock()
	defer s.living.mu.Unlock()
	if s.living.roll == nil {
		s.living.roll = s.ledger.Roll(nil)
	}
	apps = map[string]string{}
	err = s.living.roll.Each(ctx, func(ctx context.Context, id string) (bool, error) {
		app, state, err := s.ledger.Standing(ctx, id)
		if err == nil && !state.Ended() {
			ids, apps[id] = append(ids, id), app
		}
		return state.Ended(), err
	})
	return ids, apps, err
}

// Works returns who works what, as far as the actor may see it.
func (a *Authorized) Works(ctx context.Context) (Works, error) {
	w := Works{Workers: []WorkerJobs{}, Queues: []Queue{}, Paces: []Pace{}}
	if err := a.Allow(See); err != nil {
		return w, err
	}
	ids, apps, err := a.s.alive(ctx)
	if err != nil {
		return w, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !a.actor.Sees(apps[id]) })
	if len(ids) > queuesShown {
		ids, w.More = ids[:queuesShown], len(ids)-queuesShown
	}
	all := map[string]*WorkerJobs{}
	paced := map[string]bool{}
	for _, id := range ids {
		q, workers, err := a.s.queue(ctx, id)
		if ctx.Err() != nil {
			return w, ctx.Err()
		}
		if err != nil {
			q = Queue{Job: id, App: apps[id], Held: []Held{}, Error: jobs.Line(err.Error())}
		}
		if q.State.Ended() { // meanwhile
			continue
		}
		w.Queues = append(w.Queues, q)
		gather(all, q, workers)
		if !paced[q.App] {
			paced[q.App] = true
			p, err := a.s.Rate(ctx, q.App)
			if err != nil {
				return w, err
			}
			w.Paces = append(w.Paces, p)
		}
	}
	for _, one := range all {
		one.CallsPerSecond = round(one.CallsPerSecond)
		w.Workers = append(w.Workers, *one)
	}
	slices.SortFunc(w.Workers, func(a, b WorkerJobs) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID), a.Since.Compare(b.Since))
	})
	slices.SortFunc(w.Paces, func(a, b Pace) int { return cmp.Compare(a.App, b.App) })
	return w, nil
}

// gather adds what the workers of a job do to what is known of them.
func gather(all map[string]*WorkerJobs, q Queue, workers []ledger.Worker) {
	for _, of := range workers {
		one := all[of.Name]
		if one == nil {
			one = &WorkerJobs{Since: of.Since}
			one.Host, one.PID = hostAndPID(of.Name)
			all[of.Name] = one
		}
		if of.Since.Before(one.Since) {
			one.Since = of.Since
		}
		one.InFlight += of.InFlight
		one.CallsPerSecond += of.PerSecond
		one.Jobs = append(one.Jobs, WorkerJob{q.Job, q.App, of.Doing, of.InFlight, round(of.PerSecond)})
	}
}

// queue looks at the batches of a job.
func (s *Service) queue(ctx context.Context, id string) (q Queue, workers []ledger.Worker, err error) {
	job, err := s.ledger.Job(ctx, id)
	if err != nil {
		return q, nil, err
	}
	q = Queue{Job: id, App: job.Options.App, State: job.State, Held: []Held{}}
	sizes, err := s.queues.Sizes(ctx, id)
	if err != nil {
		return q, nil, err
	}
	q.Sizes = QueueSizes{sizes["pending"], sizes["active"], sizes["scheduled"], sizes["retry"], sizes["archived"]}
	if workers, err = s.ledger.Workers(ctx, id); err != nil {
		return q, nil, err
	}
	q.Workers = len(workers)
	held, err := s.ledger.Held(ctx, id)
	if err != nil {
		return q, nil, err
	}
	for n, b := range held {
		h := Held{Batch: n, Since: b.Since, Gone: !slices.ContainsFunc(workers, func(w ledger.Worker) bool { return w.Name == b.Worker })}
		h.Host, h.PID = hostAndPID(b.Worker)
		if h.Gone {
			q.Stuck++
		}
		q.Held = append(q.Held, h)
	}
	slices.SortFunc(q.Held, func(a, b Held) int {
		if a.Gone != b.Gone {
			if a.Gone {
				return -1
			}
			return 1
		}
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Batch, b.Batch))
	})
	q.Held = q.Held[:min(heldShown, len(q.Held))]
	q.Lost, err = s.lostBatches(ctx, job)
	return q, workers, err
}
