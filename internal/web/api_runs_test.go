package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// flow is a runbook of two steps that is due every night.
func flow(t *testing.T) *runbook.Flow { t.Helper(); return flowOf(t, "clean", app) }

// flowOf is one with another name, or of another app.
func flowOf(t *testing.T, name, app string) *runbook.Flow {
	t.Helper()
	book, err := runbook.Parse(name+".yaml", []byte("name: "+name+"\napp: "+app+"\ninput: /data/users.csv\nsteps: [{op: list, name: one}, {op: remove, name: two, where: 'client.status == \"blocked\"'}]\nschedule: {cron: 0 3 * * *, timezone: Europe/Madrid}\n"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := book.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestRunsAndSchedules holds the answers about a run and a schedule to the document, and shows their pages.
func TestRunsAndSchedules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := readContract(b)
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte("user\ncustomer-1\ncustomer-2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := input.Find(t.Context(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	run, err := b.s.StartRun(t.Context(), service.RunOrder{Flow: flow(t), Files: files})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.s.ApplySchedules(t.Context(), []*runbook.Flow{flow(t)}, service.By{Who: "ann@test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.s.PauseSchedule(t.Context(), "clean", service.By{Who: "ann@test", Reason: "holidays"}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/runs", "/v1/runs/" + run.Run.ID, "/v1/schedules", "/v1/schedules/clean"} {
		c.asks(b, 200, "GET", path, "")
	}
	for _, path := range []string{"/runs", "/runs/" + run.Run.ID, "/schedules", "/schedules/clean"} {
		b.text(200, "GET", path, "")
	}
}

// TestSchedulesComeInPages: each schedule that one may see is on one page, in the order of names, whatever the limit.
func TestSchedulesComeInPages(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	crm, err := web.AddToken(file, web.Token{Name: "crm", Role: service.Viewer, Apps: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, guarded(t, file))
	var flows []*runbook.Flow
	for _, name := range []string{"b", "d", "a", "e", "c"} {
		flows = append(flows, flowOf(t, name, app))
	}
	flows = append(flows, flowOf(t, "c2", "other"))
	if _, err := b.s.ApplySchedules(t.Context(), flows, service.By{Who: "ann@test"}); err != nil {
		t.Fatal(err)
	}
	all := func(secret, limit string) (names string) {
		for after := "?limit=" + limit; after != ""; {
			var page struct {
				Schedules []struct{ Name string }
				Next      string
			}
			b.json(&page, 200, "GET", "/v1/schedules"+after, "", bearer(secret))
			for _, s := range page.Schedules {
				names += s.Name + " "
			}
			if after = ""; page.Next != "" {
				after = "?limit=" + limit + "&after=" + page.Next
			}
		}
		return names
	}
	for _, limit := range []string{"1", "2", "5", "6", "200"} {
		if got, crms := all(secrets[service.Viewer], limit), all(crm, limit); got != "a b c c2 d e " || crms != "c2 " {
			t.Errorf("%s on a page: got %q, and %q of one app", limit, got, crms)
		}
	}
	b.text(404, "GET", "/v1/schedules/a", "", bearer(crm))
	b.text(200, "GET", "/v1/schedules/c2", "", bearer(crm))
	b.text(400, "GET", "/v1/schedules?limit=201", "", bearer(crm))
	if page := b.text(200, "GET", "/schedules?limit=2", "", bearer(crm)); !strings.Contains(page, "c2") {
		t.Error("the page has not the schedule of the app")
	}
}
