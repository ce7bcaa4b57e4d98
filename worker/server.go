package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/semaphore"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
)

// server works one job: a small asynq server on the job's queue.
type server struct {
	*Worker
	job    jobs.Job
	app    *app
	lane   *lane
	log    *slog.Logger
	window window

	places    int64               // rows that may be in a pass
	rows      *semaphore.Weighted // of them
	unloading sync.Mutex
	room      *semaphore.Weighted // bytes of batches that are held

	names    memo[name, named] // integrations that rows have named by number or name; what one has come to holds for the others
	evidence *evidence
	webhook  appWebhook
	callers  *callers
	inFlight atomic.Int64 // calls of the job
	called   atomic.Int64 // calls of the job that have ended
	failing  atomic.Int64 // since when nothing can be kept, in nanoseconds since 1970; 0 = it can

	soft      context.Context // ends when no new call of the job may start
	finish    context.CancelCauseFunc
	hold      hold
	replicas  replicas
	running   sync.Map // numbers of the batches that handlers have
	handlers  sync.WaitGroup
	memory    *memory
	reporting sync.Mutex
	reported  atomic.Int64 // generation of the job that was reported to last

	rate string // id of the override of the rate that was noted last; empty = none
}

// roomForBatches is how many bytes of batches a job's handlers hold: a few hundred batches of a hundred rows, or eight of the largest.
const roomForBatches = 64 << 20

// rowsInPass is how many rows of a job may be in a pass at once: what a crash can leave in doubt, each for a look. Four for each call in flight keep
// the calls busy at a slow rate; at a high one commits take as long as many calls, and there may be as many as two seconds of looks. Each
// job has its own, or a small one would wait behind all batches of a large one.
func rowsInPass(concurrency int, rate float64) int64 {
	least, most := 4*float64(concurrency), 16*float64(concurrency)
	if rate == 0 {
		return int64(most)
	}
	return int64(max(least, min(most, 2*rate)))
}

func newServer(w *Worker, job jobs.Job, a *app) *server {
	s := &server{Worker: w, job: job, app: a, log: w.cfg.Logger.With("job", job.ID), window: window{schedule: job.Options.Schedule}}
	s.lane = newLane(a, job, s.log)
	s.places = rowsInPass(w.cfg.Concurrency, job.Options.Rate)
	s.rows = semaphore.NewWeighted(s.places)
	s.room = semaphore.NewWeighted(roomForBatches)
	s.evidence = newEvidence()
	s.callers = newCallers(w.cfg.Concurrency)
	s.soft, s.finish = context.WithCancelCause(w.drain)
	return s
}

// stateError ends the serving of a job because of its state.
type stateError struct{ state jobs.State }

func (e stateError) Error() string { return "job is " + string(e.state) }

// handBack is the error by which a handler gives its batch back to asynq, to be delivered again
// after the delay.
type handBack struct {
	delay time.Duration
	cause error
}

func (h *handBack) Error() string { return "handed back: " + h.cause.Error() }
func (h *handBack) Unwrap() error { return h.cause }

// retryDelay is for errors other than a handBack: a panic, or Redis that does not answer.
const retryDelay = 5 * time.Second

func (s *server) serve(ctx context.Context) error {
	defer s.finish(nil)
	s.memory = s.remember(s.job.ID)
	defer s.leave(s.job.ID)
	// asynq requeues what is still running after this; the calls themselves end before.
	shutdown := s.job.Options.Timeout + 5*time.Second
	srv := asynq.NewServerFromRedisClient(s.rdb, asynq.Config{
		Concurrency:              s.cfg.Concurrency,
		Queues:                   map[string]int{queue.Name(s.job.ID, s.job.InCanary()): 1},
		BaseContext:              func() context.Context { return ctx },
		TaskCheckInterval:        100 * time.Millisecond,
		DelayedTaskCheckInterval: time.Second,
		ShutdownTimeout:          shutdown,
		IsFailure:                func(error) bool { return false }, // I8: outcomes are the ledger's
		RetryDelayFunc: func(_ int, err error, _ *asynq.Task) time.Duration {
			if h, ok := errors.AsType[*handBack](err); ok {
				return h.delay
			}
			if ctx.Err() != nil { // this worker is stopped: the next one may have the batch at once
				return 0
			}
			return retryDelay
		},
		Logger:   asynqLogger{s.log},
		LogLevel: asynq.WarnLevel,
	})
	if err := s.beat(ctx); err != nil {
		return err
	}
	s.rate = unknownRate
	s.noteRate(ctx) // before the first call: one that holds no longer is taken back
	if err := srv.Start(asynq.HandlerFunc(func(lease context.Context, t *asynq.Task) error { return s.handle(ctx, lease, t) })); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	s.log.Info("serving job", "app", s.job.Options.App)
	alive, die := context.WithCancel(ctx)
	var life sync.WaitGroup
	life.Go(func() { s.live(alive) })
	life.Go(func() { s.reports(alive) })
	life.Go(func() { s.keepPace(alive) })
	life.Go(func() { s.app.pace.Listen(alive) })
	s.watch(ctx)
	srv.Stop()
	srv.Shutdown()
	s.handlers.Wait() // asynq does not wait for a handler whose context has ended
	s.callers.end()
	die()
	life.Wait()
	s.log.Info("left job", "cause", context.Cause(s.soft))
	if broken, ok := errors.AsType[notKept](context.Cause(s.soft)); ok {
		return errors.Join(broken.error, s.clean())
	}
	return s.clean()
}

