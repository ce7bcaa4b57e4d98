package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
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
		for _, n := range b.rows {
			values[i] = append(values[i], float64(n))
		}
	}
	classes := make([]string, len(timedKinds))
	for i, kind := range timedKinds {
		classes[i] = string(kind)
	}
	p := newPlot("Rows that ended over time, by outcome", "rows in "+duration(seconds(s.width)), max(len(buckets), leastSlots), float64(most))
	p.columns(classes, values)
	p.times(start, s.width)
	for i := range buckets {
		if counts := countsOf(&buckets[i]); counts != "" {
			p.slot(i, clock(start.Add(seconds(int64(i)*s.width)))+": "+counts)
		}
	}
	return p
}

// countsOf names the counts of rows in a bucket that are not 0.
func countsOf(b *bucket) string {
	var counts []string
	for i, n := range b.rows {
		if n > 0 {
			counts = append(counts, jobs.Group(n)+" "+string(timedKinds[i]))
		}
	}
	return strings.Join(counts, ", ")
}

// ratePlot shows rows per second with the allowed pace of calls, the answers 429, and what was done
// to the job meanwhile. Nil when no row has ended. Hidden tells that the pace lies far above it.
func ratePlot(s *series, job jobs.Job) (p *plot, hidden bool) {
	buckets, start := s.span()
	if len(buckets) == 0 {
		return nil, false
	}
	var most float64
	values := make([][]float64, len(buckets))
	for i := range buckets {
		v := float64(buckets[i].total()) / float64(s.width)
		most = max(most, v)
		values[i] = []float64{v}
	}
	const far = 5
	allowed := allowances(job, start, start.Add(seconds(int64(max(len(buckets), leastSlots))*s.width)))
	lowest, highest := allowed[0].rate, 0.0
	for _, a := range allowed {
		lowest, highest = min(lowest, a.rate), max(highest, a.rate)
	}
	if hidden = lowest > far*most; !hidden {
		most = max(most, min(highest, far*most)*1.05) // so that the line is not the edge
	}
	p = newPlot("Rows per second over time", "rows per second", max(len(buckets), leastSlots), most)
	place := func(t time.Time) float64 { return t.Sub(start).Seconds() / float64(s.width) }
	for _, e := range jobs.Pauses(job.Events, start.Add(seconds(int64(p.slots)*s.width))) {
		p.band("pause", place(e.From), place(e.To), "paused"+because(e.Reason)+", "+clock(e.From)+" to "+clock(e.To))
	}
	p.columns([]string{"rate"}, values)
	for _, a := range allowed {
		if a.rate > 0 && a.rate <= most {
			p.level("allowed", a.rate, place(a.from), place(a.to), "allowed: "+amount(a.rate)+" calls per second")
		}
	}
	p.throttles(buckets)
	for i := range buckets {
		p.slot(i, rateOf(&buckets[i], clock(start.Add(seconds(int64(i)*s.width))), values[i][0]))
	}
	for _, e := range timeline(job) {
		if at := place(e.At); e.Mark > 0 && at >= 0 && at <= float64(p.slots) {
			p.mark("event", at, clock(e.At)+": "+e.What+because(e.Reason))
			p.tag(at, strconv.Itoa(e.Mark))
		}
	}
	p.times(start, s.width)
	return p, hidden
}

// allowance is a rate of calls that was allowed for some time; 0 = no limit.
type allowance struct {
	from, to time.Time
	rate     float64
}

// allowances are those of a job from one time to another: the job's own, and what an operator set meanwhile.
func allowances(job jobs.Job, from, to time.Time) []allowance {
	all := []allowance{{from, to, job.AllowedAt(from)}}
	for _, e := range job.Events {
		if e.What != jobs.EventRate || !e.At.After(from) || !e.At.Before(to) {
			continue
		}
		last := &all[len(all)-1]
		if rate := job.AllowedAt(e.At); rate != last.rate {
			last.to = e.At
			all = append(all, allowance{e.At, to, rate})
		}
	}
	return all
}

// ratesByHand names the rates that were set while the job ran, and when.
func ratesByHand(job jobs.Job) string {
	var rates []string
	for _, e := range job.Events {
		if e.What == jobs.EventRate {
			rates = append(rates, cmp.Or(e.Rate, "auto")+" from "+clock(e.At))
		}
	}
	return strings.Join(rates, ", ")
}

// rateOf tells the rate of a bucket.
func rateOf(b *bucket, at string, rate float64) string {
	text := at + ": " + amount(rate) + " rows per second"
	if b.throttled > 0 {
		text += ", answers 429: " + jobs.Group(b.throttled)
	}
	return text
}

// throttles marks the buckets with answers 429 in a strip below, the more the denser.
func (p *plot) throttles(buckets []bucket) {
	var most int64
	for _, b := range buckets {
		most = max(most, b.throttled)
	}
	if most == 0 {
		return
	}
	p.Under = "429"
	for i, b := range buckets {
		if b.throttled > 0 {
			dense := "few"
			if 2*b.throttled > most {
				dense = "many"
			}
			p.Strip = append(p.Strip, shape{Class: "throttled " + dense, Path: fmt.Sprintf("M%d 0h%dv%dh-%dz", i*slotWidth, slotWidth, plotHeight, slotWidth)})
		}
	}
}

// pausedFor is how long a job that has ended was paused.
func pausedFor(job jobs.Job) (total time.Duration) {
	for _, e := range jobs.Pauses(job.Events, job.Finished) {
		total += max(e.To.Sub(e.From), 0)
	}
	return total
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
	p := newPlot("Answered calls by latency", "calls", slots, float64(most))
	p.Axis = "latency, on a logarithmic scale"
	p.columns([]string{"latency"}, values)
	for _, number := range numbers {
		p.slot(number-first, duration(bound(number-1))+" to "+duration(bound(number))+": "+jobs.Count(h[number], "call"))
	}
	// A bucket's bound is its right edge.
	place := func(d time.Duration) float64 { return bucketOf(d) + float64(1-first) }
	for _, q := range quantiles(h) {
		p.mark("quantile", place(q.Limit), q.Name+": "+duration(q.Limit))
		p.tag(place(q.Limit), q.Name)
	}
	p.durations(place)
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

// bucketOf is the number of the bucket whose bound is d, with its fraction.
func bucketOf(d time.Duration) float64 {
	const far = 40
	octaves := math.Log2(float64(bound(far)) / float64(bound(0)))
	return math.Log2(float64(d)/float64(bound(0))) * far / octaves
}
