package enqueue_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

const job = "20261122-153012-k3f9"

type memory struct {
	rdb    *redis.Client
	ledger *ledger.Ledger
	queues *queue.Queues
}

func newMemory(t *testing.T) memory {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	rdb := redistest.Start(t).Client(t)
	m := memory{rdb, ledger.New(rdb, codec), queue.New(rdb, codec)}
	if err := m.ledger.Create(t.Context(), jobs.Job{ID: job, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return m
}

// records gives n rows, of which every seventh is rejected, and every seventh left out by a filter.
func records(n int64) enqueue.Records {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for i := int64(1); i <= n; i++ {
			var more bool
			row := jobs.Row{Number: i, Line: i + 1, Op: jobs.List, User: fmt.Sprint("u", i)}
			switch i % 7 {
			case 0:
				more = yield(jobs.Row{}, &jobs.Rejection{Number: i, Line: i + 1, Cause: "is no good"})
			case 1:
				more = yield(row, &jobs.Rejection{Filtered: true})
			default:
				more = yield(row, nil)
			}
			if !more {
				return
			}
		}
	}
}

// queued returns the rows in the queue by number, and how many the ledger has as rejected and as filtered.
func (m memory) queued(t *testing.T) (j jobs.Job, rows map[int64]string, rejected, filtered int) {
	t.Helper()
	var err error
	j, err = m.ledger.Job(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	rows = map[int64]string{}
	for n := range j.Batches {
		batch, found, err := m.queues.Find(job, n, 0)
		if err != nil || !found {
			t.Fatalf("batch %d: %t, %v", n, found, err)
		}
		for _, r := range batch.Rows {
			rows[r.Number] = r.User
		}
	}
	for chunk, err := range m.ledger.Chunks(t.Context(), job) {
		if err != nil {
			t.Fatal(err)
		}
		rejected += len(chunk.Rejections)
		for _, o := range chunk.Outcomes {
			if o.Kind != jobs.Noop || o.Row.User != fmt.Sprint("u", o.Row.Number) {
				t.Errorf("got outcome %+v, want a noop that names its row", o)
			}
			filtered++
		}
	}
	return j, rows, rejected, filtered
}

func TestI1EveryRowIsQueuedRejectedOrLeftOut(t *testing.T) {
	m := newMemory(t)
	if err := enqueue.New(m.ledger, m.queues, enqueue.Config{BatchSize: 10}).Add(t.Context(), job, records(700)); err != nil {
		t.Fatal(err)
	}
	j, rows, rejected, filtered := m.queued(t)
	want := jobs.Tally{Read: 700, Noop: 100, Rejected: 100, Unprocessed: 500}
	if len(rows) != 500 || rejected != 100 || filtered != 100 || j.Filtered != 100 || j.Tally != want || j.Batches != 50 {
		t.Errorf("got %d queued in %d batches, %d rejected, %d filtered, tally %+v; want 500 in 50, 100, 100, %+v", len(rows), j.Batches, rejected, filtered, j.Tally, want)
	}
}

// An enqueue that was killed at any moment is started again with the same input, and adds what is missing.
func TestI9AddingAgainAddsWhatIsMissing(t *testing.T) {
	t.Run("no canary", func(t *testing.T) { addAgain(t, enqueue.Config{BatchSize: 10}) })
	t.Run("canary", func(t *testing.T) {
		addAgain(t, enqueue.Config{BatchSize: 10, Canary: enqueue.Pick(records(200), 25)})
	})
}

func addAgain(t *testing.T, cfg enqueue.Config) {
	t.Helper()
	want := newMemory(t)
	if err := enqueue.New(want.ledger, want.queues, cfg).Add(t.Context(), job, records(200)); err != nil {
		t.Fatal(err)
	}
	wantJob, wantRows, wantRejected, wantFiltered := want.queued(t)
	for _, stop := range []int64{1, 9, 10, 55, 100, 199} {
		m := newMemory(t)
		m.addUntil(t, cfg, records(200), stop)
		for range 2 {
			if err := enqueue.New(m.ledger, m.queues, cfg).Add(t.Context(), job, records(200)); err != nil {
				t.Fatal(err)
			}
		}
		j, rows, rejected, filtered := m.queued(t)
		if diff := cmp.Diff(wantJob, j, cmpopts.IgnoreFields(jobs.Job{}, "Created")); diff != "" {
			t.Errorf("stopped at %d: job (-want +got):\n%s", stop, diff)
		}
		if diff := cmp.Diff(wantRows, rows); diff != "" || rejected != wantRejected || filtered != wantFiltered {
			t.Errorf("stopped at %d: %d rejected, want %d; %d filtered, want %d; rows (-want +got):\n%s", stop, rejected, wantRejected, filtered, wantFiltered, diff)
		}
	}
}

// addUntil queues records until it is interrupted at a row.
func (m memory) addUntil(t *testing.T, cfg enqueue.Config, all enqueue.Records, stop int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := enqueue.New(m.ledger, m.queues, cfg).Add(ctx, job, func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range all {
			if row.Number >= stop {
				cancel()
			}
			if !yield(row, rejection) {
				return
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped at %d: got %v", stop, err)
	}
}

// The enqueuing side stays a window ahead of the working side, and goes on when that moves.
func TestI6Window(t *testing.T) {
	m := newMemory(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	added := make(chan error, 1)
	go func() {
		added <- enqueue.New(m.ledger, m.queues, enqueue.Config{BatchSize: 1, Window: 3}).Add(ctx, job, records(6)) // the first is left out
	}()
	for batch := range int64(5) {
		waitForTask(t, m, batch)
		if _, found, _ := m.queues.Find(job, batch+3, 0); found {
			t.Errorf("batch %d is queued while batch %d is not finished", batch+3, batch)
		}
		d, err := m.ledger.Open(ctx, job, batch, ledger.Claim{Worker: "w"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		p := jobs.NewProgress(1)
		p.Finish(0)
		if _, err := m.ledger.Commit(ctx, d, ledger.Commit{Sequence: 1, Progress: p}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-added; err != nil {
		t.Error(err)
	}
}

func waitForTask(t *testing.T, m memory, batch int64) {
	t.Helper()
	for range 1000 {
		if _, found, err := m.queues.Find(job, batch, 0); err != nil {
			t.Fatal(err)
		} else if found {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("batch %d is not queued", batch)
}

// forgetful is a ledger that forgets a note it has confirmed.
type forgetful struct {
	*ledger.Ledger
	rdb   *redis.Client
	notes int
	at    int
}

func (f *forgetful) Note(ctx context.Context, id string, n ledger.Note) error {
	read, err := f.rdb.HGet(ctx, "sunbulk:{"+id+"}", "read").Result()
	if err == nil {
		err = f.Ledger.Note(ctx, id, n)
	}
	if f.notes++; err == nil && f.notes == f.at {
		err = f.rdb.HSet(ctx, "sunbulk:{"+id+"}", "read", read).Err()
	}
	return err
}

// A note that is lost is not passed over: with it, the outcomes of rejected rows would be lost.
func TestI1I10ALostNoteIsNoticed(t *testing.T) {
	for name, at := range map[string]int{"one of several": 2, "the last": 5} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(t)
			f := &forgetful{Ledger: m.ledger, rdb: m.rdb, at: at}
			err := enqueue.New(f, m.queues, enqueue.Config{BatchSize: 1}).Add(t.Context(), job, records(30))
			if !errors.Is(err, ledger.ErrWentBack) {
				t.Errorf("got %v after %d notes, want ErrWentBack", err, f.notes)
			}
		})
	}
}
