package service_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
)

// acts are all that were kept, the oldest first, in short.
func (b *bench) acts(q service.AuditQuery) (all []string) {
	b.Helper()
	for e, err := range b.AuditAll(b.Context(), q) {
		if err != nil {
			b.Fatal(err)
		}
		if e.Who != "ann@test" || e.App != app {
			b.Errorf("got %+v", e)
		}
		on := ""
		for kind, id := range map[string]string{"job": e.Job, "run": e.Run, "schedule": e.Schedule} {
			if id != "" && on == "" || kind == "schedule" && id != "" {
				on = kind
			}
		}
		all = append(all, string(e.What)+" "+on+" "+e.Reason)
	}
	return all
}

// TestEachActIsKept (I13): what people do to jobs, rates, runs and schedules stands in the audit log, also when what it was about is
// forgotten; and an act of nobody does not.
func TestEachActIsKept(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	order := b.lists("users.csv", 5)
	order.By = by("")
	job := b.submit(order)
	order.By = service.By{}
	b.submit(b.lists("nobody.csv", 2))
	book, err := runbook.Parse("clean.yaml", []byte("name: clean\napp: "+app+"\ninput: /data/users.csv\nsteps: [{op: list}]\nschedule: {cron: 0 3 * * *, timezone: UTC}\n"))
	if err != nil {
		t.Fatal(err)
	}
	flow, err := book.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.Pause(ctx, job.ID, by("maintenance")))
	must(b.Resume(ctx, job.ID, "", by("")))
	must(nil, b.SetRate(ctx, app, "5", service.Holding{Keep: true}, by("slower")))
	must(b.Cancel(ctx, job.ID, by("")))
	must(nil, b.Forget(ctx, job.ID, by("")))
	must(b.ApplySchedules(ctx, []*runbook.Flow{flow}, by("")))
	must(b.PauseSchedule(ctx, flow.Name, by("holidays")))
	must(b.TriggerSchedule(ctx, flow.Name, by("")))
	must(nil, b.RemoveSchedule(ctx, flow.Name, by("")))
	want := []string{"start job ", "pause job maintenance", "resume job ", "rate  slower", "cancel job ", "forget job ", "apply schedule ", "pause schedule holidays", "trigger schedule ", "remove schedule "}
	if diff := cmp.Diff(want, b.acts(service.AuditQuery{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := b.Pause(ctx, job.ID, by("")); err == nil {
		t.Error("a job that is gone is paused")
	}
	if got := b.acts(service.AuditQuery{Job: job.ID}); len(got) != 5 {
		t.Errorf("about the job: %q", got)
	}
	if got := b.acts(service.AuditQuery{Who: "ann", What: audit.Cancel}); len(got) != 1 {
		t.Errorf("ann's cancels: %q", got)
	}
	for name, q := range map[string]service.AuditQuery{"another app's": {Apps: []string{"other"}}, "bob's": {Who: "bob"}, "of tomorrow": {Since: time.Now().Add(24 * time.Hour)}} {
		if got := b.acts(q); len(got) != 0 {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// TestAuditPages: each act comes once, whatever the size of a page, the newest first.
func TestAuditPages(t *testing.T) {
	b := newBench(t)
	const acts = 450 // more than are read at once
	for n := range acts {
		if err := b.Record(t.Context(), by(fmt.Sprint(n)), audit.Entry{What: audit.Rate, App: app}); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 199, 200, 201, 500} {
		q, n := service.AuditQuery{Limit: limit}, acts
		for {
			page, err := b.Audit(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Entries {
				if n--; e.Reason != fmt.Sprint(n) {
					t.Fatalf("limit %d: got act %s, want %d", limit, e.Reason, n)
				}
			}
			if q.After = page.Next; page.Next == "" {
				break
			}
		}
		if n != 0 {
			t.Errorf("limit %d: %d acts did not come", limit, n)
		}
	}
	for _, q := range []service.AuditQuery{{After: "x"}, {Limit: 501}, {Limit: -1}} {
		if _, err := b.Audit(t.Context(), q); err == nil {
			t.Errorf("%+v is taken", q)
		}
	}
}
