package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// bench is one job in a Redis of its own, with an API for its app.
type bench struct {
	t      *testing.T
	rdb    redis.UniversalClient
	codec  *jobs.Codec
	ledger *ledger.Ledger
	queues *queue.Queues
	api    *sunco.API
	job    string
}

const app = "app"

// options are those of most tests: no limit of rate, three attempts.
func options() jobs.Options {
	return jobs.Options{App: app, Attempts: 3, Timeout: 2 * time.Second, BatchSize: 10}
}

func newBench(t *testing.T, handler http.Handler, opt jobs.Options) *bench {
	t.Helper()
	r, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return newBenchOn(t, r.Client(), handler, opt)
}

func newRedisBench(t *testing.T, handler http.Handler, opt jobs.Options) *bench {
	t.Helper()
	return newBenchOn(t, redistest.Start(t).Client(t), handler, opt)
}

func newBenchOn(t *testing.T, rdb redis.UniversalClient, handler http.Handler, opt jobs.Options) *bench {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	if c, ok := handler.(interface{ Close() }); ok {
		t.Cleanup(c.Close)
	}
	return newBenchFor(t, rdb, sunco.Config{BaseURL: server.URL}, opt)
}

func newBenchFor(t *testing.T, rdb redis.UniversalClient, cfg sunco.Config, opt jobs.Options) *bench {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Auth = sunco.Token("token")
	api, err := sunco.New(app, cfg)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t, rdb, codec, ledger.New(rdb, codec), queue.New(rdb, codec), api, jobs.NewID(time.Now())}
	if err := b.ledger.Create(t.Context(), jobs.Job{ID: b.job, Options: opt, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return b
}

// queue adds the rows as batches of the given size and seals the job.
func (b *bench) queue(size int, rows ...jobs.Row) {
	b.t.Helper()
	ctx, batches := b.t.Context(), int64(0)
	for chunk := range slices.Chunk(rows, size) {
		for i := range chunk {
			chunk[i].Number = batches*int64(size) + int64(i) + 1
		}
		if err := b.ledger.Note(ctx, b.job, ledger.Note{Read: chunk[len(chunk)-1].Number, Batches: batches + 1}); err != nil {
			b.t.Fatal(err)
		}
		if err := b.queues.Add(ctx, b.job, jobs.Batch{Number: batches, Rows: chunk}); err != nil {
			b.t.Fatal(err)
		}
		batches++
	}
	if err := b.ledger.Seal(ctx, b.job, nil, time.Now()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) worker() *worker.Worker {
	return worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Backoff: 50 * time.Millisecond})
}

// newUnreliableBench has an API in which every fault happens now and then, and a job with attempts enough.
func newUnreliableBench(t *testing.T) (*suncotest.Server, *bench) {
	t.Helper()
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{
		Share503: 0.05, Share503After: 0.02, Share429: 0.01, RetryAfter: suncotest.RetryAfterNone, CutBefore: 0.02, CutAfter: 0.03, HalfAnswer: 0.02,
	}, Seed: 7})
	opt := options()
	opt.Attempts = 20
	return sim, newRedisBench(t, sim, opt)
}

// dieAfterAnnouncing opens batch 0, of that many rows, for a worker that announces its first two rows and
// is heard of no more. Whether either was sent is the test's to say.
func (b *bench) dieAfterAnnouncing(rows int) {
	b.t.Helper()
	ctx := b.t.Context()
	d, err := b.ledger.Open(ctx, b.job, 0, ledger.Claim{Worker: "dead", Calling: true}, time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	progress := jobs.NewProgress(rows)
	progress.SetDoubt(0, true)
	progress.SetDoubt(1, true)
	if _, err := b.ledger.Commit(ctx, d, ledger.Commit{Sequence: 1, Progress: progress, Dirty: true}, time.Now()); err != nil {
		b.t.Fatal(err)
	}
}

// serve works the job until it ends or pauses.
func (b *bench) serve() { b.t.Helper(); b.serveFor(time.Minute) }

func (b *bench) serveFor(most time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), most)
	defer cancel()
	if err := b.worker().Serve(ctx, b.job); err != nil {
		b.t.Fatal(err)
	}
}

// state returns the job, whose sum must hold (I1).
func (b *bench) state() jobs.Job {
	b.t.Helper()
	job, err := b.ledger.Job(context.Background(), b.job)
	if err != nil {
		b.t.Fatal(err)
	}
	if !job.Tally.AddsUp() {
		b.t.Errorf("rows do not add up: %+v", job.Tally)
	}
	return job
}

// outcomes returns what became of each row, by number; a row with two outcomes breaks I3.
func (b *bench) outcomes() map[int64]jobs.Outcome {
	b.t.Helper()
	all := map[int64]jobs.Outcome{}
	for chunk, err := range b.ledger.Chunks(b.t.Context(), b.job) {
		if err != nil {
			b.t.Fatal(err)
		}
		for _, o := range chunk.Outcomes {
			if _, twice := all[o.Row.Number]; twice {
				b.t.Errorf("row %d has two outcomes", o.Row.Number)
			}
			all[o.Row.Number] = o
		}
	}
	return all
}

func creates(n int) []jobs.Row {
	rows := make([]jobs.Row, n)
	for i := range rows {
		rows[i] = jobs.Row{Op: jobs.Create, User: fmt.Sprintf("user-%d", i+1), Type: "whatsapp", IntegrationID: "5e4af71a81966cfff3ef6550",
			PhoneNumber: fmt.Sprintf("+1212555%04d", i+1), Confirmation: "immediate", ConversationID: "5e4af71a81966cfff3ef6551"}
	}
	return rows
}

// answers plays the given responses one after the other, the last one for ever.
type answers struct {
	list []http.HandlerFunc
	next chan int
}

func answer(list ...http.HandlerFunc) *answers {
	a := &answers{list, make(chan int, 1)}
	a.next <- 0
	return a
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := <-a.next
	a.next <- min(n+1, len(a.list)-1)
	a.list[n](w, r)
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func fault(code int, name string) http.HandlerFunc {
	return status(code, fmt.Sprintf(`{"errors":[{"code":%q,"title":"so it is"}]}`, name))
}

// half announces a fault and loses the connection in the middle of its body.
func half(code int, name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"errors":[{"code":%q`, name)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func zscore(at time.Time, member string) redis.Z {
	return redis.Z{Score: float64(at.Unix()), Member: member}
}
