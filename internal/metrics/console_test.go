package metrics

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// served are the metrics of a console that answered.
func served() *Console {
	c := NewConsole("v1", func() int { return 3 })
	c.Served("GET /jobs/{job}", 200, 20*time.Millisecond)
	c.Served("GET /v1/jobs/{job}/events", 200, 10*time.Minute)
	c.Served("", 421, time.Millisecond)
	return c
}

func TestConsoleMetrics(t *testing.T) {
	c := served()
	problems, err := testutil.GatherAndLint(c.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("got %v, %v", problems, err)
	}
	if got := testutil.ToFloat64(c.requests.WithLabelValues("none", "421")); got != 1 {
		t.Errorf("got %v requests without a route, want 1", got)
	}
	if got := testutil.CollectAndCount(c.durations); got != 2 {
		t.Errorf("got %d durations, want 2: how long somebody follows a job is none", got)
	}
}
