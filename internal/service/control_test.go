package service_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func TestMovesOfAJob(t *testing.T) {
	b := newBench(t)
	id := b.submit(b.lists("users.csv", 5)).ID
	for _, m := range []struct {
		name    string
		move    func() (service.Already, error)
		already jobs.State
		state   jobs.State
		reason  string
	}{
		{"pause", func() (service.Already, error) { return b.Pause(t.Context(), id, by("")) }, "", jobs.Paused, "paused by ann@test"},
		{"pause again", func() (service.Already, error) { return b.Pause(t.Context(), id, by("maintenance")) }, jobs.Paused, jobs.Paused, "paused by ann@test"},
		{"resume", func() (service.Already, error) { return b.Resume(t.Context(), id, "", by("")) }, "", jobs.Running, ""},
		{"cancel", func() (service.Already, error) { return b.Cancel(t.Context(), id, by("not needed")) }, "", jobs.Cancelled, "not needed"},
	} {
		already, err := m.move()
		if err != nil || already.State != m.already {
			t.Errorf("%s: got %+v, %v", m.name, already, err)
		}
		if job, err := b.Job(t.Context(), id); err != nil || job.State != m.state || job.Reason != m.reason {
			t.Errorf("%s: the job is %s: %s, %v; want %s: %s", m.name, job.State, job.Reason, err, m.state, m.reason)
		}
	}
	if _, err := b.Resume(t.Context(), id, "", by("")); kindOf(err) != service.WrongState {
		t.Errorf("resume of what has ended: got %v", err)
	}
	if _, err := b.Pause(t.Context(), "20260101-000000-aaaa", by("")); !errors.As(err, new(*service.NotFound)) {
		t.Errorf("pause of nothing: got %v", err)
	}
	if err := b.Forget(t.Context(), id, by("")); err != nil {
		t.Errorf("forget: %v", err)
	}
	if _, err := b.Job(t.Context(), id); !errors.As(err, new(*service.NotFound)) {
		t.Errorf("a forgotten job: got %v", err)
	}
}

// flow compiles a runbook of two lists.
func (b *bench) flow() *runbook.Flow {
	b.Helper()
	book, err := runbook.Parse("lists.yaml", []byte("name: lists\napp: "+app+"\nrate: 0\nsteps: [{op: list, name: one}, {op: list, name: two}]\n"))
	if err != nil {
		b.Fatal(err)
	}
	flow, err := book.Compile(nil)
	if err != nil {
		b.Fatal(err)
	}
	return flow
}

// A run and the job of its step are moved together, and none takes the other's id.
func TestMovesOfARun(t *testing.T) {
	b := newBench(t)
	order := service.RunOrder{Flow: b.flow(), Files: b.file("users.csv", "user", "ann", "bob")}
	v, err := b.StartRun(t.Context(), order)
	if err != nil || v.Rows() != 2 {
		t.Fatalf("got %d rows, %v", v.Rows(), err)
	}
	run, job := v.Run.ID, v.Jobs[0].ID
	states := func(want jobs.State) {
		t.Helper()
		v, err := b.Service.Run(t.Context(), run)
		if err != nil || v.Summary().State != want || v.Jobs[0].State != want {
			t.Errorf("the run is %s and its job %s, %v; want %s", v.Summary().State, v.Jobs[0].State, err, want)
		}
	}
	states(jobs.Running)
	if _, err := b.StartRun(t.Context(), order); kindOf(err) != service.DuplicateRun {
		t.Errorf("a second start: got %v", err)
	}
	if _, err := b.PauseRun(t.Context(), run, by("")); err != nil {
		t.Fatal(err)
	}
	states(jobs.Paused)
	if _, err := b.ResumeRun(t.Context(), run, false, by("")); err != nil {
		t.Fatal(err)
	}
	states(jobs.Running)
	if err := b.Forget(t.Context(), job, by("")); kindOf(err) != service.StepOfRun {
		t.Errorf("forget of a step: got %v", err)
	}
	for id, is := range map[string]string{run: "run", job: "step"} {
		_, asJob := b.Pause(t.Context(), run, by(""))
		_, asRun := b.PauseRun(t.Context(), job, by(""))
		e, _ := errors.AsType[*service.NotFound](map[string]error{run: asJob, job: asRun}[id])
		if e == nil || e.Is != is {
			t.Errorf("%s: got %+v, want what says that it is a %s", id, e, is)
		}
	}
	if _, err := b.CancelRun(t.Context(), run, by("")); err != nil {
		t.Fatal(err)
	}
	states(jobs.Cancelled)
	if _, err := b.ResumeRun(t.Context(), run, false, by("")); kindOf(err) != service.WrongRunState {
		t.Errorf("resume of what has ended: got %v", err)
	}
}

// TestRunsPages: each run of the apps that are asked for comes once, the newest first, whatever the size of a page.
func TestRunsPages(t *testing.T) {
	b := newBench(t)
	var all []string
	for range 3 {
		v, err := b.StartRun(t.Context(), service.RunOrder{Flow: b.flow(), Files: b.file("users.csv", "user", "customer-1"), AllowDuplicates: true})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v.Run.ID)
	}
	slices.Sort(all) // runs of one second are in no other order
	for _, limit := range []int{1, 2, 3, 200} {
		var got []string
		for q := (service.RunsQuery{Apps: []string{app}, Limit: limit}); ; {
			page, err := b.RunsPage(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Runs {
				got = append(got, r.Run)
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if slices.Sort(got); !slices.Equal(got, all) {
			t.Errorf("limit %d: got %v, want %v", limit, got, all)
		}
	}
	if page, err := b.RunsPage(t.Context(), service.RunsQuery{Apps: []string{"other"}}); err != nil || len(page.Runs) != 0 {
		t.Errorf("runs of another app: %v, %v", page.Runs, err)
	}
	if _, err := b.RunsPage(t.Context(), service.RunsQuery{Limit: 201}); err == nil {
		t.Error("any limit is taken")
	}
}
