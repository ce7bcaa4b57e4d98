package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// leastSlots keeps the plot of a job of a few seconds from being one wide block.
const leastSlots = 30

// outcomesPlot shows what rows became, by the time at which they ended. Nil when none has.
func outcomesPlot(s *series) *plot {
	buckets, start := s.span()
	if len(buckets) == 0 {
		return nil
	}
	var most int64
	values := make([][]float64, len(buckets))
	for i, b := range buckets {
		most = max(most, b.total())
		for _, n := range b {
			values[i] = append(values[i], float64(n))
		}
	}
	classes := make([]string, len(timedKinds))
	for i, kind := range timedKinds {
		classes[i] = string(kind)
	}
	p := newPlot("Rows that ended over time, by outcome", max(len(buckets), leastSlots), float64(most))
	p.columns(classes, values)
	p.times(start, s.width)
	for i, b := range buckets {
		if b != (bucket{}) {
			p.band("slot", float64(i), float64(i+1), clock(start.Add(seconds(int64(i)*s.width)))+": "+countsOf(b))
		}
	}
	return p
}

// countsOf names the counts of a bucket that are not 0.
func countsOf(b bucket) string {
	var text string
	for i, n := range b {
		if n > 0 {
			text += fmt.Sprintf(", %s %s", grouped(n), timedKinds[i])
		}
	}
	return text[len(", "):]
}

// ratePlot shows rows per second with the allowed rate of calls and what was done to the job
// meanwhile. Nil when no row has ended. Hidden tells that the rate lies far above the plot.
func ratePlot(s *series, job jobs.Job) (p *plot, hidden bool) {
	buckets, start := s.span()
	if len(buckets) == 0 {
		return nil, false
	}
	var most float64
	values := make([][]float64, len(buckets))
	for i, b := range buckets {
		v := float64(b.total()) / float64(s.width)
		most = max(most, v)
		values[i] = []float64{v}
	}
	const far = 5
	rate := job.Options.Rate
	if hidden = rate > far*most; !hidden {
		most = max(most, rate*1.05) // so that the line is not the edge
	}
	p = newPlot("Rows per second over time", max(len(buckets), leastSlots), most)
	place := func(t time.Time) float64 { return t.Sub(start).Seconds() / float64(s.width) }
	for _, e := range pauses(job.Events, start.Add(seconds(int64(p.slots)*s.width))) {
		p.band("pause", place(e.from), place(e.to), "paused"+because(e.reason)+", "+clock(e.from)+" to "+clock(e.to))
	}
	p.columns([]string{"rate"}, values)
	if rate > 0 && !hidden {
		p.level("allowed", rate, "allowed: "+amount(rate)+" calls per second")
	}
	for _, e := range job.Events {
		if at := place(e.At); at >= 0 && at <= float64(p.slots) {
			p.mark("event", at, clock(e.At)+": "+e.What+because(e.Reason))
		}
	}
	p.times(start, s.width)
	return p, hidden
}

// pause is a time in which a job made no calls because somebody or something asked it to.
type pause struct {
	from, to time.Time
	reason   string
}

// pauses are those that the events tell. One that nothing ended lasts until the end.
func pauses(events []jobs.Event, end time.Time) []pause {
	var all []pause
	open := false
	for _, e := range events {
		switch {
		case e.What == jobs.EventPause && !open:
			all = append(all, pause{from: e.At, to: end, reason: e.Reason})
			open = true
		case open && (e.What == jobs.EventResume || e.What == jobs.EventCancel):
			all[len(all)-1].to = e.At
			open = false
		}
	}
	return all
}

// latencyPlot shows how many calls took how long, with the quantiles that people ask for. Nil when
// no call was answered.
func latencyPlot(h jobs.Histogram) *plot {
	numbers := slices.Sorted(maps.Keys(h))
	if len(numbers) == 0 || numbers[0] < 0 || numbers[len(numbers)-1] > mostLatency {
		return nil
	}
	const margin = 2
	first := numbers[0] - margin
	slots := numbers[len(numbers)-1] + margin + 1 - first
	values := make([][]float64, slots)
	var most int64
	for number, n := range h {
		values[number-first] = []float64{float64(n)}
		most = max(most, n)
	}
	p := newPlot("Answered calls by latency", slots, float64(most))
	p.columns([]string{"latency"}, values)
	for _, q := range quantiles(h) {
		for _, number := range numbers {
			if bound(number) == q.Limit {
				p.mark("quantile", float64(number+1-first), q.Name+": "+duration(q.Limit))
			}
		}
	}
	for part := range 5 {
		p.Xs = append(p.Xs, duration(bound(first-1+slots*part/4)))
	}
	return p
}

// quantile is the latency that a part of all calls did not exceed.
type quantile struct {
	Name  string
	Limit time.Duration
}

func quantiles(h jobs.Histogram) []quantile {
	return []quantile{{"p50", h.Quantile(0.50)}, {"p95", h.Quantile(0.95)}, {"p99", h.Quantile(0.99)}}
}

// mostLatency is more than the last bucket of a jobs.Histogram.
const mostLatency = 1000

// bound is the longest duration that a bucket of a jobs.Histogram counts.
func bound(bucket int) time.Duration {
	return jobs.Histogram{bucket: 1}.Quantile(1)
}

// times labels a plot whose slots are that many seconds wide.
func (p *plot) times(start time.Time, width int64) {
	whole := seconds(int64(p.slots) * width)
	layout, parts := time.TimeOnly, 4
	if whole > 24*time.Hour {
		layout, parts = "2 Jan 15:04", 2
	}
	for part := range parts + 1 {
		p.Xs = append(p.Xs, start.Add(whole/time.Duration(parts)*time.Duration(part)).Format(layout))
	}
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// clock writes a time of a job, in UTC.
func clock(t time.Time) string { return t.UTC().Format(time.TimeOnly) }

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// duration writes d for people.
func duration(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	case d >= 10*time.Millisecond:
		return amount(float64(d.Round(time.Millisecond)/time.Millisecond)) + " ms"
	}
	return amount(float64(d.Microseconds())/1000) + " ms"
}
