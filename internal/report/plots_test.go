package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// textsOf are the words of labels.
func textsOf(labels []label) (texts []string) {
	for _, l := range labels {
		texts = append(texts, strings.ReplaceAll(l.Text, space, " "))
	}
	return texts
}

// Times stand at round places, as few as a reader can take in, whatever the span.
func TestTimesAreRound(t *testing.T) {
	start := time.Date(2026, 11, 22, 22, 59, 57, 0, time.UTC)
	for width, want := range map[int64][]string{
		1:     {"23:00:00", "23:00:05", "23:00:10", "23:00:15", "23:00:20", "23:00:25"},
		60:    {"23:00", "23:05", "23:10", "23:15", "23:20", "23:25"},
		3600:  {"23 Nov 00:00", "23 Nov 06:00", "23 Nov 12:00", "23 Nov 18:00", "24 Nov 00:00"},
		86400: {"23 Nov", "30 Nov", "7 Dec", "14 Dec", "21 Dec"},
	} {
		p := newPlot("", "", 30, 1)
		p.times(start, width)
		if diff := cmp.Diff(want, textsOf(p.Xs)); diff != "" {
			t.Errorf("slots of %d s (-want +got):\n%s", width, diff)
		}
	}
	for width := int64(1); width < 1<<26; width *= 2 {
		p := newPlot("", "", seriesBuckets, 1)
		if p.times(start, width); len(p.Xs) < 2 || len(p.Xs) > mostTicks+1 {
			t.Errorf("slots of %d s: %v", width, textsOf(p.Xs))
		}
	}
}

func TestDurationsAreRound(t *testing.T) {
	p := latencyPlot(jobs.Histogram{30: 4, 40: 1})
	if diff := cmp.Diff([]string{"20 ms", "50 ms", "100 ms"}, textsOf(p.Xs)); diff != "" {
		t.Errorf("a few (-want +got):\n%s", diff)
	}
	p = latencyPlot(jobs.Histogram{0: 4, 70: 1})
	if diff := cmp.Diff([]string{"0.1 ms", "1 ms", "10 ms", "100 ms", "1 s", "10 s"}, textsOf(p.Xs)); diff != "" {
		t.Errorf("many (-want +got):\n%s", diff)
	}
}

// Marks of quantiles stand where their columns end.
func TestLatencyPlotMarksQuantiles(t *testing.T) {
	p := latencyPlot(jobs.Histogram{30: 90, 40: 9, 41: 1})
	var marks []string
	for _, s := range p.Shapes {
		if s.Class == "quantile" {
			marks = append(marks, s.Path)
		}
	}
	want := []string{"M30 0V1000", "M130 0V1000", "M130 0V1000"} // two slots of margin, then 30, …, 40
	if diff := cmp.Diff(want, marks); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"p50", "p95", "p99"}, textsOf(p.Tags)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if p.Tags[1].Row == p.Tags[2].Row {
		t.Error("p95 and p99 stand on each other")
	}
}

// Answers 429 are marked below the rate, in the bucket of their time.
func TestRatePlotMarksAnswers429(t *testing.T) {
	job := testJob(jobs.Finished, jobs.Tally{Read: 3, OK: 3})
	at := job.Started
	var s series
	for second := range 3 {
		r := &record{Outcome: jobs.Outcome{Kind: jobs.OK, FinishedAt: at.Add(time.Duration(second) * time.Second)}}
		if err := s.note(r); err != nil {
			t.Fatal(err)
		}
	}
	if p, _ := ratePlot(&s, job); len(p.Strip) > 0 {
		t.Errorf("a strip of %d marks without an answer 429", len(p.Strip))
	}
	for _, second := range []int{1, 5, 5, 5} {
		s.throttle(at.Add(time.Duration(second) * time.Second))
	}
	p, _ := ratePlot(&s, job)
	want := []shape{{"throttled few", "M10 0h10v1000h-10z", ""}, {"throttled many", "M50 0h10v1000h-10z", ""}}
	if diff := cmp.Diff(want, p.Strip); diff != "" {
		t.Errorf("strip (-want +got):\n%s", diff)
	}
	if title := slotTitle(p, 5); title != "15:30:18: 0 rows per second, answers 429: 3" {
		t.Errorf("got %q", title)
	}
}

// slotTitle is what a plot says of a slot.
func slotTitle(p *plot, slot int) string {
	for _, s := range p.Shapes {
		if s.Class == "slot" && strings.HasPrefix(s.Path, fmt.Sprintf("M%d ", slot*slotWidth)) {
			return s.Title
		}
	}
	return ""
}

// The pace is what the reserve leaves of the rate, and a plot begins with its job.
func TestRatePlotShowsTheJobFromItsStart(t *testing.T) {
	job := testJob(jobs.Finished, jobs.Tally{Read: 60, OK: 60})
	job.Options.Rate, job.Options.Reserve = 100, 0.25
	var src memorySource
	for row := range int64(60) {
		src.chunks = append(src.chunks, outcomes(jobs.OK, row+1))
	}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, job, src); err != nil {
		t.Fatal(err)
	}
	page := content(t, dir, "report.html")
	for _, want := range []string{"allowed: 75 calls per second", "15:31:00: 60 ok", ">15:30:20<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// The line of what is allowed follows what operators set while the job ran.
func TestAllowedFollowsTheOverrides(t *testing.T) {
	start := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }
	rate := func(minute int, rate string) jobs.Event {
		return jobs.Event{At: at(minute), What: jobs.EventRate, Rate: rate}
	}
	job := jobs.Job{Options: jobs.Options{Rate: 50, Reserve: 0.5}}
	tests := []struct {
		name   string
		events []jobs.Event
		want   []allowance
	}{
		{"none", []jobs.Event{{At: at(1), What: jobs.EventPause}}, []allowance{{at(0), at(10), 25}}},
		{"one, and back", []jobs.Event{rate(2, "60"), rate(7, "auto")}, []allowance{{at(0), at(2), 25}, {at(2), at(7), 60}, {at(7), at(10), 25}}},
		{"before the first row", []jobs.Event{rate(-5, "8")}, []allowance{{at(0), at(10), 8}}},
		{"max, and another rate", []jobs.Event{rate(3, "max"), rate(4, "max"), rate(6, "0.5")}, []allowance{{at(0), at(3), 25}, {at(3), at(6), 50}, {at(6), at(10), 0.5}}},
		{"after the last row", []jobs.Event{rate(30, "8")}, []allowance{{at(0), at(10), 25}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			job.Events = tt.events
			if diff := cmp.Diff(tt.want, allowances(job, at(0), at(10)), cmp.AllowUnexported(allowance{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
