package report

import (
	"math"
	"time"
)

// label is a word beside a plot, at a place from its left edge in percent of its width.
type label struct {
	Left float64
	Text string
	Row  int // of labels that stand above each other, from 0, the upper one
}

const (
	mostTicks = 8
	day       = 24 * time.Hour
)

// tickSteps are the distances between times that people read easily.
var tickSteps = [...]time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day,
}

func tickStep(whole time.Duration) time.Duration {
	for _, step := range tickSteps {
		if whole <= mostTicks*step {
			return step
		}
	}
	step := tickSteps[len(tickSteps)-1]
	for whole > mostTicks*step {
		step *= 2
	}
	return step
}

// times labels a plot whose slots are that many seconds wide, at round times, in UTC.
func (p *plot) times(start time.Time, width int64) {
	whole := seconds(int64(p.slots) * width)
	start, end := start.UTC(), start.UTC().Add(whole)
	step := tickStep(whole)
	layout := "15:04"
	switch {
	case whole > 300*day:
		layout = "2 Jan 2006"
	case step >= day:
		layout = "2 Jan"
	case start.YearDay() != end.YearDay():
		layout = "2 Jan 15:04"
	case step < time.Minute:
		layout = time.TimeOnly
	}
	p.Axis = "time (UTC), from " + start.Format("2 January 2006")
	for at := start.Truncate(step); !at.After(end); at = at.Add(step) {
		if !at.Before(start) {
			p.Xs = append(p.Xs, label{Left: p.left(at.Sub(start).Seconds() / float64(width)), Text: at.Format(layout)})
		}
	}
}

// durations labels a plot of which a place tells a duration: 1, 2 and 5 of each power of ten, or
// the powers alone where those are many.
func (p *plot) durations(place func(time.Duration) float64) {
	var round, powers []label
	for power := 10 * time.Microsecond; power <= time.Hour; power *= 10 {
		for _, d := range []time.Duration{power, 2 * power, 5 * power} {
			at := place(d)
			if at < 0 || at > float64(p.slots) {
				continue
			}
			l := label{Left: p.left(at), Text: duration(d)}
			round = append(round, l)
			if d == power {
				powers = append(powers, l)
			}
		}
	}
	p.Xs = round
	if len(round) > mostTicks {
		p.Xs = powers
	}
}

// left is where a place lies, in percent of the width.
func (p *plot) left(at float64) float64 {
	return math.Round(1000*min(max(at/float64(p.slots), 0), 1)) / 10
}

// tag puts a word at the head of a mark, in the first row that has room; where none has, the word
// is left out.
func (p *plot) tag(at float64, text string) {
	const rows, room = 3, 8 // percent of the width, for a few letters on a phone
	l := label{Left: p.left(at), Text: text}
	for ; l.Row < rows; l.Row++ {
		free := true
		for _, other := range p.Tags {
			free = free && (other.Row != l.Row || math.Abs(other.Left-l.Left) >= room)
		}
		if free {
			p.Tags = append(p.Tags, l)
			return
		}
	}
}
