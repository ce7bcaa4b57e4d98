package worker_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

const earlier = "20261122-153012-k3f9"

// reruns are rows that run those of an earlier job again.
func reruns(n int) []jobs.Row {
	rows := creates(n)
	for i := range rows {
		rows[i].Lineage = rows[i].Lineage.Then(jobs.RowRef{Job: earlier, Row: int64(i + 1)})
	}
	return rows
}

// beside is another job on the same Redis and API.
func (b *bench) beside(opt jobs.Options) *bench {
	b.t.Helper()
	other := *b
	other.job = jobs.NewID(time.Now().Add(time.Hour))
	if err := b.ledger.Create(b.t.Context(), jobs.Job{ID: other.job, Options: opt, Created: time.Now()}); err != nil {
		b.t.Fatal(err)
	}
	return &other
}

// I2: what one job runs again, no other sends, in whatever order and form the rows come.
func TestI2RowsAreRunAgainByOneJob(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	b := newRedisBench(t, sim, options())
	b.queue(2, reruns(4)...)
	b.serve()
	if job := b.state(); job.Tally.OK != 4 {
		t.Fatalf("the first job: got %+v, want 4 ok", job.Tally)
	}
	edited := reruns(6)
	edited[0], edited[3] = edited[3], edited[0]
	edited[1].PhoneNumber, edited[1].User = "+12125550999", "user-999"
	ensured := edited[2] // finds its client, and is no harm
	ensured.Op = jobs.Ensure
	edited[2] = ensured
	other := b.beside(options())
	other.queue(10, edited...)
	other.serve()
	all := other.outcomes()
	for row, want := range map[int64]string{1: "failed rerun_elsewhere", 2: "failed rerun_elsewhere", 3: "noop ", 4: "failed rerun_elsewhere", 5: "ok ", 6: "ok "} {
		if got := string(all[row].Kind) + " " + all[row].ErrorCode; got != want {
			t.Errorf("row %d: got %s, want %s", row, got, want)
		}
	}
	if got, want := all[1].Error, "row 4 of job "+earlier+" is already run again as row 4 of job "+b.job; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q in it", got, want)
	}
	if got := all[1].Row.Lineage; got != edited[0].Lineage {
		t.Errorf("the row that was not sent keeps lineage %q, want %q", got, edited[0].Lineage)
	}
	if stats := sim.Stats(); stats.Created != 6 || stats.Duplicates != 0 {
		t.Errorf("got %d created, %d duplicates, want 6 and 0", stats.Created, stats.Duplicates)
	}
}

// killed is a worker that dies between its nth claim and the send.
type killed struct {
	worker.Reruns
	at    int64
	count atomic.Int64
	die   context.CancelFunc
}

func (k *killed) ClaimRow(ctx context.Context, l jobs.Lineage, by jobs.RowRef) (jobs.RowRef, error) {
	holder, err := k.Reruns.ClaimRow(ctx, l, by)
	if k.count.Add(1) == k.at {
		k.die()
		return holder, errors.Join(ctx.Err(), context.Canceled)
	}
	return holder, err
}

// I2, I9: who dies between claim and send goes on, and its rows are nobody else's.
func TestI9WorkersThatDieBetweenClaimAndSend(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	b := newRedisBench(t, sim, options())
	const n = 40
	b.queue(10, reruns(n)...)
	for _, at := range []int64{3, 17, 0} {
		ctx, die := context.WithCancel(t.Context())
		k := &killed{Reruns: b.ledger, at: at, die: die}
		w := worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Backoff: 50 * time.Millisecond, Reruns: k})
		err := w.Serve(ctx, b.job)
		die()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	other := b.beside(options())
	other.queue(10, reruns(n)...)
	other.serve()
	first, second, stats := b.state(), other.state(), sim.Stats()
	if first.Tally.OK != n || second.Tally.Failed != n || stats.Created != n || stats.Duplicates != 0 {
		t.Errorf("got %+v, then %+v, %d created, %d duplicates; want %d ok, then all failed", first.Tally, second.Tally, stats.Created, stats.Duplicates, n)
	}
}

// unwilling cannot keep claims for a while.
type unwilling struct {
	worker.Reruns
	left atomic.Int64
}

func (u *unwilling) ClaimRow(ctx context.Context, l jobs.Lineage, by jobs.RowRef) (jobs.RowRef, error) {
	if u.left.Add(-1) >= 0 {
		return jobs.RowRef{}, errors.New("READONLY You can't write against a read only replica")
	}
	return u.Reruns.ClaimRow(ctx, l, by)
}

// I8: a row that cannot be claimed waits, unsent, and uses no attempt.
func TestRowsThatCannotBeClaimedWait(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	opt := options()
	opt.Attempts = 1
	b := newRedisBench(t, sim, opt)
	b.queue(10, reruns(3)...)
	u := &unwilling{Reruns: b.ledger}
	u.left.Store(3)
	w := worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Reruns: u})
	if err := w.Serve(t.Context(), b.job); err != nil {
		t.Fatal(err)
	}
	if job := b.state(); job.Tally.OK != 3 || job.Stats.Calls != 3 {
		t.Errorf("got %+v after %d calls, want 3 ok after 3", job.Tally, job.Stats.Calls)
	}
}
