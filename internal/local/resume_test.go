package local

import (
	"context"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// step is one call on a Ledger and what the job must be once it has returned.
type step struct {
	name  string
	do    func(l *Ledger) error
	state state
}

// state is what a job says of itself after Resume.
type state struct {
	Read, Rejected, Batches, OK int64
	Dirty                       map[int64]bool // of batches that are open
	Progress                    map[int64]jobs.Progress
	Finished                    []int64
	Inputs                      int
}

func stateOf(t *testing.T, l *Ledger) state {
	t.Helper()
	ctx := context.Background()
	j := must[jobs.Job](t)(l.Job(ctx, job))
	s := state{Read: j.Tally.Read, Rejected: j.Tally.Rejected, Batches: j.Batches, OK: j.Tally.OK, Inputs: len(j.Inputs),
		Dirty: map[int64]bool{}, Progress: map[int64]jobs.Progress{}}
	finished := must[func(int64) bool](t)(l.Finished(ctx, job))
	for batch := range int64(2) {
		if finished(batch) {
			s.Finished = append(s.Finished, batch)
			continue
		}
		d := must[ledger.Delivery](t)(l.Open(ctx, job, batch, ledger.Claim{Worker: "w", Calling: true}, start.AddDate(1, 0, 0)))
		if d.Since.Equal(start) {
			s.Dirty[batch], s.Progress[batch] = d.Dirty, d.Progress
		}
	}
	return s
}

// steps is a small job, one line of the journal after the other.
func steps() []step {
	var d ledger.Delivery
	ctx := context.Background()
	open := func(batch int64) func(*Ledger) error {
		return func(l *Ledger) (err error) {
			d, err = l.Open(ctx, job, batch, ledger.Claim{Worker: "w", Calling: true}, start)
			return err
		}
	}
	p := jobs.NewProgress(rowsPerBatch)
	commit := func(c ledger.Commit) func(*Ledger) error {
		return func(l *Ledger) error {
			_, err := l.Commit(ctx, d, c, start)
			return err
		}
	}
	half := settling(0, 1, p, true, 0, 2)
	same := settling(0, 2, p, false)
	whole := settling(0, 1, p, false, 1, 3) // under the second fence
	note := ledger.Note{Read: 5, Batches: 1, Rejected: []jobs.Rejection{{Number: 5, Cause: "no user"}}}
	noted := state{Read: 5, Rejected: 1, Batches: 1}
	with := func(s state, change func(*state)) state {
		change(&s)
		return s
	}
	return []step{
		{"note", func(l *Ledger) error { return errFirst(l.Note(ctx, job, note), l.journal.flush()) }, noted},
		{"open", open(0), with(noted, func(s *state) { s.Dirty, s.Progress = map[int64]bool{0: true}, map[int64]jobs.Progress{0: nil} })},
		{"commit", commit(half), with(noted, func(s *state) {
			s.OK, s.Dirty, s.Progress = 2, map[int64]bool{0: true}, map[int64]jobs.Progress{0: half.Progress}
		})},
		{"clean", commit(same), with(noted, func(s *state) {
			s.OK, s.Dirty, s.Progress = 2, map[int64]bool{0: false}, map[int64]jobs.Progress{0: half.Progress}
		})},
		{"open again", open(0), with(noted, func(s *state) {
			s.OK, s.Dirty, s.Progress = 2, map[int64]bool{0: true}, map[int64]jobs.Progress{0: half.Progress}
		})},
		{"finish", commit(whole), with(noted, func(s *state) { s.OK, s.Finished = 4, []int64{0} })},
		{"seal", func(l *Ledger) error { return l.Seal(ctx, job, []jobs.Input{{Name: "a.csv"}}, start) },
			with(noted, func(s *state) { s.OK, s.Finished, s.Inputs = 4, []int64{0}, 1 })},
	}
}

func errFirst(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

func TestI2I9AJournalCutOffAnywhereGoesOn(t *testing.T) {
	l := newRun(t, t.TempDir())
	ends, states := []int{len(journalOf(t, l))}, []state{{}}
	for _, s := range steps() {
		if err := s.do(l); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		ends, states = append(ends, len(journalOf(t, l))), append(states, s.state)
	}
	data := journalOf(t, l)
	equateEmpty := cmp.Transformer("empty", func(m map[int64]bool) []int64 { return dirtyAndClean(m) })
	whole := 0
	for cut := ends[0]; cut <= len(data); cut++ {
		for whole+1 < len(ends) && ends[whole+1] <= cut {
			whole++
		}
		r := resumed(t, data[:cut])
		if size := fileSize(t, r); size != int64(ends[whole]) {
			t.Fatalf("cut at %d: the journal has %d bytes after the torn line was cut, want %d", cut, size, ends[whole])
		}
		settled, rejected := rowsOf(t, r)
		want := states[whole]
		if int64(len(settled)) != want.OK || int64(len(rejected)) != want.Rejected {
			t.Fatalf("cut at %d: got %d outcomes and %d rejections, want %d and %d", cut, len(settled), len(rejected), want.OK, want.Rejected)
		}
		if diff := cmp.Diff(want, stateOf(t, r), equateEmpty, cmp.Comparer(sameProgress)); diff != "" {
			t.Fatalf("cut at %d (-want +got):\n%s", cut, diff)
		}
	}
}

// dirtyAndClean gives batches as a sorted list, the dirty ones negative, so that empty and nil maps are equal.
func dirtyAndClean(m map[int64]bool) []int64 {
	list := []int64{}
	for batch, dirty := range m {
		n := batch + 1
		if dirty {
			n = -n
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

func sameProgress(a, b map[int64]jobs.Progress) bool {
	return maps.EqualFunc(a, b, func(x, y jobs.Progress) bool { return slices.Equal(x, y) })
}

func fileSize(t *testing.T, l *Ledger) int64 {
	t.Helper()
	info, err := os.Stat(l.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Run, kill and run again: the same notes, what is missing, and the seal.
func TestI9AnInterruptedRunEndsLikeAWholeOne(t *testing.T) {
	first := newRun(t, t.TempDir())
	ctx := t.Context()
	for _, s := range steps()[:4] {
		if err := s.do(first); err != nil {
			t.Fatal(err)
		}
	}
	l := resumed(t, journalOf(t, first))
	for _, s := range steps()[:1] { // the notes are repeated
		if err := s.do(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Note(ctx, job, ledger.Note{Read: 9, Batches: 2}); err != nil {
		t.Fatal(err)
	}
	for batch := range int64(2) {
		d := must[ledger.Delivery](t)(l.Open(ctx, job, batch, ledger.Claim{Worker: "w", Calling: true}, start))
		p := d.Progress
		if p == nil {
			p = jobs.NewProgress(rowsPerBatch)
		}
		var undone []int
		for i := range p {
			if !p.Done(i) {
				undone = append(undone, i)
			}
		}
		must[ledger.Receipt](t)(l.Commit(ctx, d, settling(batch, 1, p, false, undone...), start))
	}
	if err := l.Seal(ctx, job, []jobs.Input{{Name: "a.csv"}}, start); err != nil {
		t.Fatal(err)
	}
	got := must[jobs.Job](t)(l.Job(ctx, job))
	if want := (jobs.Tally{Read: 9, OK: 8, Rejected: 1}); got.Tally != want || got.State != jobs.Finished || !got.Tally.AddsUp() {
		t.Errorf("got %s with %+v, want %s with %+v", got.State, got.Tally, jobs.Finished, want)
	}
	if got, want := got.Stats.Latency[3], int64(8); got != want {
		t.Errorf("answered calls: got %d, want %d", got, want)
	}
	settled, rejected := rowsOf(t, l)
	if len(settled) != 8 || len(rejected) != 1 || rejected[5] != 1 {
		t.Errorf("got outcomes %v and rejections %v, want 8 rows once and row 5 once", settled, rejected)
	}
}
