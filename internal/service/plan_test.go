package service_test

import (
	"context"
	"errors"
	"testing"

	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/runbook"
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

// TestStartOfARunGoesOn: a start that was cut off between any two of its steps continues the same run, whose rows are queued once (I9), and
// who started it is kept (I13). Another file is not what was planned.
func TestStartOfARunGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.lists("users.csv", 250)
	book, err := runbook.Parse("clean.yaml", []byte("name: clean\napp: "+o.Options.App+"\nbatch: 10\nsteps: [{op: list}, {op: remove, where: 'client.status == \"blocked\"'}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	flow, err := book.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	order := service.RunbookOrder{File: "clean.yaml", Flow: flow, PlanOrder: service.PlanOrder{Upload: "u", Name: "users.csv", Files: o.Files, By: service.By{Who: "ann@a"}, Key: "k"}}
	p, err := b.PlanRunbook(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.PlanRunbook(t.Context(), order); err != nil || again.Digest != p.Digest || !p.Unknown() || p.Changes() != 0 {
		t.Errorf("the same order gives %s, %v, want %s; %+v", again.ID, err, p.ID, p.Runbook)
	}
	start := service.StartOrder{Plan: p.ID, Files: o.Files, By: service.By{Who: "ben@b"}}
	if _, _, err := b.Start(t.Context(), start); !errors.As(err, new(*service.Invalid)) {
		t.Errorf("a job is started of it: %v", err)
	}
	for range 3 { // killed after the run was made, and before a row was queued
		run, begun, err := b.StartPlannedRun(t.Context(), start)
		if err != nil || run != p.Job || begun == nil {
			t.Fatalf("got %s, %v, want %s", run, err, p.Job)
		}
	}
	cut, stop := context.WithCancel(t.Context())
	stop()
	_, begun, err := b.StartPlannedRun(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	if err := begun.Queue(cut); err == nil {
		t.Error("a queuing that was cut off says that it is done")
	}
	if _, begun, err = b.StartPlannedRun(t.Context(), start); err != nil {
		t.Fatal(err)
	}
	if err := begun.Queue(t.Context()); err != nil {
		t.Fatal(err)
	}
	run, begun, err := b.StartPlannedRun(t.Context(), start)
	if err != nil || begun != nil {
		t.Fatalf("a run that is queued is queued again: %v", err)
	}
	v, err := b.Service.Run(t.Context(), run)
	if err != nil || v.Jobs[0].Tally.Read != 250 || v.Jobs[0].Batches != 25 {
		t.Errorf("got %+v, %v", v.Jobs, err)
	}
	if p, err = b.PlanOf(t.Context(), p.ID); err != nil || p.State() != plans.Started || p.Started.Who != "ben@b" {
		t.Errorf("got %s, %+v, %v", p.State(), p.Started, err)
	}
	order.Key, order.Files = "", b.lists("next.csv", 5).Files
	next, err := b.PlanRunbook(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.StartPlannedRun(t.Context(), service.StartOrder{Plan: next.ID, Files: b.lists("other.csv", 3).Files}); !isConflict(err, service.OtherInput) {
		t.Errorf("got %v, want %s", err, service.OtherInput)
	}
}

// TestTwoPlansOfAFile: while the rows of one are queued, the other does not become the same job.
func TestTwoPlansOfAFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.lists("users.csv", 5)
	order := service.PlanOrder{Upload: "u", Files: o.Files, Read: o.Read, Options: o.Options}
	for i, want := range []bool{true, false} {
		p, err := b.Plan(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		_, sub, err := b.Start(t.Context(), service.StartOrder{Plan: p.ID, Files: o.Files})
		if want != (err == nil) || err != nil && !isConflict(err, service.Duplicate) {
			t.Errorf("plan %d: got %v", i, err)
		}
		if sub != nil {
			defer sub.Close()
		}
		if p, err = b.PlanOf(t.Context(), p.ID); err != nil || (p.Started != nil) != want {
			t.Errorf("plan %d: started %+v, %v", i, p.Started, err)
		}
	}
}
