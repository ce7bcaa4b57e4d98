package worker_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// clocked calls the handler in the process, and notes when.
type clocked struct {
	handler http.Handler
	mu      sync.Mutex
	times   []time.Time
}

func (c *clocked) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.times = append(c.times, time.Now().UTC())
	c.mu.Unlock()
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// No call starts before the window opens, nor after it has closed, to the millisecond; and it is used to its end.
func TestNoCallOutsideTheWindow(t *testing.T) {
	_, _ = net.LookupHost("localhost") // the first makes what all share, which must not be the bubble's
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2*time.Hour + 59*time.Minute + 17*time.Second) // the bubble begins at midnight
		opt := options()
		opt.Schedule = jobs.Schedule{Window: "03:00-03:01", Timezone: "UTC"}
		opt.Rate, opt.Burst = 50, 5
		opt.Timeout = time.Minute
		calls := &clocked{handler: suncotest.New(suncotest.Config{})}
		redis, err := localredis.Start()
		if err != nil {
			t.Fatal(err)
		}
		defer redis.Close()
		b := newBenchFor(t, redis.Client(), sunco.Config{Transport: calls}, opt)
		rows := creates(4000)
		for i := range rows {
			rows[i].Confirmation = "prompt" // announced before each call
		}
		b.queue(100, rows...)
		w := b.worker()
		ended := make(chan error)
		go func() { ended <- w.Serve(t.Context(), b.job) }()
		time.Sleep(2*time.Minute + 17*time.Second)
		w.Drain()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		opens := time.Date(2000, 1, 1, 3, 0, 0, 0, time.UTC)
		first, last := slices.MinFunc(calls.times, time.Time.Compare), slices.MaxFunc(calls.times, time.Time.Compare)
		if first.Before(opens) || first.After(opens.Add(5*time.Second)) {
			t.Errorf("first call: got %s, want it soon after %s", first, opens)
		}
		if closes := opens.Add(time.Minute); !last.Before(closes) || last.Before(closes.Add(-time.Second)) {
			t.Errorf("last call: got %s, want it shortly before %s", last, closes)
		}
		job := b.state()
		if job.State != jobs.Paused || job.Reason != opt.OutsideWindow() || job.Tally.InDoubt+job.Tally.Failed > 0 || job.Tally.OK != int64(len(calls.times)) {
			t.Errorf("got the job %s (%s) with %+v after %d calls, want it paused with a row done for each", job.State, job.Reason, job.Tally, len(calls.times))
		}
	})
}

// No call is made for a job whose window or deadline is of no time zone, or of one that is not known here: each worker
// would take another hour.
func TestNoCallByAScheduleOfNoZone(t *testing.T) {
	for name, schedule := range map[string]jobs.Schedule{
		"a window": {Window: "sun-sat 00:00-24:00"}, "a deadline": {FinishBy: "2001-01-01 06:00"}, "another machine's": {Window: "00:00-24:00", Timezone: "Local"},
		"a later year's": {Window: "00:00-24:00", Timezone: "Europe/Atlantis"},
	} {
		t.Run(name, func(t *testing.T) {
			opt := options()
			opt.Schedule = schedule
			calls := &clocked{handler: suncotest.New(suncotest.Config{})}
			redis, err := localredis.Start()
			if err != nil {
				t.Fatal(err)
			}
			defer redis.Close()
			b := newBenchFor(t, redis.Client(), sunco.Config{Transport: calls}, opt)
			b.queue(10, creates(20)...)
			serve := func() jobs.Job {
				t.Helper()
				if err := b.worker().Serve(t.Context(), b.job); err != nil {
					t.Fatal(err)
				}
				job, err := b.ledger.Job(t.Context(), b.job)
				if err != nil {
					t.Fatal(err)
				}
				return job
			}
			job := serve()
			if job.State != jobs.Paused || job.Reason != schedule.Unclear() || len(calls.times) > 0 {
				t.Fatalf("got %s, %q, %d calls, want paused by %q and none", job.State, job.Reason, len(calls.times), schedule.Unclear())
			}
			// An earlier sunbulk had it wait for its window.
			if err := errors.Join(b.queues.Resume(b.job), b.ledger.Resume(t.Context(), b.job, "ann", ""), b.ledger.Pause(t.Context(), b.job, "", jobs.PauseWindow, schedule.OutsideWindow())); err != nil {
				t.Fatal(err)
			}
			if job = serve(); schedule.Window != "" && job.Reason != schedule.Unclear() {
				t.Errorf("reason of one that waits: got %q, want %q", job.Reason, schedule.Unclear())
			}
			amended := job.Options
			amended.Timezone = "Europe/Madrid"
			if err := b.ledger.Amend(t.Context(), b.job, "ann", amended, nil); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(b.queues.Resume(b.job), b.ledger.Resume(t.Context(), b.job, "ann", "")); err != nil {
				t.Fatal(err)
			}
			if job = serve(); job.State != jobs.Finished || len(calls.times) != 20 {
				t.Errorf("with a zone: got %s and %d calls, want finished and 20", job.State, len(calls.times))
			}
		})
	}
}
