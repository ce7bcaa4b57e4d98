package metrics

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

const (
	app = "app"
	job = "20261122-153012-k3f9"
)

// busy returns metrics in which everything has happened once, of a Redis with a running job of
// three rows in two batches, one of which waits.
func busy(t *testing.T) (*Metrics, *redistest.Server) {
	t.Helper()
	server := redistest.Start(t)
	rdb := server.Client(t)
	m := New("v1.2.3", []string{app})
	m.Share(rdb, shareJob(t, rdb), newQueues(t, rdb))
	m.Called(app, worker.Call{Op: jobs.Create, Status: "ok", Answered: true, Waited: time.Second, Took: 200 * time.Millisecond})
	m.Called(app, worker.Call{Op: jobs.Create, Look: true, Status: "429", Answered: true, Took: 20 * time.Millisecond})
	m.Called(app, worker.Call{Op: jobs.Create, Status: "no_answer", Took: 30 * time.Second})
	m.Opened(app)
	m.Committed(app, []jobs.Outcome{{Row: jobs.Row{Op: jobs.Create}, Kind: jobs.OK}, {Row: jobs.Row{Op: jobs.Remove}, Kind: jobs.Noop}}, true)
	m.Noticed("paused", "delivered")
	return m, server
}

func shareJob(t *testing.T, rdb redis.UniversalClient) *ledger.Ledger {
	t.Helper()
	ctx, l := t.Context(), ledger.New(rdb, newCodec(t))
	opt := jobs.Options{App: app, Rate: 40}
	for id, of := range map[string]string{job: app, "20261122-153013-zzzz": "another"} {
		opt.App = of
		if err := l.Create(ctx, jobs.Job{ID: id, Options: opt, Created: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Note(ctx, job, ledger.Note{Read: 3, Batches: 2}); err != nil {
		t.Fatal(err)
	}
	if err := newQueues(t, rdb).Add(ctx, job, jobs.Batch{Rows: []jobs.Row{{Number: 1, Op: jobs.List, User: "u"}}}); err != nil {
		t.Fatal(err)
	}
	if err := pace.New(rdb, app, "w").Lane(job, pace.Terms{Rate: 40, Burst: 1}).Keep(ctx); err != nil {
		t.Fatal(err)
	}
	return l
}

func newCodec(t *testing.T) *jobs.Codec {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func newQueues(t *testing.T, rdb redis.UniversalClient) *queue.Queues {
	return queue.New(rdb, newCodec(t))
}

func TestMetricsFollowTheConventions(t *testing.T) {
	m, _ := busy(t)
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestMetricsTellWhatHappened(t *testing.T) {
	m, _ := busy(t)
	got := get(t, m, "/metrics", http.StatusOK)
	for _, want := range []string{
		`sunbulk_build_info{goversion="go`,
		`sunbulk_calls_total{app="app",operation="create",status="ok"} 1`,
		`sunbulk_calls_total{app="app",operation="look",status="429"} 1`,
		`sunbulk_calls_total{app="app",operation="create",status="no_answer"} 1`,
		`sunbulk_call_duration_seconds_count{app="app",operation="create"} 1`,
		`sunbulk_call_wait_seconds_sum{app="app"} 1`,
		`sunbulk_rows_total{app="app",operation="create",outcome="ok"} 1`,
		`sunbulk_rows_total{app="app",operation="remove",outcome="noop"} 1`,
		`sunbulk_rows_total{app="app",operation="list",outcome="failed"} 0`,
		`sunbulk_batches_opened_total{app="app"} 1`,
		`sunbulk_batches_finished_total{app="app"} 1`,
		`sunbulk_notices_total{event="paused",result="delivered"} 1`,
		`sunbulk_redis_up 1`,
		`sunbulk_pace_configured_calls_per_second{app="app"} 40`,
		`sunbulk_pace_effective_calls_per_second{app="app"} 40`,
		`sunbulk_pace_halted{app="app"} 0`,
		`sunbulk_jobs{app="app",state="enqueuing"} 1`,
		`sunbulk_jobs{app="app",state="paused"} 0`,
		`sunbulk_rows_unprocessed{app="app"} 3`,
		`sunbulk_queue_batches{app="app",state="pending"} 1`,
		`sunbulk_queue_batches{app="app",state="archived"} 0`,
		`sunbulk_links{app="app",state="pending"} 0`,
		`sunbulk_webhook_silent{app="app"} 0`,
		"\ngo_goroutines ", "\nprocess_open_fds ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	for _, not := range []string{"another", job} {
		if strings.Contains(got, not) {
			t.Errorf("%q is in\n%s", not, got)
		}
	}
}

func TestMetricsGoOnWithoutRedis(t *testing.T) {
	m, server := busy(t)
	server.Kill()
	got := get(t, m, "/metrics", http.StatusOK)
	for _, want := range []string{"sunbulk_redis_up 0", `sunbulk_batches_opened_total{app="app"} 1`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "sunbulk_jobs") {
		t.Errorf("jobs are reported without Redis:\n%s", got)
	}
}

func TestHealth(t *testing.T) {
	m := New("v1.2.3", nil)
	get(t, m, "/healthz", http.StatusOK)
	get(t, m, "/readyz", http.StatusOK)
	server := httptest.NewServer(m.Handler(func(context.Context) error { return errors.New("draining") }))
	t.Cleanup(server.Close)
	if got := fetch(t, server.URL+"/readyz", http.StatusServiceUnavailable); got != "draining\n" {
		t.Errorf("not ready: got %q", got)
	}
	fetch(t, server.URL+"/healthz", http.StatusOK)
	fetch(t, server.URL+"/", http.StatusNotFound)
}

// get returns what a ready worker answers at path.
func get(t *testing.T, m *Metrics, path string, status int) string {
	t.Helper()
	server := httptest.NewServer(m.Handler(func(context.Context) error { return nil }))
	defer server.Close()
	return fetch(t, server.URL+path, status)
}

func fetch(t *testing.T, url string, status int) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("%s: got %d, want %d\n%s", url, res.StatusCode, status, body)
	}
	return string(body)
}

// Links are shown for a day after their job has ended, and a webhook is silent where some are pending and no event comes.
func TestMetricsTellWhatBecameOfLinks(t *testing.T) {
	m, server := busy(t)
	rdb := server.Client(t)
	ctx, l := t.Context(), ledger.New(rdb, newCodec(t))
	const ended = "20261122-153014-aaaa"
	if err := l.Create(ctx, jobs.Job{ID: ended, Options: jobs.Options{App: app, BatchSize: 3}, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := l.Note(ctx, ended, ledger.Note{Read: 3, Batches: 1, Through: 3}); err != nil {
		t.Fatal(err)
	}
	if err := l.Seal(ctx, ended, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	d, err := l.Open(ctx, ended, 0, ledger.Claim{Worker: "w", Calling: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.Commit{Sequence: 1, Progress: jobs.NewProgress(3), Tally: jobs.Tally{OK: 3}}
	for row, status := range []string{"pending", "pending", "active"} {
		c.Progress.Finish(row)
		c.Outcomes = append(c.Outcomes, jobs.Outcome{Row: jobs.Row{Number: int64(row + 1), Op: jobs.Create, User: "u"}, Kind: jobs.OK,
			ClientID: "c" + status, ClientStatus: status, FinishedAt: time.Now()})
	}
	if r, err := l.Commit(ctx, d, c, time.Now()); err != nil || !r.Accepted {
		t.Fatal(r, err)
	}
	shows := func(wants ...string) {
		t.Helper()
		got := get(t, m, "/metrics", http.StatusOK)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
	}
	shows(`sunbulk_links{app="app",state="pending"} 2`, `sunbulk_links{app="app",state="active"} 1`, `sunbulk_webhook_silent{app="app"} 1`,
		`sunbulk_jobs{app="app",state="enqueuing"} 1`, `sunbulk_rows_unprocessed{app="app"} 3`)
	if _, err := l.KeepEvents(ctx, app, []ledger.NewEvent{{Name: "one"}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	change := ledger.LinkChange{Row: 1, Made: jobs.Observation{State: jobs.LinkPending}}
	change.Link.Observe(jobs.Observation{State: jobs.LinkFailed, At: time.Now()})
	if _, err := l.JoinLinks(ctx, ended, []ledger.LinkChange{change}); err != nil {
		t.Fatal(err)
	}
	shows(`sunbulk_links{app="app",state="pending"} 1`, `sunbulk_links{app="app",state="failed"} 1`, `sunbulk_webhook_silent{app="app"} 0`)
	rdb.HSet(ctx, "sunbulk:{"+ended+"}", "finished", time.Now().Add(-25*time.Hour).UnixMilli())
	shows(`sunbulk_links{app="app",state="pending"} 0`, `sunbulk_links{app="app",state="failed"} 0`, `sunbulk_webhook_silent{app="app"} 0`)
}
