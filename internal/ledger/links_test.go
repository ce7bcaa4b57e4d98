package ledger

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// committed makes a job whose rows 1 to n are creates that left pending clients c1 to cn, but that the last is in doubt.
func committed(t *testing.T, l *Ledger, n int) {
	t.Helper()
	created(t, l)
	if err := l.Note(t.Context(), job, Note{Read: int64(n), Batches: int64(n), Through: int64(n)}); err != nil {
		t.Fatal(err)
	}
	for row := 1; row <= n; row++ {
		o := jobs.Outcome{Row: jobs.Row{Number: int64(row), Op: jobs.Create, User: fmt.Sprintf("u%d", row)}, Kind: jobs.OK, ClientID: fmt.Sprintf("c%d", row),
			ClientStatus: "pending", FinishedAt: start}
		c := Commit{Sequence: 1, Progress: jobs.NewProgress(1), Tally: jobs.Tally{OK: 1}}
		if row == n {
			o.Kind, o.ClientID, o.ClientStatus, o.ErrorCode = jobs.InDoubt, "", "", "no_answer"
			c.Tally, c.Stats.Causes = jobs.Tally{InDoubt: 1}, map[string]jobs.Cause{"no_answer": {Count: 1, Row: int64(row)}}
		}
		c.Outcomes = []jobs.Outcome{o}
		c.Progress.Finish(0)
		d := must[Delivery](t)(l.Open(t.Context(), job, int64(row), Claim{Worker: "w", Calling: true}, start))
		if r := must[Receipt](t)(l.Commit(t.Context(), d, c, start)); !r.Accepted {
			t.Fatal("commit refused")
		}
	}
}

func observed(state jobs.LinkState, ms int64) (l jobs.Link) {
	l.Observe(jobs.Observation{State: state, At: start.Add(time.Duration(ms) * time.Millisecond)})
	return l
}

func TestClientsAreIndexedOnce(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		committed(t, l, 45)
		for range 2 {
			if err := l.IndexClients(t.Context(), job); err != nil {
				t.Fatal(err)
			}
		}
		found := must[[][]ClientRow](t)(l.FindClients(t.Context(), job, []ClientKey{ByClient("c7"), ByClient("u7"), ByUser("u7"), ByUser("u45")}))
		pending := jobs.Observation{State: jobs.LinkPending}
		if diff := cmp.Diff([][]ClientRow{{{7, pending}}, nil, {{7, pending}}, {{Row: 45}}}, found); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if j := must[jobs.Job](t)(l.Job(t.Context(), job)); j.Links != (jobs.Links{Pending: 44}) {
			t.Errorf("got %+v", j.Links)
		}
		if err := l.IndexClients(t.Context(), "20261122-153012-none"); err != nil {
			t.Errorf("got %v of a job without outcomes", err)
		}
	})
}

// A job that nobody follows counts its links by its commits alone.
func TestCommitsCountLinks(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		committed(t, l, 3)
		if j := must[jobs.Job](t)(l.Job(t.Context(), job)); j.Links != (jobs.Links{Pending: 2}) {
			t.Errorf("got %+v", j.Links)
		}
	})
}

// I3 for links: however many join the same ones at once, each is counted once, where it ends.
func TestLinksAreJoinedByManyAtOnceI3(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		const rows = 200
		committed(t, l, 3)
		pending := jobs.Observation{State: jobs.LinkPending, At: start}
		var wg sync.WaitGroup
		for w := range uint64(4) {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(w, 1))
				for _, i := range r.Perm(2 * rows) {
					c := LinkChange{Row: int64(i%rows + 1), Made: pending, Link: observed(jobs.LinkActive, 5)}
					if i >= rows && i%3 == 0 {
						c.Link = observed(jobs.LinkFailed, 9)
					}
					if _, err := l.JoinLinks(t.Context(), job, []LinkChange{c}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		failed := int64(0)
		for i := rows; i < 2*rows; i++ {
			if i%3 == 0 {
				failed++
			}
		}
		want := jobs.Links{Pending: 2 - rows, Active: rows - failed, Failed: failed} // the rows have no creates here
		if j := must[jobs.Job](t)(l.Job(t.Context(), job)); j.Links != want {
			t.Errorf("got %+v, want %+v", j.Links, want)
		}
	})
}

func TestCreateInDoubtIsAdopted(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		committed(t, l, 2)
		link := observed(jobs.LinkPending, 1)
		link.Adopt("c2")
		for i := range 3 {
			n := must[int](t)(l.JoinLinks(t.Context(), job, []LinkChange{{Row: 2, Link: link, Code: "no_answer"}}))
			if n != 1 && i == 0 || n != 0 && i > 0 {
				t.Errorf("changed %d", n)
			}
		}
		j := must[jobs.Job](t)(l.Job(t.Context(), job))
		if want := (jobs.Tally{Read: 2, OK: 2}); j.Tally != want || len(j.Stats.Causes) != 0 || j.Links != (jobs.Links{Pending: 2}) {
			t.Errorf("got %+v, causes %v, links %+v", j.Tally, j.Stats.Causes, j.Links)
		}
		known := must[map[int64]jobs.Link](t)(l.Links(t.Context(), job, []int64{1, 2, 99}))
		if diff := cmp.Diff(map[int64]string{2: "c2"}, map[int64]string{2: known[2].Client}); diff != "" || len(known) != 1 {
			t.Errorf("got %v", known)
		}
	})
}

func TestLinksOfNoJob(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		_, err := l.JoinLinks(t.Context(), job, []LinkChange{{Row: 1, Link: observed(jobs.LinkActive, 1)}})
		if !errors.Is(err, ErrNoJob) {
			t.Errorf("got %v, want %v", err, ErrNoJob)
		}
		if has := must[bool](t)(l.HasLinks(t.Context(), job)); has {
			t.Error("something is left of a job that is not there")
		}
	})
}
