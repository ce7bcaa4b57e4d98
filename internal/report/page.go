package report

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// pageText is the template of report.html. It names no other file and runs nothing.
//
//go:embed page.html
var pageText string

// headText is the template of what the heads of report.html have in common, of a job and of a run.
//
//go:embed head.html
var headText string

// page gathers what report.html shows beside the summary, in the walk over the rows. It names rows,
// never people (I7).
type page struct {
	job     jobs.Job
	series  series
	slowest slowest
	breakdown
}

// note is a section.
func (p *page) note(r *record) error {
	if err := p.series.note(r); err != nil {
		return err
	}
	if err := p.breakdown.note(r); err != nil {
		return err
	}
	return p.slowest.note(r)
}

// throttles counts the answers 429 by their times.
func (p *page) throttles(ctx context.Context, src Source) error {
	if p.job.Stats.Throttled == 0 { // most jobs need not be read once more
		return nil
	}
	for a, err := range src.Attempts(ctx) {
		if err != nil {
			return fmt.Errorf("read attempts: %w", err)
		}
		if a.HTTPStatus == http.StatusTooManyRequests {
			p.series.throttle(a.At.Add(a.Took))
		}
	}
	return nil
}

// view is the page as its template reads it.
type view struct {
	Summary
	Verdict  verdict
	Kinds    []kindView
	Steps    []step
	Outcomes *plot
	Rate     *plot
	Latency  *plot
	Timed    []jobs.Kind // the kinds in the plot of outcomes

	Took      string  // empty before the end, as is Speed
	Paused    string  // how long of it the job was paused; empty for not at all
	Speed     string  // rows per second over the whole run
	PerRow    string  // calls for each row that was called; empty before the end
	Column    string  // how long one column of the plots over time is
	Allowed   float64 // calls per second; 0 = no limit
	HighRate  bool    // the allowed rate lies above the plot
	ByHand    string  // rates that were set while the job ran, and when; empty for none
	Quantiles []quantile

	Causes   []Cause
	More     int // causes that are not shown
	Slowest  []jobs.Outcome
	Failed   []jobs.Outcome // the first
	Works    []work
	Whys     []rejection
	OtherWhy int64 // rejected rows of causes that are not shown
	Words    []word
	Timeline []entry
}

// kindView is one term of the sum of I1.
type kindView struct {
	Kind  jobs.Kind
	Count int64
	Share string // of the rows read
}

const pageCauses = 20

func (p *page) write(o *output, s Summary) error { return writePage(o, pageText, p.view(s)) }

// writePage writes report.html by its template.
func writePage(o *output, text string, view any) error {
	t, err := template.New(o.name).Funcs(template.FuncMap{
		"amount": amount, "brief": brief, "clock": clock, "date": date, "duration": duration, "grouped": jobs.Group, "count": jobs.Count[int64], "moment": moment, "percent": percent,
	}).Parse(headText)
	if err == nil {
		t, err = t.Parse(text)
	}
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	if err := t.Execute(o.buf, view); err != nil {
		return fmt.Errorf("write %s: %w", o.name, err)
	}
	return nil
}

func (p *page) view(s Summary) view {
	p.series.at(p.job.Started) // so that the plots over time begin with the job
	v := view{
		Summary: s, Verdict: verdictOn(s), Kinds: kinds(s.Rows), Steps: steps(s, p.job),
		Outcomes: outcomesPlot(&p.series), Latency: latencyPlot(s.LatencyMs), Timed: timedKinds[:],
		Column: duration(seconds(p.series.width)), Allowed: p.job.Options.Allowed(), ByHand: ratesByHand(p.job), Quantiles: quantiles(s.LatencyMs),
		More: max(0, len(s.Causes)-pageCauses), Slowest: p.slowest, Failed: p.failed, Works: p.works, Words: words, Timeline: timeline(p.job),
	}
	v.Whys, v.OtherWhy = p.whys()
	v.Rate, v.HighRate = ratePlot(&p.series, p.job)
	called := s.Rows.Settled() - s.Rows.Rejected
	if s.State == jobs.Finished && called > 0 {
		v.PerRow = amount(float64(s.Calls.Total) / float64(called))
	}
	if d := s.Times.DurationSeconds; d > 0 {
		v.Took = duration(time.Duration(d * float64(time.Second)))
		v.Speed = amount(float64(called) / d)
		if paused := pausedFor(p.job); paused > 0 {
			v.Paused = duration(paused)
		}
	}
	for _, c := range s.Causes[:len(s.Causes)-v.More] {
		c.Retry = RetryLine(s, c.Code)
		v.Causes = append(v.Causes, c)
	}
	return v
}

func kinds(t jobs.Tally) []kindView {
	all := []kindView{
		{Kind: jobs.OK, Count: t.OK}, {Kind: jobs.Noop, Count: t.Noop}, {Kind: jobs.Failed, Count: t.Failed},
		{Kind: jobs.Rejected, Count: t.Rejected}, {Kind: jobs.InDoubt, Count: t.InDoubt}, {Kind: jobs.Unprocessed, Count: t.Unprocessed},
	}
	for i := range all {
		all[i].Share = percent(float64(all[i].Count) / float64(max(t.Read, 1)))
	}
	return all
}

// entry is a line of the timeline. Mark numbers what was done to the job, from 1, as in the plot of
// the rate; 0 for the job's own times.
type entry struct {
	jobs.Event
	Mark int
}

// timeline is what was done to the job and when, with its own times.
func timeline(job jobs.Job) []entry {
	var entries []entry
	for i, e := range job.Events {
		entries = append(entries, entry{e, i + 1})
	}
	for _, r := range job.Rollbacks {
		entries = append(entries, entry{Event: jobs.Event{At: r.At, What: "rollback", Reason: r.String()}})
	}
	for _, e := range []jobs.Event{
		{At: job.Created, What: "job made"},
		{At: job.Started, What: "first batch opened"},
		{At: job.Finished, What: "job " + string(job.State)},
	} {
		if !e.At.IsZero() {
			entries = append(entries, entry{Event: e})
		}
	}
	// A job's own times are known to the millisecond: the cancel that ended it comes before the end.
	slices.SortStableFunc(entries, func(a, b entry) int {
		return a.At.Truncate(time.Millisecond).Compare(b.At.Truncate(time.Millisecond))
	})
	return entries
}
