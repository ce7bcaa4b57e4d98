package runbook

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestOptionsWithoutLimitsAreTheDefaults(t *testing.T) {
	r, err := Parse("x.yaml", []byte("app: demo"+steps))
	if err != nil {
		t.Fatal(err)
	}
	want := jobs.Defaults()
	want.App, want.Burst, want.Canary = "demo", 1, jobs.Canary{}
	got, err := r.Options(0)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestOptionsOfAStepGoBeforeThoseOfTheRunbook(t *testing.T) {
	r := readFull(t)
	all := jobs.Options{
		App: r.App, Rate: 12.5, Burst: 3, Attempts: 7, Timeout: 45 * time.Second, BatchSize: 50, MaxFailures: jobs.Threshold{Count: 500},
		Canary: jobs.Canary{Rows: 50, Wait: jobs.CanaryWait}, Resend: jobs.ResendNever, Reserve: 0.3, Priority: jobs.Low,
		Schedule: jobs.Schedule{Window: "mon-fri 22:00-06:00", Timezone: "Europe/Berlin"},
	}
	own := all
	own.Attempts, own.Timeout, own.Within, own.MaxFailures = 3, 10*time.Second, 5*time.Minute, jobs.Threshold{Percent: 5}
	own.Canary, own.Resend = jobs.Canary{Rows: 10}, jobs.ResendAlways
	for step, want := range []jobs.Options{all, own, all} {
		got, err := r.Options(step)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("step %d: %v (-want +got):\n%s", step, err, diff)
		}
	}
}

// What flags put in the place of the file's values is checked, too.
func TestOptionsChecksWhatWasChanged(t *testing.T) {
	r := readFull(t)
	rate := -1.0
	r.Rate, r.Steps[1].Resend = &rate, "perhaps"
	_, err := r.Options(1)
	want := "full.yaml has 2 problems\nfull.yaml:18:7: rate: is not between 0 and 1000000; 0 means no limit\nfull.yaml:39:13: steps[1].resend: \"perhaps\" is not one of never, silent, always"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestVariables(t *testing.T) {
	r := readFull(t)
	got, err := r.Variables(map[string]string{"old": "int-1", "days": "30"})
	if diff := cmp.Diff(map[string]string{"new": "5f1a", "old": "int-1", "days": "30"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = r.Variables(map[string]string{"dayz": "30"})
	want := "full.yaml has 2 problems\nfull.yaml:9:7: vars: dayz is given, and the runbook has no such variable; did you mean days?\nfull.yaml:9:19: vars.old: has no value; give it by --var old=VALUE"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
