package schedule

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

// Refusal is the error of a Start that would end so again: the input is missing, empty or too small, a
// variable has no value.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return "not started: " + r.Reason }

// Starter begins runs of runbooks, and tells what became of them. The texts of its errors and reasons
// are kept in Redis and shown to people: they hold no secret (I7).
type Starter interface {
	// Start makes run id of the runbook, unless it is there, and queues its first step. It is tried again
	// after an error that is no *Refusal.
	Start(ctx context.Context, id string, r *runbook.Runbook, vars map[string]string) error
	// State tells how a run stands. One that is not there has no State, and no error.
	State(ctx context.Context, id string) (Run, error)
	// Cancel lets a run end, soon if not at once. It may be called again meanwhile.
	Cancel(ctx context.Context, id, who, reason string) error
}

// Run is how a run stands.
type Run struct {
	State  string // empty = there is no such run
	Ended  bool
	Reason string // of a pause or a cancel
	Rows   jobs.Tally
}

// Config of a Server. A zero field means the default that its comment states.
type Config struct {
	Starter Starter  // required
	Apps    []string // whose schedules are served; required
	// Tell hears of each slot that started no run, at least once. Default: only the log does.
	Tell   func(context.Context, *Schedule, Entry) error
	Logger *slog.Logger // default: nothing is logged
}

// Server starts the runs of schedules. Any number of them may serve the same ones.
type Server struct {
	cfg   Config
	store *Store

	now      func(context.Context) (time.Time, error) // Redis' time
	interval time.Duration                            // between two looks
	lease    time.Duration                            // of an order, renewed while its run is being started
	pause    time.Duration                            // before another attempt

	mu    sync.Mutex
	known map[string]*known // by name
}

// known is a schedule as this server has read it last.
type known struct {
	*Schedule
	*Timetable
	busy bool // a goroutine serves it
}

// New returns a Server on rdb, which the caller closes after it.
func New(rdb redis.UniversalClient, cfg Config) *Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	store := NewStore(rdb)
	return &Server{
		cfg: cfg, store: store, now: store.Now, interval: time.Second, lease: 15 * time.Second, pause: 10 * time.Second,
		known: map[string]*known{},
	}
}

// Run looks for what is due, each second, until ctx ends. A run that is being started then is left to
// another server.
func (s *Server) Run(ctx context.Context) {
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	var serving sync.WaitGroup
	defer serving.Wait()
	for {
		if err := s.look(ctx, &serving); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("could not look for due schedules", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look serves each schedule that nobody in this process serves yet.
func (s *Server) look(ctx context.Context, serving *sync.WaitGroup) error {
	names, err := s.store.Names(ctx)
	if err != nil {
		return err
	}
	standings, err := s.store.standings(ctx, names)
	if err != nil {
		return err
	}
	now, err := s.now(ctx)
	if err != nil {
		return err
	}
	for _, st := range standings {
		k, err := s.enter(ctx, st)
		if err != nil {
			s.cfg.Logger.Error("cannot serve schedule", "schedule", st.name, "error", err)
		}
		if k == nil {
			continue
		}
		serving.Go(func() {
			defer s.leave(k)
			if err := s.serve(ctx, k, st, now); err != nil && ctx.Err() == nil {
				s.cfg.Logger.Warn("could not serve schedule; trying again", "schedule", st.name, "error", err)
			}
			if err := s.tell(ctx, k, st); err != nil && ctx.Err() == nil {
				s.cfg.Logger.Warn("could not report a run that was not started; trying again", "schedule", st.name, "error", err)
			}
		})
	}
	s.forget(names)
	return nil
}

// enter returns the schedule in its newest version for the one goroutine that may serve it now; nil
// when another does, or when it is not this server's. One that cannot be read is reported once.
func (s *Server) enter(ctx context.Context, st standing) (*known, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.known[st.name]
	if k != nil && k.busy {
		return nil, nil
	}
	if k == nil || k.Version != st.version {
		var err error
		k, err = s.read(ctx, st)
		if unreadable := errors.As(err, new(*UnreadableError)); err == nil || unreadable {
			s.known[st.name] = k
		}
		if errors.Is(err, ErrNone) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if k.Timetable == nil || !slices.Contains(s.cfg.Apps, k.Runbook.App) {
		return nil, nil
	}
	k.busy = true
	return k, nil
}

// read returns a schedule with its timetable, or without one when it cannot be read.
func (s *Server) read(ctx context.Context, st standing) (*known, error) {
	d, err := s.store.Get(ctx, st.name)
	if err != nil {
		return &known{Schedule: &Schedule{Version: st.version}}, err
	}
	table, err := Parse(d.Runbook)
	if err != nil {
		return &known{Schedule: d}, &UnreadableError{st.name, err.Error()}
	}
	return &known{Schedule: d, Timetable: table}, nil
}

func (s *Server) leave(k *known) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.busy = false
}

// forget drops what is known of schedules that were removed.
func (s *Server) forget(names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, k := range s.known {
		if !k.busy && !slices.Contains(names, name) {
			delete(s.known, name)
		}
	}
}
