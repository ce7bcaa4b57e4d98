package worker_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// front is an API behind something that answers some calls itself.
type front struct {
	*suncotest.Server
	refuse func(path string) http.HandlerFunc // nil: it does not
	calls  atomic.Int64                       // that reached it, of any kind
	probes atomic.Int64                       // of them, those for the app
}

func newFront(refuse func(path string) http.HandlerFunc) *front {
	return &front{Server: suncotest.New(suncotest.Config{}), refuse: refuse}
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.calls.Add(1)
	if !strings.Contains(r.URL.Path, "/users/") {
		f.probes.Add(1)
	}
	if answer := f.refuse(r.URL.EscapedPath()); answer != nil {
		answer(w, r)
		return
	}
	f.Server.ServeHTTP(w, r)
}

func page(code int, title string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprintf(w, "<html><head><title>%s</title></head></html>", title)
	}
}

func redirected(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/login", http.StatusFound)
}

// A row whose calls something in front of the API refuses fails alone, with its cause; the job goes on.
func TestRowThatIsRefusedAloneFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		code   string
	}{
		{"403 of a firewall", page(403, "Attention Required"), 403, "http_403"},
		{"403 of the API", fault(403, "forbidden"), 403, "forbidden"},
		{"404 of a router", page(404, "nginx"), 404, "http_404"},
		{"401", fault(401, "unauthorized"), 401, "unauthorized"},
		{"402", fault(402, "payment_required"), 402, "payment_required"},
		{"302", redirected, 302, "http_302"},
		{"400 page", page(400, "Bad Request"), 400, "http_400"},
		{"405", page(405, ""), 405, "http_405"},
		{"413", page(413, "Too large"), 413, "http_413"},
		{"451", page(451, ""), 451, "http_451"},
	} {
		for _, position := range []int{1, 17, 40} {
			t.Run(fmt.Sprintf("%s, row %d", c.name, position), func(t *testing.T) {
				t.Parallel()
				api := newFront(func(path string) http.HandlerFunc {
					if strings.Contains(path, fmt.Sprintf("/users/user-%d/", position)) {
						return c.answer
					}
					return nil
				})
				opt := options()
				opt.MaxFailures = jobs.Threshold{Percent: 20}
				b := newBench(t, api, opt)
				b.queue(10, creates(40)...)
				b.serve()
				job, o := b.state(), b.outcomes()[int64(position)]
				if job.State != jobs.Finished || job.Tally.OK != 39 || job.Tally.Failed != 1 {
					t.Fatalf("got %s (%s), %+v; want finished, 39 ok and 1 failed", job.State, job.Reason, job.Tally)
				}
				if o.HTTPStatus != c.status || o.ErrorCode != c.code || o.Attempts != 1 || o.Error == "" {
					t.Errorf("got status %d, code %q, %d attempts, error %q; want %d, %q, 1 and a cause", o.HTTPStatus, o.ErrorCode, o.Attempts, o.Error, c.status, c.code)
				}
				if calls := api.calls.Load(); job.Stats.Calls != calls || calls > 42 {
					t.Errorf("got %d calls counted of %d, want all, and 42 at most", job.Stats.Calls, calls)
				}
			})
		}
	}
}

// Where every row is refused and a probe is not, few calls are made beside the rows', and --max-failures says when to stop.
func TestAllRowsRefused(t *testing.T) {
	t.Parallel()
	const n = 900
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		batch  int
		limit  jobs.Threshold
		state  jobs.State
		failed int64
	}{
		"pauses by the limit": {page(403, "Blocked"), 100, jobs.Threshold{Percent: 20}, jobs.Paused, 200},
		"no limit":            {page(404, "no route"), 100, jobs.Threshold{Percent: 100}, jobs.Finished, n},
		"no limit, coded":     {fault(403, "forbidden"), 100, jobs.Threshold{Percent: 100}, jobs.Finished, n},
		"batches of one row":  {page(405, ""), 1, jobs.Threshold{Percent: 100}, jobs.Finished, n},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newFront(func(path string) http.HandlerFunc {
				if strings.Contains(path, "/users/") {
					return test.answer
				}
				return nil
			})
			opt := options()
			opt.MaxFailures = test.limit
			if test.state == jobs.Paused {
				opt.Rate = 300 // so that there is time to hear of the limit
			}
			b := newBench(t, api, opt)
			b.queue(test.batch, creates(n)...)
			b.serve()
			job := b.state()
			if job.State != test.state || job.Tally.Failed < test.failed {
				t.Errorf("got %s (%s) with %d failed, want %s with %d at least", job.State, job.Reason, job.Tally.Failed, test.state, test.failed)
			}
			if probes, calls := api.probes.Load(), api.calls.Load(); probes > 1+calls/mostUnproven {
				t.Errorf("got %d probes of %d calls, want a fifth at most", probes, calls)
			}
		})
	}
}

const mostUnproven = 5

