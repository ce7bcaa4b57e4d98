package local_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

const app = "app"

// bench is a folder to work in, and an API with three users, each with one old client.
type bench struct {
	*testing.T
	sim   *suncotest.Server
	cfg   worker.Config
	notes []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Chdir(t.TempDir())
	var w suncotest.World
	for i := range 3 {
		user := fmt.Sprintf("u%d", i+1)
		w.Users = append(w.Users, suncotest.User{ID: "id-" + user, ExternalID: user, Clients: []sunco.Client{{ID: "old-" + user, Type: "twilio", Status: "active", IntegrationID: "old"}}})
	}
	b := &bench{T: t, sim: suncotest.New(suncotest.Config{World: w, Token: "right"})}
	server := httptest.NewServer(b.sim)
	t.Cleanup(func() { b.sim.Close(); server.Close() })
	api, err := sunco.New(app, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("right")})
	b.ok(err)
	b.cfg = worker.Config{Name: "test-1", APIs: map[string]*sunco.API{app: api}, Concurrency: 4, Logger: slog.New(slog.DiscardHandler)}
	b.file("users.csv", "user\nu1\nu2\nu3\n")
	return b
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) file(name, text string) {
	b.Helper()
	b.ok(os.WriteFile(name, []byte(text), 0o600))
}

func (b *bench) find(name string) *input.Files {
	b.Helper()
	files, err := input.Find(b.Context(), []string{name})
	b.ok(err)
	return files
}

const unlink = "name: unlink\napp: app\nrate: 0\nsteps:\n  - {name: find, op: list, where: client.integrationId == \"old\"}\n  - {name: drop, op: remove}\n"

func (b *bench) order(book string) local.RunOrder {
	b.Helper()
	parsed, err := runbook.Parse("test.yaml", []byte(book))
	b.ok(err)
	flow, err := parsed.Compile(nil)
	b.ok(err)
	return local.RunOrder{
		Flow: flow, Files: b.find("users.csv"), Out: "out", Note: func(note string) { b.notes = append(b.notes, note) },
		Step: func(*service.RunView, *local.Job) func() { return func() {} },
	}
}

