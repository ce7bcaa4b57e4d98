package worker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// A task that cannot be read pauses its job with the reason, and its rows stay unprocessed (I1): nobody would see a
// log line every minute, for ever.
func TestUnreadableTaskPauses(t *testing.T) {
	t.Parallel()
	b := newBench(t, suncotest.New(suncotest.Config{}), options())
	if err := b.ledger.Note(t.Context(), b.job, ledger.Note{Read: 3, Batches: 1}); err != nil {
		t.Fatal(err)
	}
	client := asynq.NewClientFromRedisClient(b.rdb)
	if _, err := client.Enqueue(asynq.NewTask(queue.TaskType, []byte("\x01junk")), asynq.Queue(queue.Name(b.job, false)), asynq.TaskID(b.job+":0"), asynq.MaxRetry(5)); err != nil {
		t.Fatal(err)
	}
	if err := b.ledger.Seal(t.Context(), b.job, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	b.serve()
	job := b.state()
	if job.State != jobs.Paused || !strings.Contains(job.Reason, "cannot read a batch of the queue (decode batch: ") || job.Tally.Unprocessed != 3 {
		t.Errorf("got the job %s (%s) with %+v, want it paused for its batch, with 3 rows unprocessed", job.State, job.Reason, job.Tally)
	}
	if _, found, err := b.queues.Find(b.job, 0, 0); found || !errors.Is(err, queue.ErrUnreadable) {
		t.Errorf("find: got %t, %v, want ErrUnreadable", found, err)
	}
}
