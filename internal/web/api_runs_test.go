package web_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
)

// flow is a runbook of two steps that is due every night.
func flow(t *testing.T) *runbook.Flow {
	t.Helper()
	book, err := runbook.Parse("clean.yaml", []byte("name: clean\napp: "+app+"\ninput: /data/users.csv\nsteps: [{op: list, name: one}, {op: remove, name: two, where: 'client.status == \"blocked\"'}]\nschedule: {cron: 0 3 * * *, timezone: Europe/Madrid}\n"))
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
