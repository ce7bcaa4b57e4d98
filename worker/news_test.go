package worker_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// followed is a verify job of n clients that an earlier job made, whose links events report.
type followed struct {
	*bench
	made  string
	calls atomic.Int64
	rows  int
	doubt bool // the creates ended in doubt
}

// newFollowed has an API that shows the client of each user with a status; empty where the user has none any more.
func newFollowed(t *testing.T, n int, within time.Duration, status func(row int) string) *followed {
	t.Helper()
	f := &followed{rows: n}
	f.begin(newRedisBench(t, f.api(t, status), f.options(within)))
	return f
}

func (f *followed) api(t *testing.T, status func(row int) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		f.calls.Add(1)
		var row int
		if _, err := fmt.Sscanf(q.URL.Path, "/v2/apps/app/users/user-%d/clients", &row); err != nil || q.Method != http.MethodGet {
			t.Errorf("%s %s: %v", q.Method, q.URL, err)
		}
		if s := status(row); s != "" {
			fmt.Fprintf(w, `{"clients":[{"id":"c%d","type":"whatsapp","status":%q}]}`, row, s)
			return
		}
		fmt.Fprint(w, none)
	})
}

func (f *followed) options(within time.Duration) jobs.Options {
	f.made = jobs.NewID(time.Now().Add(-time.Second))
	opt := options()
	opt.Within, opt.Origin = within, jobs.Origin{Run: "run", Step: "wait", Place: 2, Made: f.made}
	return opt
}

// begin queues the verifies of what an earlier job has made.
func (f *followed) begin(b *bench) {
	b.t.Helper()
	f.bench = b
	f.create(b.t)
	rows := make([]jobs.Row, f.rows)
	for i := range rows {
		rows[i] = jobs.Row{Op: jobs.Verify, User: fmt.Sprintf("user-%d", i+1), ClientID: fmt.Sprintf("c%d", i+1)}
		if f.doubt {
			rows[i].Carry = jobs.Carry{Row: int64(i + 1)}.Encode()
		}
	}
	f.queue(10, rows...)
}

// create leaves the job that made the clients, all of them pending.
func (f *followed) create(t *testing.T) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	if err := f.ledger.Create(ctx, jobs.Job{ID: f.made, Options: jobs.Options{App: app, BatchSize: f.rows}, Created: now}); err != nil {
		t.Fatal(err)
	}
	if err := f.ledger.Note(ctx, f.made, ledger.Note{Read: int64(f.rows), Batches: 1, Through: int64(f.rows)}); err != nil {
		t.Fatal(err)
	}
	d, err := f.ledger.Open(ctx, f.made, 0, ledger.Claim{Worker: "w", Calling: true}, now)
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.Commit{Sequence: 1, Progress: jobs.NewProgress(f.rows), Tally: jobs.Tally{OK: int64(f.rows)}}
	for i := range f.rows {
		c.Progress.Finish(i)
		c.Outcomes = append(c.Outcomes, jobs.Outcome{Row: jobs.Row{Number: int64(i + 1), Op: jobs.Create, User: fmt.Sprintf("user-%d", i+1)}, Kind: jobs.OK,
			ClientID: fmt.Sprintf("c%d", i+1), ClientStatus: "pending", FinishedAt: now})
		if o := &c.Outcomes[i]; f.doubt {
			o.Kind, o.ClientID, o.ClientStatus, o.ErrorCode = jobs.InDoubt, "", "", "no_answer"
			c.Tally = jobs.Tally{InDoubt: int64(f.rows)}
		}
	}
	if r, err := f.ledger.Commit(ctx, d, c, now); err != nil || !r.Accepted {
		t.Fatal(r, err)
	}
}

// event is kept as a receiver keeps one, and followed: it says that the link of a row is in a state.
func (f *followed) event(row int, state jobs.LinkState) {
	f.t.Helper()
	ctx := f.t.Context()
	if _, err := f.ledger.KeepEvents(ctx, app, []ledger.NewEvent{{Name: fmt.Sprint(state, row)}}, time.Now()); err != nil {
		f.t.Error(err)
	}
	change := ledger.LinkChange{Row: int64(row), Made: jobs.Observation{State: jobs.LinkPending}}
	change.Link.Observe(jobs.Observation{State: state, At: time.Now()})
	if _, err := f.ledger.JoinLinks(ctx, f.made, []ledger.LinkChange{change}); err != nil {
		f.t.Error(err)
	}
}

// ended is what became of the rows of the verify job, and what is known of the links then.
func (f *followed) ended() (kinds map[string]int, links jobs.Links) {
	f.t.Helper()
	kinds = map[string]int{}
	for _, o := range f.outcomes() {
		kinds[strings.TrimSpace(string(o.Kind)+" "+o.ErrorCode)]++
	}
	made, err := f.ledger.Job(f.t.Context(), f.made)
	if err != nil {
		f.t.Fatal(err)
	}
	return kinds, made.Links
}

