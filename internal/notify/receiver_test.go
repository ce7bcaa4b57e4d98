package notify

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

const (
	app = "app"
	job = "20261122-153012-k3f9"
)

// receiver is a webhook that answers with the given statuses, the last one for ever; 0 cuts the
// connection.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	posts    []post
}

type post struct {
	header http.Header
	body   []byte
}

func receive(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.posts = append(r.posts, post{req.Header, body})
	status := r.statuses[min(len(r.posts), len(r.statuses))-1]
	r.mu.Unlock()
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
}

// ids are those of the notices that came, in their order.
func (r *receiver) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, p := range r.posts {
		ids = append(ids, p.header.Get("Sunbulk-Notice-Id"))
	}
	return ids
}

func (r *receiver) hook(t *testing.T, format Format, secret string) *Hook {
	t.Helper()
	h, err := NewHook(r.URL+"/services/HOOKKEY", Sender{Format: format, Secret: secret, Agent: "sunbulk/test"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// place is a Redis with one job.
type place struct {
	t      *testing.T
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
}

func newPlace(t *testing.T) *place {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	rdb := redistest.Start(t).Client(t)
	p := &place{t, rdb, ledger.New(rdb, codec)}
	opt := jobs.Options{App: app, Schedule: jobs.Schedule{Window: "22:00-06:00", Timezone: "UTC"}}
	p.do(p.ledger.Create(t.Context(), jobs.Job{ID: job, Options: opt, Created: time.Now()}))
	p.do(p.ledger.Note(t.Context(), job, ledger.Note{Read: 10, Batches: 1}))
	return p
}

func (p *place) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) notifier(h *Hook) *Notifier {
	return New(p.rdb, p.ledger, h, Config{Apps: []string{app}, StalledAfter: 10 * time.Minute})
}

// look is one look of a notifier at all jobs.
func (p *place) look(n *Notifier) {
	p.t.Helper()
	p.do(n.look(p.t.Context()))
}

func (p *place) pause(kind jobs.PauseKind, reason string) {
	p.t.Helper()
	p.do(p.ledger.Pause(p.t.Context(), job, "", kind, reason))
}

func (p *place) resume() {
	p.t.Helper()
	p.do(p.ledger.Resume(p.t.Context(), job, "ann@host", ""))
}

// finish ends the job at a time, by itself.
func (p *place) finish(at time.Time) {
	p.t.Helper()
	d, err := p.ledger.Open(p.t.Context(), job, 0, ledger.Claim{Worker: "w"}, at)
	p.do(err)
	progress := jobs.NewProgress(10)
	c := ledger.Commit{Sequence: 1, Progress: progress}
	for i := range 10 {
		progress.Finish(i)
		c.Outcomes = append(c.Outcomes, jobs.Outcome{Row: jobs.Row{Number: int64(i) + 1, Op: jobs.List, User: "person-1"}, Kind: jobs.OK})
		c.Tally.Add(jobs.OK, 1)
	}
	_, err = p.ledger.Commit(p.t.Context(), d, c, at)
	p.do(err)
	p.do(p.ledger.Seal(p.t.Context(), job, nil, at))
}
