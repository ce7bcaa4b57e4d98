package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// pageText is the template of report.html. It names no other file and runs nothing.
//
//go:embed page.html
var pageText string

// page gathers what report.html shows beside the summary, in the walk over the rows. It names rows,
// never people (I7).
type page struct {
	job     jobs.Job
	series  series
	slowest slowest
}

// note is a section.
func (p *page) note(r *record) error {
	if err := p.series.note(r); err != nil {
		return err
	}
	return p.slowest.note(r)
}

// view is the page as its template reads it.
type view struct {
	Summary
	Kinds    []kindView
	Outcomes *plot
	Rate     *plot
	Latency  *plot
	Timed    []jobs.Kind // the kinds in the plot of outcomes

	Took      string // empty before the end, as is Speed
	Speed     string // rows per second over the whole run
	Column    string // how long one column of the plots over time is
	HighRate  bool   // the allowed rate lies above the plot
	Paused    bool   // the plot of the rate has pauses
	Marked    bool   // and lines where something was done
	Quantiles []quantile

	Causes  []causeView
	More    int // causes that are not shown
	Slowest []jobs.Outcome
	Events  []jobs.Event
}

// kindView is one term of the sum of I1.
type kindView struct {
	Kind  jobs.Kind
	Count int64
	Share string // of the rows read
}

// causeView is a cause with what to do about it.
type causeView struct {
	Cause
	Advice string
	Retry  string // the command; empty when it would find no row
}

const pageCauses = 20

func (p *page) write(o *output, s Summary) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"amount": amount, "duration": duration, "grouped": grouped, "moment": moment, "percent": percent,
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	if err := t.Execute(o.buf, p.view(s)); err != nil {
		return fmt.Errorf("write %s: %w", o.name, err)
	}
	return nil
}

func (p *page) view(s Summary) view {
	v := view{
		Summary: s, Kinds: kinds(s.Rows), Timed: timedKinds[:], Column: seconds(p.series.width).String(),
		Outcomes: outcomesPlot(&p.series), Latency: latencyPlot(s.LatencyMs), Quantiles: quantiles(s.LatencyMs),
		More: max(0, len(s.Causes)-pageCauses), Slowest: p.slowest, Events: timeline(p.job),
	}
	if v.Rate, v.HighRate = ratePlot(&p.series, p.job); v.Rate != nil {
		v.Paused, v.Marked = v.Rate.has("pause"), v.Rate.has("event")
	}
	if d := s.Times.DurationSeconds; d > 0 {
		v.Took = duration(time.Duration(d * float64(time.Second)))
		v.Speed = amount(float64(s.Rows.Settled()-s.Rows.Rejected) / d)
	}
	for _, c := range s.Causes[:len(s.Causes)-v.More] {
		v.Causes = append(v.Causes, causeView{c, adviceOn(c.Code).text, retryLine(s.Job, c.Code)})
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

// plainCode is the form of codes that no shell reads as anything else.
var plainCode = regexp.MustCompile(`^[a-z0-9_][a-z0-9_.-]*$`)

func retryLine(job, code string) string {
	if adviceOn(code).doubt || !plainCode.MatchString(code) {
		return ""
	}
	return "sunbulk retry " + job + " --cause " + code
}

// timeline is what was done to the job and when, with its own times.
func timeline(job jobs.Job) []jobs.Event {
	events := slices.Clone(job.Events)
	for _, e := range []jobs.Event{
		{At: job.Created, What: "job made"},
		{At: job.Started, What: "first batch opened"},
		{At: job.Finished, What: "job " + string(job.State)},
	} {
		if !e.At.IsZero() {
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(a, b jobs.Event) int { return a.At.Compare(b.At) })
	return events
}

// moment writes a time to the second, in UTC.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// percent writes a share of 0 to 1. What is not quite all or nothing does not read as such.
func percent(share float64) string {
	switch {
	case share > 0 && share < 0.001:
		return "<0.1 %"
	case share > 0.999 && share < 1:
		return ">99.9 %"
	}
	return fmt.Sprintf("%.3g %%", share*100)
}
