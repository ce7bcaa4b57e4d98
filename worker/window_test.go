package worker_test

import (
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
