package enqueue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/jobs"
)

// kinds gives the records of rows of several kinds, each as often as it says, one kind after the other;
// every seventh record is a rejected row.
func kinds(counts ...int) enqueue.Records {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		n := int64(0)
		for kind, count := range counts {
			for range count {
				for n++; n%7 == 0; n++ {
					if !yield(jobs.Row{}, &jobs.Rejection{Number: n}) {
						return
					}
				}
				row := jobs.Row{Number: n, Line: n + 1, Op: jobs.Create, User: fmt.Sprint("u", n), Type: "whatsapp", IntegrationID: fmt.Sprint("integration-", kind)}
				if kind%3 == 2 {
					row = jobs.Row{Number: n, Line: n + 1, Op: jobs.List, User: row.User, BrandID: row.IntegrationID, Type: fmt.Sprint("t", kind)}
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// picked counts the rows by kind.
func picked(rows []jobs.Row) map[string]int {
	got := map[string]int{}
	for _, r := range rows {
		got[string(r.Op)+" "+r.Type+" "+r.IntegrationID]++
	}
	return got
}

func TestPickTakesFromEveryStratum(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      int
		counts []int
		want   map[string]int
	}{
		{"one stratum", 5, []int{1000}, map[string]int{"create whatsapp integration-0": 5}},
		{"even shares", 9, []int{1000, 10, 500}, map[string]int{"create whatsapp integration-0": 3, "create whatsapp integration-1": 3, "list t2 ": 3}},
		{"small strata are whole, the others share the rest", 12, []int{1000, 1, 2}, map[string]int{"create whatsapp integration-0": 9, "create whatsapp integration-1": 1, "list t2 ": 2}},
		{"a late and small stratum", 4, []int{5000, 5000, 1}, nil},
		{"fewer rows than asked for", 50, []int{3, 2}, map[string]int{"create whatsapp integration-0": 3, "create whatsapp integration-1": 2}},
	} {
		rows := enqueue.Pick(kinds(c.counts...), c.n)
		got := picked(rows)
		if c.want != nil && !cmp.Equal(c.want, got) {
			t.Errorf("%s (-want +got):\n%s", c.name, cmp.Diff(c.want, got))
		}
		if c.want == nil && (len(got) != len(c.counts) || len(rows) != c.n) {
			t.Errorf("%s: got %v, want %d rows of %d kinds", c.name, got, c.n, len(c.counts))
		}
		if !slices.IsSortedFunc(rows, func(a, b jobs.Row) int { return int(a.Number - b.Number) }) {
			t.Errorf("%s: the rows are not in their order", c.name)
		}
		if again := enqueue.Pick(kinds(c.counts...), c.n); !slices.Equal(rows, again) {
			t.Errorf("%s: the same records gave other rows", c.name)
		}
	}
}

// More strata than rows: as many as there are places, and memory for no more.
func TestI6PickOfManyStrata(t *testing.T) {
	counts := make([]int, 3000)
	for i := range counts {
		counts[i] = 2
	}
	rows := enqueue.Pick(kinds(counts...), 100)
	if got := picked(rows); len(rows) != 100 || len(got) < 90 {
		t.Errorf("got %d rows of %d kinds, want 100 rows of nearly as many", len(rows), len(got))
	}
	late := 0
	for _, r := range rows {
		if r.Number > 3500 { // of 7000
			late++
		}
	}
	if late < 25 || late > 75 {
		t.Errorf("got %d rows of the second half, want about 50", late)
	}
}

// The rows of one stratum are spread over the file.
func TestPickTakesFromAnywhere(t *testing.T) {
	quarters := [4]int{}
	for _, r := range enqueue.Pick(kinds(7000), 200) {
		quarters[min(3, r.Number*4/8167)]++
	}
	for i, n := range quarters {
		if n < 30 || n > 70 {
			t.Errorf("quarter %d of the file: got %d of 200 rows, want about 50", i+1, n)
		}
	}
}

// The canary fills the first batches alone, in a queue of its own; every row is queued once.
func TestI1CanaryRowsComeFirst(t *testing.T) {
	m := newMemory(t)
	canary := enqueue.Pick(records(700), 25)
	if err := enqueue.New(m.ledger, m.queues, enqueue.Config{BatchSize: 10, Canary: canary}).Add(t.Context(), job, records(700)); err != nil {
		t.Fatal(err)
	}
	var first []jobs.Row
	for batch := range int64(3) {
		b, found, err := m.queues.Find(job, batch, 0)
		if err != nil || !found {
			t.Fatalf("batch %d: %t, %v", batch, found, err)
		}
		first = append(first, b.Rows...)
	}
	if diff := cmp.Diff(canary, first); diff != "" {
		t.Errorf("rows of the first batches (-canary +got):\n%s", diff)
	}
	j, rows, rejected, _ := m.queued(t)
	if len(rows) != 500 || rejected != 100 || j.Tally.Read != 700 || j.Through != 700 || j.Batches != 3+48 {
		t.Errorf("got %d rows in %d batches, %d rejected, %d read through %d; want 500 in 51, 100 rejected, 700 read",
			len(rows), j.Batches, rejected, j.Tally.Read, j.Through)
	}
}

func TestChangedInputIsRefused(t *testing.T) {
	other := enqueue.Pick(records(700), 25)
	other[20].User = "somebody else"
	for name, canary := range map[string][]jobs.Row{"another row": other, "fewer rows": enqueue.Pick(records(900), 25)} {
		m := newMemory(t)
		err := enqueue.New(m.ledger, m.queues, enqueue.Config{BatchSize: 10, Canary: canary}).Add(t.Context(), job, records(700))
		if err == nil || err.Error() != "the input has changed since its canary was picked" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A reading that is broken off, as when the canary pauses the job, is not taken for one of another input.
func TestBrokenOffReadingIsNoChangedInput(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	brokenOff := func(yield func(jobs.Row, *jobs.Rejection) bool) {
		n := 0
		for row, rejection := range records(700) {
			if n++; n == 50 {
				cancel()
				return
			}
			if !yield(row, rejection) {
				return
			}
		}
	}
	m := newMemory(t)
	err := enqueue.New(m.ledger, m.queues, enqueue.Config{BatchSize: 10, Canary: enqueue.Pick(records(700), 25)}).Add(ctx, job, brokenOff)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that of the context", err)
	}
}