// run begins a run, or continues it, and works it as a command does.
func (b *bench) run(drain context.Context, o local.RunOrder) (*local.Run, error) {
	b.Helper()
	r, err := local.BeginRun(o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	worked := r.Work(b.Context(), drain, b.cfg)
	if worked != nil && !errors.As(worked, new(*local.Stop)) {
		return r, worked
	}
	if _, err := r.Write(b.Context(), r.Dir); err != nil || worked != nil {
		return r, errors.Join(err, worked)
	}
	return r, r.Settle()
}

// stops wants a *Stop of a kind whose text holds another.
func (b *bench) stops(err error, kind local.StopKind, text string) {
	b.Helper()
	stop, ok := errors.AsType[*local.Stop](err)
	if !ok || stop.Kind != kind || !strings.Contains(stop.Error(), text) {
		b.Fatalf("got %v, want a stop of kind %s: %s", err, kind, text)
	}
}

func (b *bench) calls() (n int64) {
	for _, calls := range b.sim.Stats().Calls {
		n += calls
	}
	return n
}

func (b *bench) removed() (n int) {
	for i := range 3 {
		n += 1 - len(b.sim.Clients(fmt.Sprintf("id-u%d", i+1)))
	}
	return n
}

func TestRunGoesThroughItsSteps(t *testing.T) {
	b := newBench(t)
	r, err := b.run(t.Context(), b.order(unlink))
	b.ok(err)
	if !r.Clean() || r.Run.Step != 2 || b.removed() != 3 {
		t.Errorf("got a run that is %s at step %d with %d removes, want finished at 2 with 3", r.Run.State, r.Run.Step, b.removed())
	}
	if left, _ := filepath.Glob("out/*/" + local.FileName); len(left) > 0 {
		t.Errorf("journals are left: %v", left)
	}
	_, err = b.run(t.Context(), b.order(unlink))
	if !errors.Is(err, local.ErrRunReported) {
		t.Errorf("got %v for the folder of another run, want ErrRunReported", err)
	}
}

// A cap stops a run before its step, each time that it is begun again, until somebody lets it exceed the cap; no list is repeated (I9).
func TestRunStopsBeforeACap(t *testing.T) {
	b := newBench(t)
	o := b.order(unlink + "caps: {max_removes: 2}\n")
	for range 2 {
		r, err := b.run(t.Context(), o)
		b.stops(err, local.CapExceeded, "3 clients would be removed, and max_removes is 2")
		if r.Run.State != jobs.Paused || len(r.Jobs) != 1 || b.removed() != 0 {
			t.Errorf("got a run that is %s with %d jobs and %d removes, want paused with 1 and none", r.Run.State, len(r.Jobs), b.removed())
		}
	}
	o.ExceedCaps = true
	r, err := b.run(t.Context(), o)
	b.ok(err)
	if !r.Clean() || b.removed() != 3 || b.calls() != 6 {
		t.Errorf("got a run that is %s with %d removes in %d calls, want finished with 3 in 6", r.Run.State, b.removed(), b.calls())
	}
	if len(b.notes) != 2 || !strings.HasPrefix(b.notes[0], "going on with job ") {
		t.Errorf("got the notes %q, want one of each time that the first step went on", b.notes)
	}
}

// An input that may not be begun with leaves nothing behind.
func TestRunIsRefused(t *testing.T) {
	b := newBench(t)
	_, err := b.run(t.Context(), b.order(unlink+"caps: {min_rows: 4}\n"))
	if refusal, ok := errors.AsType[*runs.Refusal](err); !ok || refusal.Reason != "the input has 3 rows, and min_rows is 4" {
		t.Errorf("got %v, want a refusal for too few rows", err)
	}
	if _, err := os.Stat("out"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
	o := b.order(unlink + "caps: {min_rows: 4}\n")
	o.ExceedCaps = true
	r, err := b.run(t.Context(), o)
	b.ok(err)
	if !r.Clean() {
		t.Errorf("got a run that is %s though it may exceed caps, want finished", r.Run.State)
	}
}

// What an input lacks would be taken for what is not there: a run whose input broke off is refused, also when it may exceed caps.
func TestRunOfABrokenInput(t *testing.T) {
	b := newBench(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, "user\n"+strings.Repeat("u1\n", 20_000))
	b.ok(w.Close())
	b.file("users.csv", packed.String()[:packed.Len()-20])
	_, err := b.run(t.Context(), b.order(unlink))
	if !errors.As(err, new(*runs.Refusal)) || b.calls() != 0 {
		t.Errorf("got %v after %d calls, want a refusal before the first", err, b.calls())
	}
}

// A where that can judge nobody stops the run each time.
func TestRunOfWhichNobodyCanBeJudged(t *testing.T) {
	b := newBench(t)
	o := b.order(strings.Replace(unlink, `client.integrationId == "old"`, "age(client.lastSeen) > days(90)", 1))
	for range 2 {
		r, err := b.run(t.Context(), o)
		b.stops(err, local.NotJudged, "could be judged by where")
		if r.Run.State != jobs.Paused || b.removed() != 0 {
			t.Errorf("got a run that is %s with %d removes, want paused with none", r.Run.State, b.removed())
		}
	}
}

// A job that the API pauses stops the run, which goes on where it was; another folder may not begin it meanwhile (I2).
func TestRunPausedByTheAPIGoesOn(t *testing.T) {
	b := newBench(t)
	b.sim.SetKnobs(suncotest.Knobs{AppStatus: 402})
	o := b.order(unlink)
	r, err := b.run(t.Context(), o)
	b.stops(err, local.StepPaused, "step find is paused: ")
	if r.Run.State != jobs.Paused || !strings.HasPrefix(r.Run.Reason, "step find is paused: ") {
		t.Errorf("got a run that is %s: %s", r.Run.State, r.Run.Reason)
	}
	other := o
	other.Out = "elsewhere"
	_, err = b.run(t.Context(), other)
	if d, ok := errors.AsType[*local.DuplicateError](err); !ok || d.Folder != "out" || d.State != "" {
		t.Errorf("got %v, want a DuplicateError about out", err)
	}
	changed := b.order(strings.Replace(unlink, `"old"`, `"new"`, 1))
	_, err = b.run(t.Context(), changed)
	if !errors.As(err, new(*local.ChangedError)) || !strings.Contains(err.Error(), "the runbook is another") {
		t.Errorf("got %v, want a ChangedError about the runbook", err)
	}
	b.sim.SetKnobs(suncotest.Knobs{})
	r, err = b.run(t.Context(), o)
	b.ok(err)
	if !r.Clean() || b.removed() != 3 {
		t.Errorf("got a run that is %s with %d removes, want finished with 3", r.Run.State, b.removed())
	}
}

// A run that is interrupted between its steps, or within one, goes on (I9).
func TestRunInterruptedGoesOn(t *testing.T) {
	b := newBench(t)
	drain, end := context.WithCancel(t.Context())
	o := b.order(unlink)
	o.Step = func(v *service.RunView, _ *local.Job) func() {
		if v.Run.Step == 1 {
			end()
		}
		return func() {}
	}
	r, err := b.run(drain, o)
	b.stops(err, local.Interrupted, "is interrupted")
	id := r.Run.ID
	o.Step = func(*service.RunView, *local.Job) func() { return func() {} }
	r, err = b.run(t.Context(), o)
	b.ok(err)
	if r.Run.ID != id || !r.Clean() || b.removed() != 3 {
		t.Errorf("got run %s that is %s with %d removes, want %s finished with 3", r.Run.ID, r.Run.State, b.removed(), id)
	}
}

// job begins a job of the users, or continues it, and works it as a command does.
func (b *bench) job(drain context.Context, o local.Order) (jobs.Job, error) {
	b.Helper()
	err := o.Open(drain)
	defer o.Close()
	if err != nil {
		return jobs.Job{}, err
	}
	j, err := local.Begin(drain, o)
	if err != nil {
		return jobs.Job{}, err
	}
	defer j.Close()
	if err := j.Work(b.Context(), drain, b.cfg); err != nil {
		return jobs.Job{}, err
	}
	now, err := j.Now(b.Context())
	b.ok(err)
	r, err := j.Report(b.Context(), now)
	b.ok(err)
	if r.Summary.Job != j.ID {
		b.Errorf("got a report of %q, want of %s", r.Summary.Job, j.ID)
	}
	return now, j.Settle(b.Context(), now)
}

func (b *bench) jobOrder() local.Order {
	opt := jobs.Defaults()
	opt.App, opt.Rate = app, 0
	return local.Order{
		Order: service.Order{Files: b.find("users.csv"), Read: input.Spec{Op: "list"}, Options: opt, Note: func(note string) { b.notes = append(b.notes, note) }},
		Out:   "out",
	}
}

func TestJobPausedByTheAPIGoesOn(t *testing.T) {
	b := newBench(t)
	b.sim.SetKnobs(suncotest.Knobs{AppStatus: 402})
	first, err := b.job(t.Context(), b.jobOrder())
	b.stops(err, local.JobPaused, "job "+first.ID+" is paused: ")
	other := b.jobOrder()
	other.Read.Set = []string{"brandId=b"}
	if _, err := b.job(t.Context(), other); !errors.As(err, new(*local.ChangedError)) {
		t.Errorf("got %v for other rows, want a ChangedError", err)
	}
	b.sim.SetKnobs(suncotest.Knobs{})
	second, err := b.job(t.Context(), b.jobOrder())
	b.ok(err)
	if second.ID != first.ID || second.State != jobs.Finished || second.Tally.OK != 3 {
		t.Errorf("got job %s, %s, %+v; want %s, finished, 3 ok", second.ID, second.State, second.Tally, first.ID)
	}
	if want := "going on with job " + first.ID + " in out"; len(b.notes) != 1 || b.notes[0] != want {
		t.Errorf("got the notes %q, want %q", b.notes, want)
	}
	_, err = b.job(t.Context(), b.jobOrder())
	if !errors.Is(err, local.ErrReported) || err.Error() != "out holds the report of an earlier job" {
		t.Errorf("got %v, want ErrReported about out", err)
	}
}
