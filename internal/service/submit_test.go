package service_test

import (
	"errors"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// kindOf is the kind of a conflict, or what else an error is.
func kindOf(err error) service.ConflictKind {
	if c, ok := errors.AsType[*service.Conflict](err); ok {
		return c.Kind
	}
	if err == nil {
		return ""
	}
	return service.ConflictKind(err.Error())
}

// I9: an order that was interrupted continues the same job, and adds what is missing of it.
func TestI9InterruptedOrderGoesOnWithItsJob(t *testing.T) {
	b := newBench(t)
	o := b.lists("users.csv", 35, "user-1", "a,b,c")
	broken, ok := errors.AsType[*service.Interrupted](b.interrupted(o))
	if !ok || broken.Job == "" || broken.ByName {
		t.Fatalf("got %#v, want the interruption of a job", broken)
	}
	var notes []string
	o.Note = func(text string) { notes = append(notes, text) }
	job := b.submit(o)
	if job.ID != broken.Job || !job.Sealed || job.Tally.Read != 37 || job.Tally.Rejected != 2 || job.Batches != 4 {
		t.Errorf("got job %s, sealed %v, %+v in %d batches; want %s with 37 rows, 2 of them rejected, in 4", job.ID, job.Sealed, job.Tally, job.Batches, broken.Job)
	}
	if len(notes) != 1 || notes[0] != "going on with job "+job.ID {
		t.Errorf("got notes %q", notes)
	}
}

// I2: an input is queued once, whatever is changed of what makes no other rows of it.
func TestI2AnInputIsSubmittedOnce(t *testing.T) {
	b := newBench(t)
	o := b.lists("users.csv", 5)
	first := b.submit(o)
	for name, change := range map[string]func(*service.Order){
		"the same":              func(*service.Order) {},
		"under another name":    func(o *service.Order) { o.Files = b.lists("copy.csv", 5).Files },
		"a variable of no use":  func(o *service.Order) { o.Read.Vars = []string{"days=90"} },
		"a time of no use":      func(o *service.Order) { o.Read.Now = "2026-11-01T00:00:00Z" },
		"at another rate":       func(o *service.Order) { o.Options.Rate = 3 },
		"where the caller runs": func(o *service.Order) { o.Works = true; o.Options.Attempts = 2 },
	} {
		again := o
		change(&again)
		want := service.Duplicate
		if again.Works {
			want = service.OtherOptions
		}
		_, err := b.Submit(t.Context(), again)
		e, _ := errors.AsType[*service.Conflict](err)
		if e == nil || e.Kind != want || e.ID != first.ID || e.State != jobs.Running {
			t.Errorf("%s: got %v, want %s with job %s", name, err, want, first.ID)
		}
	}
	for name, change := range map[string]func(*service.Order){
		"other rows":  func(o *service.Order) { o.Files = b.lists("more.csv", 6).Files },
		"another app": func(o *service.Order) { o.Options.App = "other" },
		"duplicates":  func(o *service.Order) { o.Read.AllowDuplicates = true },
	} {
		other := o
		change(&other)
		if job, err := b.Submit(t.Context(), other); err != nil || job.ID == first.ID {
			t.Errorf("%s: got job %s, %v; want another job", name, job.ID, err)
		}
	}
}

// What a job may not be added to is said as a kind, and changes nothing.
func TestResumeRefusesOtherJobs(t *testing.T) {
	b := newBench(t)
	o := b.lists("users.csv", 5, "unknown-1")
	job := b.submit(o)
	o.Resume = job.ID
	if again := b.submit(o); again.ID != job.ID || again.Batches != job.Batches {
		t.Errorf("got job %s with %d batches, want %s with %d", again.ID, again.Batches, job.ID, job.Batches)
	}
	other := o
	other.Files = b.lists("more.csv", 6).Files
	_, wrong := b.Submit(t.Context(), other)
	b.work(job.ID)
	_, ended := b.Submit(t.Context(), o)
	retry, err := b.Retry(t.Context(), service.RetryOrder{Of: job.ID})
	if err != nil {
		t.Fatal(err)
	}
	o.Resume = retry.ID
	_, retried := b.Submit(t.Context(), o)
	for got, want := range map[service.ConflictKind]service.ConflictKind{
		kindOf(wrong): service.OtherInput, kindOf(ended): service.Ended, kindOf(retried): service.IsRetry,
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	o.Resume = "20260101-000000-aaaa"
	if _, err := b.Submit(t.Context(), o); !errors.As(err, new(*service.NotFound)) {
		t.Errorf("got %v, want *NotFound", err)
	}
}

func TestOrdersAreChecked(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		change func(*service.Order)
		option string
	}{
		"attempts": {func(o *service.Order) { o.Options.Attempts = 0 }, "attempts"},
		"batch":    {func(o *service.Order) { o.Options.BatchSize = -1 }, "batch"},
		"set":      {func(o *service.Order) { o.Read.Set = []string{"=x"} }, "set"},
		"var":      {func(o *service.Order) { o.Read.Vars = []string{"a b=x"} }, "var"},
	} {
		o := b.lists(name+".csv", 1)
		c.change(&o)
		_, err := b.Submit(t.Context(), o)
		if e, _ := errors.AsType[*jobs.OptionError](err); e == nil || e.Option != c.option {
			t.Errorf("%s: got %v, want an error of option %s", name, err, c.option)
		}
	}
	o := b.lists("canary.csv", 20)
	o.Options.Canary.Rows, o.Read.Where = 3, `row.user != "user-3"`
	if _, err := b.Submit(t.Context(), o); err == nil || kindOf(err) == "" || !errors.As(err, new(*service.Invalid)) {
		t.Errorf("a canary of expressions at no time: got %v, want *Invalid", err)
	}
	o.Files = b.file("none.csv", "")
	o.Options.Canary.Rows = 0
	if _, err := b.Submit(t.Context(), o); !errors.As(err, new(*input.Error)) {
		t.Errorf("an empty file: got %v, want *input.Error", err)
	}
	if all, _, err := b.Jobs(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("got %d jobs, %v; want none", len(all), err)
	}
}
