package jobs

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOptionsCheckCompletesTheDefaults(t *testing.T) {
	got := Defaults()
	got.Rate = 40
	if wrong := got.Check(); wrong != nil {
		t.Fatal(wrong)
	}
	want := Defaults()
	want.Rate, want.Burst, want.Canary = 40, 4, Canary{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOptionsCheckFindsEachOutOfRange(t *testing.T) {
	for _, tt := range []struct {
		option string
		change func(*Options)
	}{
		{"rate", func(o *Options) { o.Rate = -1 }},
		{"rate", func(o *Options) { o.Rate = math.NaN() }},
		{"burst", func(o *Options) { o.Burst = -1 }},
		{"reserve", func(o *Options) { o.Reserve = 1 }},
		{"attempts", func(o *Options) { o.Attempts = MaxAttempts + 1 }},
		{"timeout", func(o *Options) { o.Timeout = 0 }},
		{"within", func(o *Options) { o.Within = -time.Second }},
		{"batch", func(o *Options) { o.BatchSize = 10_001 }},
		{"canary", func(o *Options) { o.Canary.Rows = MaxCanary + 1 }},
		{"canary", func(o *Options) { o.Canary.Rows, o.MaxFailures.Percent = 5, 100 }},
		{"canary-wait", func(o *Options) { o.Canary.Wait = -1 }},
		{"window", func(o *Options) { o.Window, o.Timezone = "22", "UTC" }},
		{"finish-by", func(o *Options) { o.FinishBy, o.Timezone = "noon", "UTC" }},
		{"timezone", func(o *Options) { o.Window = "22:00-06:00" }},
		{"timezone", func(o *Options) { o.FinishBy = "06:00" }},
		{"timezone", func(o *Options) { o.Timezone = "Local" }},
		{"timezone", func(o *Options) { o.Timezone = "right/Europe/Madrid" }},
		{"timezone", func(o *Options) { o.Timezone = "CET-1CEST" }},
		{"timezone", func(o *Options) { o.Timezone = "Mars/Base" }},
	} {
		o := Defaults()
		tt.change(&o)
		wrong := o.Check()
		if len(wrong) != 1 || wrong[0].Option != tt.option {
			t.Errorf("%s: got %v, want one error of it", tt.option, wrong)
		}
	}
	o := Defaults()
	o.Rate, o.Burst, o.Window = -1, -1, "22"
	if wrong := o.Check(); len(wrong) != 3 {
		t.Errorf("got %v, want all three", wrong)
	}
}

func TestParseShare(t *testing.T) {
	for text, want := range map[string]float64{"0%": 0, "30%": 0.3, " 12.5% ": 0.125, "100%": 1} {
		if got, err := ParseShare(text); err != nil || got != want {
			t.Errorf("%q: got %g, %v, want %g", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", "30", "-1%", "100.1%", "NaN%", "x%"} {
		if got, err := ParseShare(text); err == nil {
			t.Errorf("%q: got %g, want an error", text, got)
		}
	}
}
