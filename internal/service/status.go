package service

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// Status is a job in numbers, and how it goes on. What only a job that
// has not ended has is left out of others.
type Status struct {
	report.Summary
	CallsPerSecond CallRates      `json:"callsPerSecond"`
	InFlight       int64          `json:"inFlight"`
	Workers        []WorkerStatus `json:"workers"`
	Slow           []string       `json:"slow,omitempty"` // why it is slower than asked
	ETA            *TimeLeft      `json:"eta,omitempty"`
	Pace           *Pace          `json:"pace,omitempty"`
	Canary         string         `json:"canary,omitempty"`      // how far it is, for people; empty when the other rows may go
	Lost           int64          `json:"lostBatches,omitempty"` // not finished, and in no queue
	Webhook        *WebhookNews   `json:"webhook,omitempty"`     // where links are pending
	Resumable      bool           `json:"-"`                     // its input can be read again, so that what is missing can be queued
}

// CallRates are calls per second of all workers.
type CallRates struct {
	Now float64 `json:"now"` // over the last 12 s
	Run float64 `json:"run"` // without pauses
}

// WorkerStatus is a worker that serves the job, for people.
type WorkerStatus struct {
	Host           string       `json:"host"`
	PID            int          `json:"pid,omitempty"`
	Since          time.Time    `json:"since"`
	InFlight       int64        `json:"inFlight"`
	Doing          ledger.Doing `json:"doing"`
	CallsPerSecond float64      `json:"callsPerSecond"`
	Share          float64      `json:"share"` // of the job's calls now, 0 to 1
}

// TimeLeft is how long the rest takes, as a range; see jobs.Job.Left.
type TimeLeft struct {
	Low  float64 `json:"lowSeconds"`
	High float64 `json:"highSeconds"`
}

// Status returns how a job goes on.
func (s *Service) Status(ctx context.Context, id string) (Status, jobs.Job, error) {
	job, err := s.Job(ctx, id)
	if err != nil {
		return Status{}, job, err
	}
	status, err := s.status(ctx, job, time.Now())
	return status, job, err
}

func (s *Service) status(ctx context.Context, job jobs.Job, now time.Time) (Status, error) {
	st := Status{Summary: report.Summarize(job), Workers: []WorkerStatus{}, Canary: job.CanaryProgress()}
	_, retried := job.Retry()
	st.Resumable = job.Fingerprint != "" && !retried && !(job.Piped() && job.Sealed)
	for i := range st.Causes {
		c := &st.Causes[i]
		if c.Retry = report.RetryLine(st.Summary, c.Code); c.Retry != "" && job.RetriedBy(c.Code) != "" {
			c.Retry, c.TakenBy = "", job.RetriedBy(c.Code)
		}
	}
	if worked := job.Worked(now).Seconds(); worked > 0 {
		st.CallsPerSecond.Run = round(float64(job.Stats.Calls) / worked)
	}
	var err error
	if st.Webhook, err = s.Webhook(ctx, job, now); err != nil || job.State == jobs.Finished {
		return st, err
	}
	workers, err := s.ledger.Workers(ctx, job.ID)
	if err != nil {
		return st, err
	}
	st.serve(workers)
	if job.State.Ended() {
		return st, nil
	}
	read, err := s.Rate(ctx, job.Options.App)
	if err != nil {
		return st, err
	}
	st.Pace = &read
	if low, high, known := job.Left(st.CallsPerSecond.Now, now); known && job.State != jobs.Paused {
		st.ETA = &TimeLeft{round(low.Seconds()), round(high.Seconds())}
	}
	if st.Lost, err = s.lostBatches(ctx, job); err != nil {
		return st, err
	}
	st.Slow = slowness(job, read, workers, now)
	return st, nil
}

// lostBatches counts the batches of a job that are not finished and in no queue: deleted or
// archived by hand, or queued after the copy that Redis was restored from.
func (s *Service) lostBatches(ctx context.Context, job jobs.Job) (n int64, err error) {
	if !job.Sealed || job.State.Ended() {
		return 0, nil
	}
	unfinished, err := s.ledger.Unfinished(ctx, job.ID, job.Batches)
	if err != nil {
		return 0, err
	}
	for _, err := range s.queues.Lost(ctx, job.ID, unfinished) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Snapshot is a job as it is at a moment, for a line of progress.
type Snapshot struct {
	Job     jobs.Job
	Workers int      // that serve it
	Slow    []string // why it is slower than asked
	At      time.Time
}

// Snapshot reads a job as it is now.
func (s *Service) Snapshot(ctx context.Context, id string) (Snapshot, error) {
	n := Snapshot{At: time.Now()}
	var err error
	if n.Job, err = s.Job(ctx, id); err != nil {
		return n, err
	}
	read, err := pace.Read(ctx, s.rdb, n.Job.Options.App)
	if err != nil {
		return n, err
	}
	workers, err := s.ledger.Workers(ctx, id)
	n.Workers, n.Slow = len(workers), slowness(n.Job, read, workers, n.At)
	return n, err
}

// Jobs returns all jobs in numbers, the newest first, and why others could not be read.
func (s *Service) Jobs(ctx context.Context) (all []report.Summary, unreadable []error, err error) {
	all = []report.Summary{}
	unreadable, err = s.eachRecord(ctx, func(job jobs.Job) error {
		all = append(all, report.Summarize(job))
		return nil
	})
	return all, unreadable, err
}

// eachRecord does something with every job, the newest first, and returns why others could not be read.
func (s *Service) eachRecord(ctx context.Context, do func(jobs.Job) error) (unreadable []error, err error) {
	ids, err := s.ledger.IDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		job, err := s.ledger.Job(ctx, id)
		if err == nil {
			if err := do(job); err != nil {
				return unreadable, err
			}
			continue
		}
		if !ledger.Unreadable(err) {
			return unreadable, err
		}
		if listed, err := s.ledger.Listed(ctx, id); err != nil || !listed { // forgotten meanwhile
			continue
		}
		if errors.Is(err, ledger.ErrNoJob) {
			err = &ledger.UnreadableError{ID: id, Why: "it is lost"}
		}
		unreadable = append(unreadable, typed(err))
	}
	return unreadable, nil
}

// serve sets what the workers report themselves.
func (s *Status) serve(workers []ledger.Worker) {
	var sum float64
	for _, w := range workers {
		s.InFlight += w.InFlight
		sum += w.PerSecond
	}
	for _, w := range workers {
		v := WorkerStatus{Since: w.Since, InFlight: w.InFlight, Doing: w.Doing, CallsPerSecond: round(w.PerSecond)}
		v.Host, v.PID = hostAndPID(w.Name)
		if sum > 0 {
			v.Share = round(w.PerSecond / sum)
		}
		s.Workers = append(s.Workers, v)
	}
	s.CallsPerSecond.Now = round(sum)
}

// hostAndPID takes apart what processName and the worker make: HOST-PID-RANDOM.
func hostAndPID(name string) (string, int) {
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		name = name[:i]
	}
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if pid, err := strconv.Atoi(name[i+1:]); err == nil {
			return name[:i], pid
		}
	}
	return name, 0
}

// round keeps two decimals, which is what people read and scripts compare.
func round(f float64) float64 { return float64(int64(f*100+0.5)) / 100 }