// watch returns when the job is to be left: its state says so, or the worker stops.
func (s *server) watch(ctx context.Context) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.finish(ctx.Err())
		case <-s.soft.Done():
			return
		case <-tick.C:
			_, state, err := s.ledger.Standing(ctx, s.job.ID)
			if ledger.Unreadable(err) {
				s.log.Error("leaving job: Redis has lost its record, or it cannot be read any more", "error", err)
				s.finish(err)
				continue
			}
			if err != nil {
				s.log.Warn("could not read the job's state", "error", err)
				continue
			}
			s.see(state)
			if s.job.InCanary() {
				s.judgeCanary(ctx)
			}
			if s.soft.Err() == nil && !s.window.open(time.Now()) {
				s.pause(ctx, jobs.PauseWindow, s.job.Options.OutsideWindow())
			}
		}
	}
}

// see stops the job's calls when its state does not allow them.
func (s *server) see(state jobs.State) {
	if state == jobs.Paused || state.Ended() {
		s.finish(stateError{state})
	}
}

// clean drops what the worker and, once the job is finished, asynq keep of it: whatever the worker
// leaves the job for, since asynq counts its last task after another worker may have dropped the queue. A
// cancelled job's queue stays: its tasks are the rows that the report calls unprocessed.
func (s *server) clean() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := errors.Join(s.lastReport(ctx), s.ledger.Leave(ctx, s.job.ID, s.cfg.Name), s.app.leaveOutage(ctx))
	_, state, standing := s.ledger.Standing(ctx, s.job.ID)
	if ledger.Unreadable(standing) {
		return err // it was reported when the job was left
	}
	if standing != nil || state != jobs.Finished {
		return errors.Join(err, standing)
	}
	return errors.Join(err, s.queues.Drop(ctx, s.job.ID))
}

// pause stops the job for all workers, with the reason that people will read.
func (s *server) pause(ctx context.Context, kind jobs.PauseKind, reason string) {
	if errors.As(context.Cause(s.soft), new(stateError)) {
		return // another row was first
	}
	if err := s.ledger.Pause(ctx, s.job.ID, "", kind, reason); err != nil {
		s.log.Error("could not pause job", "reason", reason, "error", err)
		return
	}
	s.log.Warn("paused job", "reason", reason)
	s.finish(stateError{jobs.Paused})
	if err := s.queues.Pause(s.job.ID); err != nil {
		s.log.Warn("could not pause queue", "error", err)
	}
}

// handle works one delivery. The end of lease, asynq's context for the task, lets it start no more
// calls; the end of ctx cuts those in flight.
func (s *server) handle(ctx, lease context.Context, task *asynq.Task) error {
	s.handlers.Add(1)
	defer s.handlers.Done()
	batch, leave, err := s.take(task.Payload())
	if back, ok := errors.AsType[*handBack](err); ok {
		return back
	}
	if err != nil {
		s.pause(ctx, jobs.PauseUnreadable, fmt.Sprintf("worker %s cannot read a batch of the queue (%s): its rows stay unprocessed; other batches go on when the job is resumed", s.cfg.Name, err))
		return &handBack{time.Minute, err}
	}
	defer leave()
	if _, busy := s.running.LoadOrStore(batch.Number, true); busy {
		return &handBack{ledger.Patience, errors.New("this worker has the batch")}
	}
	r := newRun(s, batch)
	stop := context.AfterFunc(lease, func() { r.stop(lease.Err()) })
	err = r.work(ctx)
	stop()
	s.memory.end(batch.Number, task.Payload())
	s.running.Delete(batch.Number)
	if errors.Is(err, errLost) {
		return s.putBack(ctx, r.delivery, task.Payload())
	}
	return err
}

// putBack queues a batch that Redis has lost writes of, under an id of its own: what asynq knows of the delivery that ends here may be
// lost, too, or be that of another worker's.
func (s *server) putBack(ctx context.Context, d ledger.Delivery, payload []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastCommit)
	defer cancel()
	if err := s.queues.Put(ctx, s.job.ID, s.job.InCanary(), d.Batch, d.Fence, payload); err != nil {
		return &handBack{retryDelay, err}
	}
	return nil
}

// take decodes a batch for which there is room (I6). One that finds none waits encoded.
func (s *server) take(payload []byte) (b jobs.Batch, leave func(), err error) {
	for held := int64(0); ; {
		b, err = s.codec.DecodeBatch(payload)
		need := min(b.Memory(), roomForBatches)
		switch {
		case err != nil:
			s.room.Release(held)
			return b, nil, err
		case need <= held || held == 0 && s.room.TryAcquire(need):
			return b, func() { s.room.Release(max(held, need)) }, nil
		}
		b = jobs.Batch{}
		if s.room.Acquire(s.soft, need) != nil {
			return b, nil, &handBack{0, context.Cause(s.soft)}
		}
		held = need
	}
}

// asynqLogger passes asynq's messages on as sunbulk's own.
type asynqLogger struct{ log *slog.Logger }

func (l asynqLogger) Debug(args ...any) { l.log.Debug("asynq", "message", message(args)) }
func (l asynqLogger) Info(args ...any)  { l.log.Debug("asynq", "message", message(args)) }
func (l asynqLogger) Warn(args ...any)  { l.log.Warn("asynq", "message", message(args)) }
func (l asynqLogger) Error(args ...any) { l.log.Error("asynq", "message", message(args)) }
func (l asynqLogger) Fatal(args ...any) { l.log.Error("asynq", "message", message(args)) }

func message(args []any) string { return strings.TrimSpace(fmt.Sprint(args...)) }
