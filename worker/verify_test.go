package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// verifies are rows about the clients that creates make.
func verifies(n int) []jobs.Row {
	rows := make([]jobs.Row, n)
	for i, r := range creates(n) {
		rows[i] = jobs.Row{Op: jobs.Verify, User: r.User, Type: r.Type, IntegrationID: r.IntegrationID}
	}
	return rows
}

const (
	active = `{"clients":[{"id":"c8","type":"whatsapp","status":"pending","integrationId":"5e4af71a81966cfff3ef6550"},{"id":"c9","type":"whatsapp","status":"active","integrationId":"5e4af71a81966cfff3ef6550"},{"id":"c7","type":"whatsapp","status":"blocked","integrationId":"5e4af71a81966cfff3ef6550"}]}`
	odd    = `{"clients":[{"id":"c9","type":"whatsapp","integrationId":"5e4af71a81966cfff3ef6550"}]}`
)

// TestVerifyRules asks once: the options have no time within which to wait.
func TestVerifyRules(t *testing.T) {
	t.Parallel()
	byType := verifies(1)[0]
	byID := jobs.Row{Op: jobs.Verify, User: "u", ClientID: "c9"}
	other := jobs.Row{Op: jobs.Verify, User: "u", ClientID: "c8"}
	checkRules(t, []rulesCase{
		{"active", byID, []http.HandlerFunc{status(200, active)}, ruled{jobs.OK, "", "c9", "", 1, 1}},
		{"one of several is active", byType, []http.HandlerFunc{status(200, active)}, ruled{jobs.OK, "", "c9", "", 1, 1}},
		{"another is active", other, []http.HandlerFunc{status(200, active)}, ruled{jobs.Failed, "still_pending", "c8", "", 1, 1}},
		{"gone", byID, []http.HandlerFunc{status(200, none)}, ruled{jobs.Failed, "link_failed", "c9", "", 1, 1}},
		{"others alone", byType, []http.HandlerFunc{status(200, others)}, ruled{jobs.Failed, "link_failed", "", "", 1, 1}},
		{"blocked", byID, []http.HandlerFunc{status(200, blocked)}, ruled{jobs.Failed, "not_active", "c9", "", 1, 1}},
		{"inactive", byType, []http.HandlerFunc{status(200, inactive)}, ruled{jobs.Failed, "not_active", "c9", "", 1, 1}},
		{"no status", byType, []http.HandlerFunc{status(200, odd)}, ruled{jobs.Failed, "not_active", "c9", "", 1, 1}},
		{"unknown user", byID, []http.HandlerFunc{fault(404, "user_not_found")}, ruled{jobs.Failed, "user_not_found", "", "", 1, 1}},
		{"connection lost", byID, []http.HandlerFunc{cut, status(200, active)}, ruled{jobs.OK, "", "c9", "", 2, 2}},
		{"503 for ever", byID, []http.HandlerFunc{fault(503, "")}, ruled{jobs.Failed, "http_503", "", "", 3, 3}},
		{"429 uses no attempt (I8)", byID, []http.HandlerFunc{fault(429, ""), fault(429, ""), fault(429, ""), fault(429, ""), status(200, active)}, ruled{jobs.OK, "", "c9", "", 5, 1}},
	})
}

// linking answers lists with a pending client until the link is settled.
func linking(asks *atomic.Int64, after int64, then string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer := then
		if asks.Add(1) <= after {
			answer = pending
		}
		status(http.StatusOK, answer)(w, r)
	}
}

// A pending client is asked for again, and the waiting uses no attempt (I8).
func TestI8VerifyWaitsForAPendingClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, then, code string
		kind             jobs.Kind
	}{
		{"becomes active", active, "", jobs.OK},
		{"vanishes", none, "link_failed", jobs.Failed},
		{"stays", pending, "still_pending", jobs.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asks atomic.Int64
			opt := options()
			opt.Within, opt.Attempts = time.Second, 1
			b := newBench(t, linking(&asks, 1, c.then), opt)
			row := verifies(1)[0]
			row.User = "user"
			b.queue(10, row)
			b.serve()
			o := b.outcomes()[1]
			if o.Kind != c.kind || o.ErrorCode != c.code || o.Attempts != 1 || asks.Load() != 2 {
				t.Errorf("got %s %q after %d attempts and %d calls, want %s %q after 1 and 2", o.Kind, o.ErrorCode, o.Attempts, asks.Load(), c.kind, c.code)
			}
		})
	}
}

