package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/terminal"
	"github.com/sunbulk/sunbulk/jobs"
)

// How often the live line is drawn, and a line logged where there is none.
const (
	drawInterval = 200 * time.Millisecond
	logInterval  = 10 * time.Second
	rateWindow   = 10 * time.Second
)

// progress shows how far a job is until it is stopped.
type progress struct {
	screen *terminal.Screen
	load   func() (service.Snapshot, error)
	read   func() (read, total int64) // bytes of the input; nil when it was read before
	done   chan struct{}
	ended  sync.WaitGroup
	before int64 // rows that an earlier process had read
	first  sample
	past   []sample // over rateWindow, the oldest first
}

type sample struct {
	at      time.Time
	settled int64
}

// perSecond is the rate of rows between two samples.
func (s sample) perSecond(later sample) float64 {
	if !later.at.After(s.at) {
		return 0
	}
	return float64(later.settled-s.settled) / later.at.Sub(s.at).Seconds()
}

// watch starts to show the progress of a job; stop must be called.
func (p *program) watch(ctx context.Context, id string, s *service.Service, read func() (int64, int64)) *progress {
	g := &progress{screen: p.screen, read: read, done: make(chan struct{})}
	g.load = func() (service.Snapshot, error) { return s.Snapshot(ctx, id) }
	if p.quiet {
		return g
	}
	g.ended.Go(g.show)
	return g
}

func (g *progress) stop() {
	close(g.done)
	g.ended.Wait()
	g.screen.Status("")
}

func (g *progress) show() {
	interval := logInterval
	if g.screen.Live() {
		interval = drawInterval
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	if m, err := g.load(); err == nil {
		g.begin(m) // or the first line has no rate
	}
	for {
		select {
		case <-g.done:
			return
		case <-tick.C:
		}
		m, err := g.load()
		if err != nil {
			continue // the command itself meets the error and tells it
		}
		if line := fit(g.parts(m), g.screen.Width()); g.screen.Live() {
			g.screen.Status(line)
		} else {
			printf(g.screen, "%s\n", line)
		}
	}
}

// begin takes the first sample.
func (g *progress) begin(m service.Snapshot) {
	if m.Job.Tally.Settled() > 0 {
		g.before = m.Job.Tally.Read
	}
	g.first = sample{m.At, m.Job.Tally.Settled()}
	g.past = []sample{g.first}
}

// catchesUp tells whether a job that goes on has read nothing yet but what was read before, and done nothing.
func (g *progress) catchesUp(job jobs.Job) bool {
	return g.read != nil && g.before > 0 && !job.Sealed && job.Tally.Read <= g.before && job.Tally.Settled() == g.first.settled
}

// part is a part of the progress line. Of those that do not fit, the ones of the highest rank go first.
type part struct {
	text string
	rank int
}

// parts is the progress in words: rows done, what became of them, the rate, the time left, and why
// it is slow.
func (g *progress) parts(m service.Snapshot) []part {
	t := m.Job.Tally
	now := sample{m.At, t.Settled()}
	catchesUp := g.catchesUp(m.Job)
	if g.past == nil || catchesUp {
		g.begin(m)
	}
	g.past = append(g.past, now)
	for len(g.past) > 2 && m.At.Sub(g.past[0].at) > rateWindow {
		g.past = g.past[1:]
	}
	total, exact := g.total(m.Job)
	parts := []part{{rowsDone(now.settled, total, exact), 0}}
	for _, k := range []struct {
		name string
		n    int64
		rank int
	}{{"ok", t.OK, 6}, {"noop", t.Noop, 8}, {"failed", t.Failed, 2}, {"rejected", t.Rejected, 7}, {"in doubt", t.InDoubt, 3}} {
		if k.n > 0 || k.name == "ok" {
			parts = append(parts, part{group(k.n) + " " + k.name, k.rank})
		}
	}
	recent, whole := g.past[0].perSecond(now), g.first.perSecond(now)
	if catchesUp {
		parts = append(parts, part{"reading up to where it stopped", 4})
	} else {
		parts = append(parts, part{fmt.Sprintf("%.0f rows/s", recent), 4})
	}
	if left := float64(total - now.settled); left > 0 && recent > 0 {
		low, high := left/max(recent, whole), left/min(recent, whole)
		if !exact {
			low, high = 0.9*low, 1.2*high
		}
		parts = append(parts, part{"ETA " + between(low, high), 1})
	}
	if canary := m.Job.CanaryProgress(); canary != "" {
		parts = append(parts, part{canary, 1})
	}
	if text := abandonment(m.Job.Abandoned); text != "" {
		parts = append(parts, part{text, 1})
	}
	if m.Job.State == jobs.Paused {
		return append(parts, part{"paused: " + m.Job.Reason, 0})
	}
	for _, reason := range m.Slow {
		parts = append(parts, part{reason, 5})
	}
	return parts
}

// fit joins parts to a line of at most width characters, or of any length when width is 0. The last
// resort is to cut.
func fit(parts []part, width int) string {
	for {
		texts, least := make([]string, len(parts)), 0
		for i, p := range parts {
			texts[i] = p.text
			if p.rank >= parts[least].rank {
				least = i
			}
		}
		line := []rune(strings.Join(texts, " · "))
		switch {
		case width == 0 || len(line) <= width:
			return string(line)
		case parts[least].rank == 0:
			return string(line[:width-1]) + "…"
		}
		parts = slices.Delete(slices.Clone(parts), least, least+1)
	}
}

// total is the number of rows of the job, estimated from the bytes read while it is not known.
func (g *progress) total(job jobs.Job) (rows int64, exact bool) {
	if job.Sealed || g.read == nil {
		return job.Tally.Read, job.Sealed
	}
	read, all := g.read()
	if all == 0 || read == 0 || read >= all || job.Tally.Read <= g.before {
		return job.Tally.Read, false
	}
	return int64(float64(job.Tally.Read) * float64(all) / float64(read)), false
}

func rowsDone(settled, total int64, exact bool) string {
	about := ""
	if !exact {
		about = "~"
	}
	if total == 0 {
		return "0 rows"
	}
	return fmt.Sprintf("%s of %s%s (%d%%)", group(settled), about, jobs.Count(total, "row"), 100*settled/total)
}

// between gives a range of seconds, or one time where the two are nearly the same.
func between(low, high float64) string {
	if high < 1.1*low || roundTime(low) == roundTime(high) {
		return roundTime(high)
	}
	return roundTime(low) + "–" + roundTime(high)
}

func roundTime(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds())+1)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// group writes a number with thousands apart: 1,203,944.
func group(n int64) string { return jobs.Group(n) }
