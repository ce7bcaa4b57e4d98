package report

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// foreignPage is a page of which every text that comes from elsewhere is the given one.
func foreignPage(t *testing.T, text string) string {
	t.Helper()
	failed := outcomeOf(createRow(1), jobs.Failed)
	failed.ErrorCode, failed.Error, failed.Detail, failed.Row.User = text, text, text, text
	failed.Row.Op = jobs.Op(text)
	src := memorySource{chunks: []jobs.Chunk{
		{Outcomes: []jobs.Outcome{failed}, Rejections: []jobs.Rejection{{Number: 2, Column: text, Cause: text, Names: []string{text}, Values: []string{text}}}},
	}}
	job := testJob(jobs.Paused, src.tallyOf(2))
	job.Reason, job.Options.App, job.Options.Resend = text, text, jobs.Resend(text)
	job.Inputs = []jobs.Input{{Name: text, Format: text, SHA256: text, Error: text}}
	job.Stats = jobs.Stats{Latency: jobs.Histogram{3: 1}, Causes: map[string]jobs.Cause{text: {Count: 1, Row: 1, Error: text}}}
	for i, what := range []string{text, jobs.EventPause} {
		job.Events = append(job.Events, jobs.Event{At: failed.FinishedAt.Add(time.Duration(i) * time.Second), Who: text, What: what, Reason: text})
	}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, job, src); err != nil {
		t.Fatal(err)
	}
	return content(t, dir, "report.html")
}

// Whatever comes from elsewhere stays text: the tags of the page are those of a harmless one.
func TestPageEscapesForeignText(t *testing.T) {
	tag := regexp.MustCompile(`<[^>]*>`)
	want := tag.FindAllString(foreignPage(t, "Odd text"), -1)
	for _, hostile := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</title></style><b>`, `--><!--`,
		`&lt;script&gt;`, `{{.Job}}`, `javascript:alert(1)`, "\x00\xff<\u202e", `]]></svg><iframe src=//example.com>`,
	} {
		page := foreignPage(t, hostile)
		if diff := cmp.Diff(want, tag.FindAllString(page, -1)); diff != "" {
			t.Errorf("%q changes the tags (-want +got):\n%s", hostile, diff)
		}
		if strings.Contains(page, "--cause "+hostile) {
			t.Errorf("%q stands in a command to copy", hostile)
		}
	}
}

// Nothing is fetched and nothing runs: the page is whole wherever it is opened.
func TestPageIsSelfContained(t *testing.T) {
	page := foreignPage(t, "Odd text")
	for _, outside := range []string{"<script", "src=", "href=", "url(", "@import", "http:", "https:", "ZgotmplZ"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page holds %q", outside)
		}
	}
	if want := `content="default-src 'none'; style-src 'unsafe-inline'"`; !strings.Contains(page, want) {
		t.Errorf("the page has no %s", want)
	}
}

// Only a code that every shell takes as it is gets a command to copy, and only one that has failed rows.
func TestRetryLine(t *testing.T) {
	for code, want := range map[string]string{
		"user_not_found":     "sunbulk retry J --cause user_not_found",
		"http_503":           "sunbulk retry J --cause http_503",
		"not_sent_again":     "",
		"several_candidates": "",
		"ended_unseen":       "",
		"":                   "",
		"-x":                 "",
		"a b":                "",
		"$(reboot)":          "",
		"a\nreboot":          "",
	} {
		if got := RetryLine(Summary{Job: "J", State: jobs.Finished, Rows: jobs.Tally{Failed: 1}}, code); got != want {
			t.Errorf("%q: got %q, want %q", code, got, want)
		}
	}
	if got := RetryLine(Summary{Job: "J", State: jobs.Paused, Rows: jobs.Tally{Failed: 1}}, "user_not_found"); got != "" {
		t.Errorf("a paused job: got %q, want none", got)
	}
}

