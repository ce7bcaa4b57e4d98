package service_test

import (
	"errors"
	"testing"

	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/service"
)

// TestStartGoesOn: a start that was cut off between any two of its steps continues the same job, whose rows are queued once (I9).
func TestStartGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.lists("users.csv", 250)
	o.Options.BatchSize = 10
	order := service.PlanOrder{Upload: "u", Name: "users.csv", Files: o.Files, Read: o.Read, Options: o.Options, By: service.By{Who: "ann@a"}, Key: "k"}
	p, err := b.Plan(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.Plan(t.Context(), order); err != nil || again.Digest != p.Digest {
		t.Errorf("the same order gives %s, %v, want %s", again.ID, err, p.ID)
	}
	start := service.StartOrder{Plan: p.ID, Files: o.Files, By: service.By{Who: "ben@b"}}
	for range 3 { // killed after the job was made, and before a row was queued
		job, sub, err := b.Start(t.Context(), start)
		if err != nil || job.ID != p.Job {
			t.Fatalf("got %s, %v, want %s", job.ID, err, p.Job)
		}
		sub.Close()
	}
	_, sub, err := b.Start(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if err := sub.Queue(t.Context()); err != nil {
		t.Fatal(err)
	}
	job, sub, err := b.Start(t.Context(), start)
	if err != nil || sub != nil {
		t.Fatalf("a job that is queued to its end is queued again: %v", err)
	}
	if job.Tally.Read != 250 || job.Batches != 25 || len(job.Events) != 1 {
		t.Errorf("got %+v in %d batches, events %+v", job.Tally, job.Batches, job.Events)
	}
	if p, err = b.PlanOf(t.Context(), p.ID); err != nil || p.State() != plans.Started || p.Started.Who != "ben@b" {
		t.Errorf("got %s, %+v, %v", p.State(), p.Started, err)
	}
	// Another file, whatever its name, is not what was planned.
	start.Files = b.lists("other.csv", 3).Files
	next, err := b.Plan(t.Context(), service.PlanOrder{Upload: "v", Files: b.lists("next.csv", 5).Files, Read: o.Read, Options: o.Options})
	if err != nil {
		t.Fatal(err)
	}
	start.Plan = next.ID
	if _, _, err := b.Start(t.Context(), start); !isConflict(err, service.OtherInput) {
		t.Errorf("got %v, want %s", err, service.OtherInput)
	}
}

func isConflict(err error, kind service.ConflictKind) bool {
	e, ok := errors.AsType[*service.Conflict](err)
	return ok && e.Kind == kind
}
