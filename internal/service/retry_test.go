package service_test

import (
	"errors"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// Failed rows are taken once, by cause and then the others.
func TestRetryTakesEachRowOnce(t *testing.T) {
	b := newBench(t)
	job := b.submit(b.lists("users.csv", 3, "unknown-1", "unknown-2"))
	_, early := b.Retry(t.Context(), service.RetryOrder{Of: job.ID})
	if kindOf(early) != service.NotEnded {
		t.Errorf("before the end: got %v", early)
	}
	if job = b.work(job.ID); job.Tally.Failed != 2 {
		t.Fatalf("got %+v, want 2 failed rows", job.Tally)
	}
	_, other := b.Retry(t.Context(), service.RetryOrder{Of: job.ID, Cause: "bad_request"})
	if kindOf(other) != service.NoFailedRows {
		t.Errorf("of another cause: got %v", other)
	}
	first, err := b.Retry(t.Context(), service.RetryOrder{Of: job.ID, Cause: "user_not_found"})
	if err != nil || first.Tally.Read != 2 || first.Options.App != app {
		t.Fatalf("got %+v, %v; want a job of 2 rows", first.Tally, err)
	}
	_, again := b.Retry(t.Context(), service.RetryOrder{Of: job.ID, Cause: "user_not_found"})
	if e, _ := errors.AsType[*service.Conflict](again); e == nil || e.Kind != service.RowsTaken || e.ID != first.ID {
		t.Errorf("again: got %v", again)
	}
	_, rest := b.Retry(t.Context(), service.RetryOrder{Of: job.ID})
	if kindOf(rest) != service.NoFailedRows {
		t.Errorf("the others: got %v", rest)
	}
	twice, err := b.Retry(t.Context(), service.RetryOrder{Of: job.ID, AllowDuplicates: true})
	if err != nil || twice.ID == first.ID || twice.Tally.Read != 2 {
		t.Errorf("with duplicates: got %s with %+v, %v", twice.ID, twice.Tally, err)
	}
	status, _, err := b.Status(t.Context(), job.ID)
	if err != nil || len(status.Causes) != 1 || status.Causes[0].TakenBy != twice.ID && status.Causes[0].TakenBy != first.ID {
		t.Errorf("got causes %+v, %v", status.Causes, err)
	}
	if _, err := b.Retry(t.Context(), service.RetryOrder{Of: "20260101-000000-aaaa"}); !errors.As(err, new(*service.NotFound)) {
		t.Errorf("of no job: got %v", err)
	}
	if b.work(first.ID).State != jobs.Finished {
		t.Error("the retry does not finish")
	}
}
