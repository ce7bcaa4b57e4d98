package enqueue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/jobs"
)

// Rows and rejections of any size are cut so that they can be read again, by the records alone: adding them
// again adds nothing (I9).
func TestBatchesAreCutByBytes(t *testing.T) {
	const valid, rejected = 30, 29
	padding := strings.Repeat("x", 900_000)
	records := func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for i := int64(1); i <= valid; i++ {
			if !yield(jobs.Row{Number: i, Line: i, Op: jobs.Create, User: fmt.Sprint("u", i), Carry: fmt.Sprint(i, padding)}, nil) {
				return
			}
		}
		for i := int64(valid + 1); i <= valid+rejected; i++ {
			if !yield(jobs.Row{}, &jobs.Rejection{Number: i, Line: i, Cause: "is no good", Values: []string{fmt.Sprint(i, padding)}}) {
				return
			}
		}
	}
	m := newMemory(t)
	for range 2 {
		if err := enqueue.New(m.ledger, m.queues, enqueue.Config{BatchSize: 1000}).Add(t.Context(), job, records); err != nil {
			t.Fatal(err)
		}
	}
	state, err := m.ledger.Job(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if state.Batches != 4 {
		t.Errorf("got %d batches, want 4 of up to 9 rows", state.Batches)
	}
	rows := int64(0)
	for n := range state.Batches {
		b, found, err := m.queues.Find(job, n, 0)
		if err != nil || !found {
			t.Fatalf("batch %d: got %t, %v, want it found", n, found, err)
		}
		rows += int64(len(b.Rows))
	}
	refused := 0
	for chunk, err := range m.ledger.Chunks(t.Context(), job) {
		if err != nil {
			t.Fatal(err)
		}
		refused += len(chunk.Rejections)
	}
	if rows != valid || refused != rejected || state.Tally.Read != valid+rejected {
		t.Errorf("got %d rows and %d rejections of %d read, want %d and %d", rows, refused, state.Tally.Read, valid, rejected)
	}
}

// The last batch counts when a note for rejections alone would have been due with the last record (I1).
func TestLastBatchCounts(t *testing.T) {
	const rejected = 500
	records := func(yield func(jobs.Row, *jobs.Rejection) bool) {
		if !yield(jobs.Row{Number: 1, Op: jobs.List, User: "u"}, nil) {
			return
		}
		for i := int64(2); i <= rejected+1; i++ {
			if !yield(jobs.Row{}, &jobs.Rejection{Number: i, Cause: "is no good"}) {
				return
			}
		}
	}
	m := newMemory(t)
	if err := enqueue.New(m.ledger, m.queues, enqueue.Config{}).Add(t.Context(), job, records); err != nil {
		t.Fatal(err)
	}
	state, err := m.ledger.Job(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if state.Batches != 1 || state.Tally.Read != rejected+1 {
		t.Errorf("got %d batches of %d rows read, want 1 of %d", state.Batches, state.Tally.Read, rejected+1)
	}
}