// While the webhook works, no row costs a call, whether its event came before the step, or comes during it.
func TestVerifyMakesNoCallsWhileEventsCome(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, 30, time.Minute, func(int) string { return "pending" })
	for row := range 30 {
		f.event(row+1, jobs.LinkPending)
	}
	ends := []jobs.LinkState{jobs.LinkActive, jobs.LinkActive, jobs.LinkActive, jobs.LinkFailed, jobs.LinkCancelled, jobs.LinkTaken}
	for row := range 12 {
		f.event(row+1, ends[row%6])
	}
	during := time.AfterFunc(time.Second, func() {
		for row := 12; row < 30; row++ {
			f.event(row+1, ends[row%6])
		}
	})
	defer during.Stop()
	f.serve()
	kinds, links := f.ended()
	if f.calls.Load() != 0 || kinds["ok"] != 15 || kinds["failed link_failed"] != 15 || links != (jobs.Links{Active: 15, Failed: 5, Cancelled: 5, Taken: 5}) {
		t.Errorf("%d calls, %v, %+v; want none, 15 ok, 15 link_failed", f.calls.Load(), kinds, links)
	}
}

// Where no webhook has ever sent anything, rows are polled, and the links of the job before end as the API has them.
func TestVerifyPollsWithoutAWebhook(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, 20, time.Minute, func(row int) string {
		return []string{"active", "", "blocked", "active"}[row%4]
	})
	f.serve()
	kinds, links := f.ended()
	if f.calls.Load() != 20 || kinds["ok"] != 10 || kinds["failed link_failed"] != 5 || kinds["failed not_active"] != 5 || links != (jobs.Links{Active: 10, Failed: 10}) {
		t.Errorf("%d calls, %v, %+v; want 20 calls, 10 ok, 5 link_failed, 5 not_active", f.calls.Load(), kinds, links)
	}
}

// A webhook that stops after it has announced all clients loses no row: a list decides about each that no event told of (I1).
func TestI1VerifyLosesNoRowWhenTheWebhookStops(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, 20, 2*time.Second, func(row int) string { return []string{"active", "", "pending", "active"}[row%4] })
	for row := range 20 {
		f.event(row+1, jobs.LinkPending)
	}
	for row := range 4 {
		f.event(row+1, jobs.LinkActive)
	}
	f.serve()
	kinds, links := f.ended()
	if f.calls.Load() != 16 || kinds["ok"] != 12 || kinds["failed link_failed"] != 4 || kinds["failed still_pending"] != 4 || links != (jobs.Links{Active: 12, Failed: 4, Pending: 4}) {
		t.Errorf("%d calls, %v, %+v; want 16 calls, 12 ok, 4 link_failed, 4 still_pending", f.calls.Load(), kinds, links)
	}
}

// An event that is lost costs its row a call, and no other row.
func TestVerifyAsksForWhatAnEventDidNotTell(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, 20, 2*time.Second, func(int) string { return "active" })
	for row := range 20 {
		if row != 7 && row != 11 {
			f.event(row+1, jobs.LinkActive)
		}
	}
	f.serve()
	kinds, links := f.ended()
	if f.calls.Load() != 2 || kinds["ok"] != 20 || links != (jobs.Links{Active: 20}) {
		t.Errorf("%d calls, %v, %+v; want 2 calls, 20 ok", f.calls.Load(), kinds, links)
	}
}

// The client of a create in doubt that an event has named is verified as any other: by its events, and by a list where they do not come. What that
// shows is noted in its link.
func TestVerifyOfAdoptedCreates(t *testing.T) {
	t.Parallel()
	f := &followed{rows: 3, doubt: true}
	opt := f.options(2 * time.Second)
	opt.Origin = jobs.Origin{Made: f.made}
	f.begin(newRedisBench(t, f.api(t, func(int) string { return "active" }), opt))
	for row, state := range []jobs.LinkState{jobs.LinkActive, jobs.LinkFailed, jobs.LinkPending} {
		change := ledger.LinkChange{Row: int64(row + 1), Code: "no_answer"}
		change.Link.Adopt(fmt.Sprintf("c%d", row+1))
		change.Link.Observe(jobs.Observation{State: state, At: time.Now()})
		if _, err := f.ledger.JoinLinks(t.Context(), f.made, []ledger.LinkChange{change}); err != nil {
			t.Fatal(err)
		}
	}
	f.heard("one")
	f.serve()
	kinds, links := f.ended()
	if f.calls.Load() != 1 || kinds["ok"] != 2 || kinds["failed link_failed"] != 1 || links != (jobs.Links{Active: 2, Failed: 1}) {
		t.Errorf("%d calls, %v, %+v; want one, 2 ok, 1 link_failed", f.calls.Load(), kinds, links)
	}
}