// I6: the buckets are as many as ever, and hold what a count of all times holds, in any order.
func TestSeriesI6CountsEveryTime(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 2))
		base := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
		var s series
		var times []time.Time
		reach := time.Duration(1) << random.IntN(60)
		for range 500 {
			at := base.Add(time.Duration(random.Int64N(int64(reach)) - int64(reach)/2))
			times = append(times, at)
			r := &record{Outcome: jobs.Outcome{Kind: timedKinds[random.IntN(len(timedKinds))], FinishedAt: at}}
			if at.Year() < 2000 || at.Year() >= 2100 {
				times = times[:len(times)-1]
			}
			if err := s.note(r); err != nil {
				t.Fatal(err)
			}
		}
		buckets, start := s.span()
		want := make([]int64, len(buckets))
		for _, at := range times {
			slot := (at.Unix() - start.Unix()) / s.width
			if slot < 0 || slot >= int64(len(want)) {
				t.Fatalf("seed %d: %v lies outside the buckets", seed, at)
			}
			want[slot]++
		}
		got := make([]int64, len(buckets))
		for i, b := range buckets {
			got[i] = b.total()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d: buckets of %d s (-want +got):\n%s", seed, s.width, diff)
		}
		first, last := slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
		if took := last.Unix() - first.Unix(); took < seriesLead && s.width > 1 || took >= seriesBuckets && s.width > 8*took/seriesBuckets {
			t.Errorf("seed %d: buckets are %d s wide for %d s", seed, s.width, took)
		}
	}
}

// Times that no clock shows neither count nor spoil the others.
func TestSeriesPassesOverImpossibleTimes(t *testing.T) {
	var s series
	at := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{{}, time.UnixMilli(1 << 62), at, time.UnixMilli(-1 << 62)} {
		if err := s.note(&record{Outcome: jobs.Outcome{Kind: jobs.OK, FinishedAt: at}}); err != nil {
			t.Fatal(err)
		}
	}
	buckets, start := s.span()
	if len(buckets) != 1 || buckets[0].total() != 1 || !start.Equal(at) {
		t.Errorf("got %v from %v, want one row at %v", buckets, start, at)
	}
}

func TestSlowestKeepsTheLongest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var all []time.Duration
	var s slowest
	for row := range int64(500) {
		d := time.Duration(random.IntN(200))
		all = append(all, d)
		if err := s.note(&record{Outcome: jobs.Outcome{Row: createRow(row), Duration: d}}); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	var got []time.Duration
	for i, o := range s {
		got = append(got, o.Duration)
		if i > 0 && s[i-1].Duration == o.Duration && s[i-1].Row.Number > o.Row.Number {
			t.Errorf("row %d comes before row %d, which took as long", s[i-1].Row.Number, o.Row.Number)
		}
		if o.Row.User != "" || o.Row.PhoneNumber != "" {
			t.Errorf("row %d keeps who it is about", o.Row.Number)
		}
	}
	if diff := cmp.Diff(all[:slowestRows], got); diff != "" {
		t.Errorf("durations (-want +got):\n%s", diff)
	}
}

// However odd the numbers of the ledger, there is a page.
func TestPageOfOddNumbers(t *testing.T) {
	job := testJob(jobs.Finished, jobs.Tally{Read: 1, OK: -5, Failed: 1 << 62})
	job.Options.Rate = 1e300
	job.Stats.Latency = jobs.Histogram{-1 << 62: 1, 1 << 62: -1}
	job.Stats.Causes = map[string]jobs.Cause{}
	for i := range 3000 {
		job.Stats.Causes[fmt.Sprintf("code_%d", i)] = jobs.Cause{Count: int64(i)}
	}
	src := memorySource{chunks: []jobs.Chunk{outcomes(jobs.OK, 1)}}
	dir := t.TempDir()
	if s, _ := writeTo(t.Context(), dir, job, src); s.AddsUp {
		t.Error("the rows add up")
	}
	page := content(t, dir, "report.html")
	if got, want := strings.Count(page, "<article"), pageCauses; got != want {
		t.Errorf("got %d causes, want %d", got, want)
	}
	for _, want := range []string{"and 2980 more causes", "lies above the plot", "≠"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestRoundUp(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, 1: 1, 1.1: 1.2, 2: 2, 9: 10, 41: 60, 100: 100, 101: 120, 1601: 2000, 8_000_001: 10_000_000} {
		if got := roundUp(v); got != want {
			t.Errorf("%g: got %g, want %g", v, got, want)
		}
	}
}