// Rows that wait for long leave handler and places to others, and nobody asks before their time,
// whichever worker serves them next. Those behind one that waits are not asked for either.
func TestVerifyHandsBackWhatWaitsForLong(t *testing.T) {
	t.Parallel()
	var asks atomic.Int64
	opt := options()
	opt.Within = 10 * time.Hour
	b := newRedisBench(t, linking(&asks, 1<<40, ""), opt)
	rows := verifies(10)
	rows[9].User = rows[8].User
	rows[9].ClientID = "c9"
	b.queue(10, rows...)
	ctx := t.Context()
	begun := time.Now().Add(-time.Hour)
	d, err := b.ledger.Open(ctx, b.job, 0, ledger.Claim{Worker: "drained", Calling: true}, begun)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ledger.Commit(ctx, d, ledger.Commit{Sequence: 1, Progress: jobs.NewProgress(10), Release: true}, begun); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w := b.worker()
		served := make(chan error, 1)
		go func() { served <- w.Serve(ctx, b.job) }()
		b.handedBack(t)
		w.Drain()
		if err := <-served; err != nil {
			t.Fatal(err)
		}
	}
	if got := asks.Load(); got != 9 {
		t.Errorf("calls: got %d, want 9, one for each user", got)
	}
	if got := b.state(); got.Tally.Unprocessed != 10 || got.State != jobs.Running {
		t.Errorf("got %s, %+v; want running, 10 unprocessed", got.State, got.Tally)
	}
}

// handedBack waits until asynq keeps the batch for the last pause, and no worker has it.
func (b *bench) handedBack(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		tasks, err := b.rdb.ZRangeWithScores(ctx, "asynq:{"+b.job+"}:retry", 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		if len(tasks) == 1 {
			if due := time.Until(time.Unix(int64(tasks[0].Score), 0)); due < 4*time.Minute {
				t.Fatalf("the batch is due in %s, want no less than the last pause", due)
			}
			entry, err := b.rdb.HGet(ctx, "sunbulk:{"+b.job+"}:open", "0").Result()
			if err != nil || !strings.Contains(entry, "::") {
				t.Fatalf("entry: got %q, %v; want one that no worker has", entry, err)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the batch was not handed back")
}

// kill -9 while rows wait: another worker continues what is left of the time, and asks again.
func TestI9VerifyOfACrashedWorker(t *testing.T) {
	t.Parallel()
	var asks atomic.Int64
	opt := options()
	opt.Within = time.Hour
	b := newRedisBench(t, linking(&asks, 1<<40, ""), opt)
	b.queue(10, verifies(10)...)
	takeAll(t, b)
	ctx := t.Context()
	begun := time.Now().Add(-2 * time.Hour)
	d, err := b.ledger.Open(ctx, b.job, 0, ledger.Claim{Worker: "dead", Calling: true}, begun)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ledger.Commit(ctx, d, ledger.Commit{Sequence: 1, Progress: jobs.NewProgress(10)}, begun); err != nil {
		t.Fatal(err)
	}
	b.serve()
	for row, o := range b.outcomes() {
		if o.ErrorCode != "still_pending" {
			t.Errorf("row %d: got %s %q, want still_pending", row, o.Kind, o.ErrorCode)
		}
	}
	if got := asks.Load(); got != 10 {
		t.Errorf("calls: got %d, want 10", got)
	}
}

// The time of a batch begins with its calls, not while it waits for its turn.
func TestVerifyTimeBeginsWithTheCalls(t *testing.T) {
	t.Parallel()
	b := newRedisBench(t, http.NotFoundHandler(), options())
	b.queue(1, verifies(1)...)
	ctx := t.Context()
	open := func(calling bool, at time.Time) ledger.Delivery {
		d, err := b.ledger.Open(ctx, b.job, 0, ledger.Claim{Worker: "w", Calling: calling}, at)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	commit := func(d ledger.Delivery, c ledger.Commit, at time.Time) {
		c.Sequence, c.Progress = 1, jobs.NewProgress(1)
		if _, err := b.ledger.Commit(ctx, d, c, at); err != nil {
			t.Fatal(err)
		}
	}
	start := time.UnixMilli(time.Now().UnixMilli())
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	commit(open(false, at(0)), ledger.Commit{Release: true}, at(1)) // a pause before any call
	d := open(false, at(2))
	if d.Progress != nil {
		t.Errorf("progress of a batch that was never called: got %v, want none", d.Progress)
	}
	commit(d, ledger.Commit{Dirty: true}, at(3))
	commit(open(false, at(4)), ledger.Commit{Dirty: true}, at(5))
	if got := open(true, at(6)).Since; !got.Equal(at(3)) {
		t.Errorf("since: got %s after the start, want 3m", got.Sub(start))
	}
}

func TestI1VerifyAgainstAnUnreliableAPI(t *testing.T) {
	t.Parallel()
	const n = 300
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{PendingFor: 700 * time.Millisecond}})
	opt := options()
	opt.Attempts, opt.Within = 20, 2*time.Second
	b := newRedisBench(t, sim, opt)
	rows := verifies(n)
	for i, r := range creates(n) {
		if i%10 == 0 {
			r.PhoneNumber = fmt.Sprintf("+1212%d0000", 100+i)
		}
		send(t, b, r)
	}
	sim.SetKnobs(suncotest.Knobs{Share503: 0.05, Share429: 0.01, RetryAfter: suncotest.RetryAfterNone, CutBefore: 0.02, CutAfter: 0.03, HalfAnswer: 0.02})
	b.queue(100, rows...)
	b.serve()
	job := b.state()
	if got := job.Stats.Causes["link_failed"].Count; job.Tally.OK != n-n/10 || got != n/10 {
		t.Errorf("got %+v, %d link_failed; want %d ok, %d link_failed", job.Tally, got, n-n/10, n/10)
	}
}
