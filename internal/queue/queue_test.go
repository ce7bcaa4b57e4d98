package queue

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

const job = "20261122-153012-k3f9"

func newQueues(t *testing.T) *Queues {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return New(redistest.Start(t).Client(t), codec)
}

func batch(n int64) jobs.Batch {
	return jobs.Batch{Number: n, Rows: []jobs.Row{{Number: n + 1, Line: n + 2, Op: jobs.List, User: "u"}}}
}

func TestAddTwiceIsOneTask(t *testing.T) {
	q := newQueues(t)
	for range 2 {
		if err := q.Add(t.Context(), job, batch(0)); err != nil {
			t.Fatal(err)
		}
	}
	info, err := q.inspector.GetQueueInfo(job)
	if err != nil {
		t.Fatal(err)
	}
	if info.Pending != 1 {
		t.Errorf("pending: got %d, want 1", info.Pending)
	}
	got, found, err := q.Find(job, 0, 0)
	if err != nil || !found {
		t.Fatalf("find: %t, %v", found, err)
	}
	if diff := cmp.Diff(batch(0), got); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
}

func TestAgainAddsOneTaskPerFence(t *testing.T) {
	q := newQueues(t)
	ctx := t.Context()
	if err := q.Add(ctx, job, batch(0)); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		if got, err := q.Again(ctx, job, 0, 3); err != nil || got != want {
			t.Errorf("again, time %d: got %t, %v; want %t", i+1, got, err, want)
		}
	}
	if err := q.inspector.DeleteTask(job, taskID(job, 0)); err != nil {
		t.Fatal(err)
	}
	if got, err := q.Again(ctx, job, 0, 5); err != nil || !got {
		t.Errorf("again from the task of an earlier fence: got %t, %v", got, err)
	}
	if got, err := q.Again(ctx, job, 1, 5); err != nil || got {
		t.Errorf("again of a batch that asynq does not know: got %t, %v", got, err)
	}
}

// A batch that is queued again does not wait behind the rest of its job.
func TestAgainComesFirst(t *testing.T) {
	q := newQueues(t)
	ctx := t.Context()
	for n := range int64(3) {
		if err := q.Add(ctx, job, batch(n)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := q.Again(ctx, job, 2, 7); err != nil {
		t.Fatal(err)
	}
	got, err := q.rdb.LRange(ctx, "asynq:{"+job+"}:pending", 0, -1).Result() // asynq takes from the right
	if err != nil {
		t.Fatal(err)
	}
	want := []string{taskID(job, 2), taskID(job, 1), taskID(job, 0), fencedID(job, 2, 7)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tasks that wait (-want +got):\n%s", diff)
	}
}

func TestI5LostBatchesAreFoundAndComeBack(t *testing.T) {
	q := newQueues(t)
	ctx := t.Context()
	for n := range int64(4) {
		if err := q.Add(ctx, job, batch(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.inspector.ArchiveTask(job, taskID(job, 1)); err != nil {
		t.Fatal(err)
	}
	if err := q.inspector.DeleteTask(job, taskID(job, 2)); err != nil {
		t.Fatal(err)
	}
	lost := func() []int64 {
		var found []int64
		all := func(yield func(int64, int64) bool) {
			for n := range int64(5) {
				if !yield(n, 2) {
					return
				}
			}
		}
		for n, err := range q.Lost(ctx, job, all) {
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, n)
		}
		return found
	}
	if diff := cmp.Diff([]int64{1, 2, 4}, lost()); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	for _, n := range []int64{1, 2} {
		if err := q.Add(ctx, job, batch(n)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int64{4}, lost()); diff != "" {
		t.Errorf("lost after they were added again (-want +got):\n%s", diff)
	}
}

func TestPauseAndResumeAreIdempotent(t *testing.T) {
	q := newQueues(t)
	if err := q.Add(t.Context(), job, batch(0)); err != nil {
		t.Fatal(err)
	}
	for _, move := range []func(string) error{q.Pause, q.Pause, q.Resume, q.Resume} {
		if err := move(job); err != nil {
			t.Error(err)
		}
	}
}

func TestDropLeavesNothing(t *testing.T) {
	q := newQueues(t)
	ctx := t.Context()
	for n := range int64(3) {
		if err := q.Add(ctx, job, batch(n)); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	server := asynq.NewServerFromRedisClient(q.rdb, asynq.Config{Queues: map[string]int{job: 1}, Concurrency: 1, LogLevel: asynq.FatalLevel, TaskCheckInterval: 10 * time.Millisecond})
	worked := 0
	handler := func(_ context.Context, _ *asynq.Task) error {
		if worked++; worked == 2 {
			close(done)
		}
		return nil
	}
	if err := server.Start(asynq.HandlerFunc(handler)); err != nil {
		t.Fatal(err)
	}
	<-done
	server.Shutdown()
	if err := q.Pause(job); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if got, err := q.Left(ctx, job); err != nil || got != want {
			t.Errorf("something left: got %t, %v, want %t", got, err, want)
		}
		if err := q.Drop(ctx, job); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := q.rdb.Keys(ctx, "asynq:{*").Result()
	if err != nil || len(keys) != 0 {
		t.Errorf("keys left: %v, %v", keys, err)
	}
	if queues, err := q.inspector.Queues(); err != nil || len(queues) != 0 {
		t.Errorf("queues left: %v, %v", queues, err)
	}
}

// The canary's batches have a queue of their own, in which they are found and queued again.
func TestCanaryHasAQueue(t *testing.T) {
	q := newQueues(t)
	ctx := t.Context()
	if err := q.AddCanary(ctx, job, batch(0)); err != nil {
		t.Fatal(err)
	}
	if err := q.Add(ctx, job, batch(1)); err != nil {
		t.Fatal(err)
	}
	if again, err := q.Again(ctx, job, 0, 2); err != nil || !again {
		t.Fatalf("again: %t, %v", again, err)
	}
	for name, want := range map[string]int{Name(job, true): 2, Name(job, false): 1} {
		info, err := q.inspector.GetQueueInfo(name)
		if err != nil || info.Pending != want {
			t.Errorf("queue %s: got %+v, %v; want %d waiting", name, info, err, want)
		}
	}
	unfinished := func(yield func(batch, fence int64) bool) {
		_ = yield(0, 0) && yield(1, 0) && yield(2, 0)
	}
	var lost []int64
	for n, err := range q.Lost(ctx, job, unfinished) {
		if err != nil {
			t.Fatal(err)
		}
		lost = append(lost, n)
	}
	if diff := cmp.Diff([]int64{2}, lost); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	if err := q.Drop(ctx, job); err != nil {
		t.Fatal(err)
	}
	if left, err := q.Left(ctx, job); err != nil || left {
		t.Errorf("left: got %t, %v", left, err)
	}
	if keys := q.rdb.Keys(ctx, "asynq:{*").Val(); len(keys) != 0 {
		t.Errorf("I5: left behind: %v", keys)
	}
}
