package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// standing is what status --json shows: the job in numbers, and how it goes on. What only a job that
// has not ended has is left out of others.
type standing struct {
	report.Summary
	CallsPerSecond callRates      `json:"callsPerSecond"`
	InFlight       int64          `json:"inFlight"`
	Workers        []workerView   `json:"workers"`
	Slow           []string       `json:"slow,omitempty"` // why it is slower than asked
	ETA            *timeLeft      `json:"eta,omitempty"`
	Pace           *pace.Standing `json:"pace,omitempty"`
	Canary         string         `json:"canary,omitempty"`      // how far it is, for people; empty when the other rows may go
	Lost           int64          `json:"lostBatches,omitempty"` // not finished, and in no queue
}

// callRates are calls per second of all workers.
type callRates struct {
	Now float64 `json:"now"` // over the last 12 s
	Run float64 `json:"run"` // without pauses
}

// workerView is a worker that serves the job, for people.
type workerView struct {
	Host           string       `json:"host"`
	PID            int          `json:"pid,omitempty"`
	Since          time.Time    `json:"since"`
	InFlight       int64        `json:"inFlight"`
	Doing          ledger.Doing `json:"doing"`
	CallsPerSecond float64      `json:"callsPerSecond"`
	Share          float64      `json:"share"` // of the job's calls now, 0 to 1
}

// timeLeft is how long the rest takes, as a range; see jobs.Job.Left.
type timeLeft struct {
	Low  float64 `json:"lowSeconds"`
	High float64 `json:"highSeconds"`
}

// standingOf reads how a job stands.
func standingOf(ctx context.Context, st *store, job jobs.Job, now time.Time) (standing, error) {
	s := standing{Summary: report.Summarize(job), Workers: []workerView{}, Canary: job.CanaryProgress()}
	for i := range s.Causes {
		c := &s.Causes[i]
		if c.Retry = report.RetryLine(s.Summary, c.Code); c.Retry != "" && job.RetriedBy(c.Code) != "" {
			c.Retry, c.TakenBy = "", job.RetriedBy(c.Code)
		}
	}
	if worked := job.Worked(now).Seconds(); worked > 0 {
		s.CallsPerSecond.Run = round(float64(job.Stats.Calls) / worked)
	}
	if job.State == jobs.Finished {
		return s, nil
	}
	workers, err := st.ledger.Workers(ctx, job.ID)
	if err != nil {
		return s, err
	}
	s.serve(workers)
	if job.State.Ended() {
		return s, nil
	}
	read, err := pace.Read(ctx, st.rdb, job.Options.App)
	if err != nil {
		return s, err
	}
	s.Pace = &read
	if low, high, known := job.Left(s.CallsPerSecond.Now, now); known && job.State != jobs.Paused {
		s.ETA = &timeLeft{round(low.Seconds()), round(high.Seconds())}
	}
	if s.Lost, err = st.lostBatches(ctx, job); err != nil {
		return s, err
	}
	s.Slow = slowness(job, read, workers, now)
	return s, nil
}

// serve sets what the workers tell of themselves.
func (s *standing) serve(workers []ledger.Worker) {
	var sum float64
	for _, w := range workers {
		s.InFlight += w.InFlight
		sum += w.PerSecond
	}
	for _, w := range workers {
		v := workerView{Since: w.Since, InFlight: w.InFlight, Doing: w.Doing, CallsPerSecond: round(w.PerSecond)}
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
