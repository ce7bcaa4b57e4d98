package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// racedScripts are those whose processes have the race detector where the tests have it: each way to run jobs and runs, with all
// that goes on beside. It makes a process start and work several times as slowly, and the others would show it nothing more.
var racedScripts = []string{
	"canary_of_an_embedded_run",
	"output_json_quiet_and_logs",
	"pause_resume_cancel_a_running_job",
	"run_interrupted_drains_and_goes_on",
	"run_notifies_before_it_ends",
	"run_redis",
	"runbook_run_on_redis",
	"schedule_commands",
	"verify_waits_for_the_links_of_a_job",
	"worker_drained_hands_back_to_another",
	"worker_serves_metrics_and_health",
}

// programPath returns the PATH by which a script finds sunbulk: the test binary, or one without the race detector, which is
// compiled as the Makefile does it, so that packages are compiled once.
func programPath(t *testing.T) func(script string) string {
	t.Helper()
	path := os.Getenv("PATH")
	for _, name := range racedScripts {
		if _, err := os.Stat("testdata/script/" + name + ".txtar"); err != nil {
			t.Errorf("racedScripts: %v", err)
		}
	}
	if !raced {
		return func(string) string { return path }
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", filepath.Join(dir, "sunbulk"), ".")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build sunbulk: %v\n%s", err, out)
	}
	return func(script string) string {
		if slices.Contains(racedScripts, script) {
			return path
		}
		return dir + string(filepath.ListSeparator) + path
	}
}
