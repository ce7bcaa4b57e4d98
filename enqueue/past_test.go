package enqueue_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// pipe returns how a process queues records that cannot be read twice, and takes the place of the one before.
func (m memory) pipe(t *testing.T, process string) enqueue.Config {
	t.Helper()
	if err := m.ledger.AcquireProducer(t.Context(), job, process, ledger.TakeOver); err != nil {
		t.Fatal(err)
	}
	mark, err := m.ledger.Checkpoint(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return enqueue.Config{BatchSize: 10, Witness: true, By: process, Past: mark}
}

// A pipe that was cut off at any moment and gives the same records adds what is missing; so it does when the
// batches of the last note were not queued.
func TestI9APipeGoesOnWithTheSameRecords(t *testing.T) {
	want := newMemory(t)
	if err := enqueue.New(want.ledger, want.queues, want.pipe(t, "one")).Add(t.Context(), job, records(700)); err != nil {
		t.Fatal(err)
	}
	_, wantRows, wantRejected, wantFiltered := want.queued(t)
	for _, stop := range []int64{1, 20, 55, 100, 333, 699} {
		m := newMemory(t)
		m.addUntil(t, m.pipe(t, "first"), records(700), stop)
		m.loseNoted(t)
		cfg := m.pipe(t, "second")
		agreed := 0
		cfg.Agreed = func() { agreed++ }
		if err := enqueue.New(m.ledger, m.queues, cfg).Add(t.Context(), job, records(700)); err != nil {
			t.Fatal(err)
		}
		j, rows, rejected, filtered := m.queued(t)
		if diff := cmp.Diff(wantRows, rows); diff != "" || rejected != wantRejected || filtered != wantFiltered || j.Tally.Read != 700 {
			t.Errorf("stopped at %d: %d read, %d rejected, %d filtered; rows (-want +got):\n%s", stop, j.Tally.Read, rejected, filtered, diff)
		}
		if agreed != 1 {
			t.Errorf("stopped at %d: agreed %d times, want once", stop, agreed)
		}
	}
}

// loseNoted takes out of the queue what may be missing there after a kill: the batches since the note before the last.
func (m memory) loseNoted(t *testing.T) {
	t.Helper()
	mark, err := m.ledger.Checkpoint(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	j, err := m.ledger.Job(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	for n := range j.Batches {
		batch, found, err := m.queues.Find(job, n, 0)
		if err != nil {
			t.Fatal(err)
		}
		if found && batch.Rows[len(batch.Rows)-1].Number > mark.Queued {
			id := fmt.Sprintf("%s:%d", job, n)
			m.rdb.LRem(t.Context(), "asynq:{"+job+"}:pending", 0, id)
			m.rdb.Del(t.Context(), "asynq:{"+job+"}:t:"+id)
			if _, found, _ := m.queues.Find(job, n, 0); found {
				t.Fatalf("batch %d is still queued", n)
			}
		}
	}
}

// Other records, fewer of them, or more than were there in all: nothing of them gets into the job.
func TestAPipeOfOtherRecordsIsRefused(t *testing.T) {
	other := func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range records(700) {
			if row.Number == 4 {
				row.User = "somebody else"
			}
			if !yield(row, rejection) {
				return
			}
		}
	}
	m := newMemory(t)
	m.addUntil(t, m.pipe(t, "first"), records(700), 333)
	before := m.state(t)
	for name, records := range map[string]enqueue.Records{"other": other, "short": records(50), "none": records(0)} {
		err := enqueue.New(m.ledger, m.queues, m.pipe(t, name)).Add(t.Context(), job, records)
		if !errors.As(err, new(*enqueue.ChangedError)) {
			t.Errorf("%s: got %v, want a ChangedError", name, err)
		}
		if diff := cmp.Diff(before, m.state(t)); diff != "" {
			t.Errorf("%s changed the job (-before +after):\n%s", name, diff)
		}
	}
	if err := enqueue.New(m.ledger, m.queues, m.pipe(t, "whole")).Add(t.Context(), job, records(700)); err != nil {
		t.Fatal(err)
	}
	if err := m.ledger.Seal(t.Context(), job, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := enqueue.New(m.ledger, m.queues, m.pipe(t, "more")).Add(t.Context(), job, records(701)); !errors.As(err, new(*enqueue.ChangedError)) {
		t.Errorf("more: got %v, want a ChangedError", err)
	}
	if err := enqueue.New(m.ledger, m.queues, m.pipe(t, "same")).Add(t.Context(), job, records(700)); err != nil {
		t.Errorf("same: got %v", err)
	}
}

// state is what the job has read, and the keys that there are, those of tasks too.
func (m memory) state(t *testing.T) any {
	t.Helper()
	j, err := m.ledger.Job(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	n, err := m.rdb.DBSize(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return []int64{j.Tally.Read, j.Batches, j.Tally.Rejected, n}
}

// A process that was stopped while another took its place notes nothing any more (I1).
func TestI1APipeIsNotedByOneProcess(t *testing.T) {
	m := newMemory(t)
	first := m.pipe(t, "first")
	m.pipe(t, "second")
	err := enqueue.New(m.ledger, m.queues, first).Add(t.Context(), job, records(700))
	if !errors.As(err, new(*ledger.TakenError)) {
		t.Errorf("got %v, want a TakenError", err)
	}
	if got, _ := m.ledger.Checkpoint(t.Context(), job); got != (ledger.Checkpoint{}) {
		t.Errorf("got mark %+v, want none", got)
	}
}
