package service_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// olderBench is a bench of which the jobs can be made those of another release.
func olderBench(t *testing.T) (*bench, func(job, rules string)) {
	t.Helper()
	r := redistest.Start(t)
	s, _, err := service.Open(t.Context(), r.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	rdb := r.Client(t)
	return &bench{t, s, t.TempDir()}, func(job, rules string) {
		t.Helper()
		old, _, marked := strings.Cut(rdb.HGet(t.Context(), "sunbulk:{"+job+"}", "fingerprint").Val(), ";rules=")
		if !marked {
			t.Fatal("the fingerprint has no rules")
		}
		if err := rdb.HSet(t.Context(), "sunbulk:{"+job+"}", "fingerprint", old+rules).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// I1, I9: the rest of a job is not queued by other rules than its beginning: batches would be cut elsewhere, rows be lost or come twice.
func TestI9JobsOfOtherRulesAreNotQueuedOn(t *testing.T) {
	for name, rules := range map[string]string{"an older release": "", "a newer one": ";rules=99"} {
		t.Run(name, func(t *testing.T) {
			b, become := olderBench(t)
			o := b.lists("users.csv", 35)
			broken, ok := errors.AsType[*service.Interrupted](b.interrupted(o))
			if !ok {
				t.Fatalf("got %v, want an interruption", broken)
			}
			become(broken.Job, rules)
			before, err := b.Job(t.Context(), broken.Job)
			if err != nil {
				t.Fatal(err)
			}
			byName := o
			byName.Resume = broken.Job
			works := o
			works.Works = true
			for asked, order := range map[string]service.Order{"the same order": o, "by name": byName, "by a run": works} {
				if _, err := b.Submit(t.Context(), order); kindOf(err) != service.OtherRules {
					t.Errorf("%s: got %v, want %s", asked, err, service.OtherRules)
				}
			}
			if now, err := b.Job(t.Context(), broken.Job); err != nil || now.Tally != before.Tally || now.Batches != before.Batches || now.Sealed {
				t.Errorf("the job is %+v in %d batches now, and was %+v in %d", now.Tally, now.Batches, before.Tally, before.Batches)
			}
			other := o
			other.Files = b.lists("more.csv", 36).Files
			other.Resume = broken.Job
			if _, err := b.Submit(t.Context(), other); kindOf(err) != service.OtherInput {
				t.Errorf("another input: got %v, want %s", err, service.OtherInput)
			}
		})
	}
}

// A job that is queued to its end needs no rules any more: a run continues it, and nothing is queued again but by them.
func TestJobsOfOtherRulesThatAreQueuedGoOn(t *testing.T) {
	b, become := olderBench(t)
	o := b.lists("users.csv", 25)
	job := b.submit(o)
	become(job.ID, "")
	o.Works = true
	sub, err := b.Begin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if err := sub.Queue(t.Context()); err != nil {
		t.Fatal(err)
	}
	now, err := b.Job(t.Context(), job.ID)
	if err != nil || sub.Job.ID != job.ID || now.Tally.Read != 25 || now.Batches != job.Batches {
		t.Errorf("got job %s, %+v, error %v; want %s as it was", sub.Job.ID, now.Tally, err, job.ID)
	}
	if done := b.work(job.ID); done.State != jobs.Finished || done.Tally.OK != 25 {
		t.Errorf("got %s, %+v; want 25 ok", done.State, done.Tally)
	}
	o.Works, o.Resume = false, job.ID
	if _, err := b.Submit(t.Context(), o); kindOf(err) != service.Ended {
		t.Errorf("got %v, want %s", err, service.Ended)
	}
}