// A key that is refused pauses the job after a handful of calls, whenever it happens, and no row fails.
func TestRefusedKeyPausesTheJob(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		after  int64 // calls
		app    bool  // is refused, too
	}{
		"401 from the start":                       {fault(401, "unauthorized"), 0, true},
		"401 later":                                {fault(401, "unauthorized"), 100, true},
		"402 later":                                {fault(402, "payment_required"), 60, true},
		"403 of a key that may not create":         {fault(403, "forbidden"), 0, false},
		"another host's pages from some moment on": {page(404, "parked"), 80, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var begun, refused atomic.Int64
			api := newFront(func(path string) http.HandlerFunc {
				if begun.Add(1) <= test.after || !test.app && !strings.Contains(path, "/users/") {
					return nil
				}
				refused.Add(1)
				return test.answer
			})
			opt := options()
			opt.MaxFailures = jobs.Threshold{Percent: 20}
			opt.Rate = 100 // so that few calls are in flight
			b := newBench(t, api, opt)
			b.queue(100, creates(600)...)
			b.serve()
			job := b.state()
			if job.State != jobs.Paused || job.Tally.Failed != 0 || job.Tally.Unprocessed < 490 {
				t.Errorf("got %s with %+v, want paused and none failed", job.State, job.Tally)
			}
			if got := refused.Load(); got > 12 {
				t.Errorf("got %d calls that were refused, want a handful", got)
			}
			if !strings.Contains(job.Reason, "the API answered 40") || !strings.Contains(job.Reason, "row ") {
				t.Errorf("got the reason %q, want the answer and the row", job.Reason)
			}
		})
	}
}

// Credentials of integration scope may not ask for the app: other rows are the proof, and then their lists.
func TestRowRefusedToCredentialsOfIntegrationScope(t *testing.T) {
	t.Parallel()
	for _, position := range []int{1, 20} {
		t.Run(fmt.Sprint("row ", position), func(t *testing.T) {
			t.Parallel()
			api := newFront(func(path string) http.HandlerFunc {
				if strings.Contains(path, fmt.Sprintf("/users/user-%d/", position)) {
					return page(403, "Forbidden")
				}
				return nil
			})
			api.SetKnobs(suncotest.Knobs{IntegrationScope: true})
			b := newBench(t, api, options())
			b.queue(20, creates(20)...)
			b.serve()
			if job := b.state(); job.State != jobs.Finished || job.Tally.Failed != 1 {
				t.Errorf("got %s (%s), %+v; want finished with 1 failed", job.State, job.Reason, job.Tally)
			}
		})
	}
}

// A create whose answer was lost and whose look is refused alone stays in doubt (I2).
func TestI2LookThatIsRefusedAlone(t *testing.T) {
	t.Parallel()
	api := newFront(nil)
	api.refuse = func(path string) http.HandlerFunc {
		if !strings.Contains(path, "/users/user-3/") {
			return nil
		}
		if api.calls.Load() > 0 && len(api.Clients("user-3")) == 0 {
			return func(w http.ResponseWriter, r *http.Request) {
				api.Server.ServeHTTP(discard{http.Header{}}, r)
				panic(http.ErrAbortHandler)
			}
		}
		return page(403, "Forbidden")
	}
	b := newBench(t, api, options())
	b.queue(10, creates(10)...)
	b.serve()
	job, o := b.state(), b.outcomes()[3]
	if job.State != jobs.Finished || o.Kind != jobs.InDoubt || o.ErrorCode != "http_403" {
		t.Errorf("got %s, row 3 %s %s; want finished, in doubt by http_403", job.State, o.Kind, o.ErrorCode)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// Rows that are answered 429, or 503, for ever while others are not: the job ends, and nobody else pays for them.
func TestRowsThatFailAloneEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		rows   int // that meet it
		code   string
	}{
		"429":      {fault(429, ""), 1, "throttled"},
		"429 of 3": {page(429, "slow down"), 3, "throttled"},
		"503":      {page(503, "oops"), 1, "http_503"},
		"500 of 6": {fault(500, ""), 6, "http_500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newFront(func(path string) http.HandlerFunc {
				for i := range test.rows {
					if strings.Contains(path, fmt.Sprintf("/users/user-%d/", 40*i+7)) && strings.HasSuffix(path, "/clients") {
						return test.answer
					}
				}
				return nil
			})
			opt := options()
			opt.Rate = 400
			b := newBench(t, api, opt)
			rows := creates(3000)
			for i := range rows {
				rows[i].Op, rows[i].ClientID = jobs.List, ""
			}
			b.queue(100, rows...)
			b.serve()
			job := b.state()
			if job.State != jobs.Finished || job.Tally.Failed != int64(test.rows) || job.Tally.OK != int64(len(rows)-test.rows) {
				t.Fatalf("got %s (%s), %+v; want finished with %d failed", job.State, job.Reason, job.Tally, test.rows)
			}
			for _, o := range b.outcomes() {
				if o.Kind == jobs.Failed && o.ErrorCode != test.code || o.Kind == jobs.OK && o.Attempts != 1 {
					t.Errorf("row %d: got %s %s after %d attempts, want failed by %s, or ok at once", o.Row.Number, o.Kind, o.ErrorCode, o.Attempts, test.code)
				}
			}
		})
	}
}
