package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/pace"
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
	screen *screen
	load   func() (jobs.Job, pace.Standing, error)
	read   func() (read, total int64) // bytes of the input; nil when it was read before
	done   chan struct{}
	ended  sync.WaitGroup
	past   []sample // over rateWindow, the oldest first
}

type sample struct {
	at      time.Time
	settled int64
}

// watch starts to show the progress of a job; stop must be called.
func (p *program) watch(ctx context.Context, id string, st *store, read func() (int64, int64)) *progress {
	g := &progress{screen: p.screen, read: read, done: make(chan struct{})}
	g.load = func() (jobs.Job, pace.Standing, error) {
		job, err := st.ledger.Job(ctx, id)
		if err != nil {
			return job, pace.Standing{}, err
		}
		s, err := pace.Read(ctx, st.rdb, job.Options.App)
		return job, s, err
	}
	if p.quiet {
		return g
	}
	g.ended.Go(g.show)
	return g
}

func (g *progress) stop() {
	close(g.done)
	g.ended.Wait()
	g.screen.status("")
}

func (g *progress) show() {
	interval := logInterval
	if g.screen.live() {
		interval = drawInterval
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	if job, _, err := g.load(); err == nil {
		g.past = append(g.past, sample{time.Now(), job.Tally.Settled()}) // or the first line has no rate
	}
	for {
		select {
		case <-g.done:
			return
		case <-tick.C:
		}
		job, standing, err := g.load()
		if err != nil {
			continue // the command itself meets the error and tells it
		}
		if line := g.line(job, standing, time.Now()); g.screen.live() {
			g.screen.status(line)
		} else {
			fmt.Fprintln(g.screen, line)
		}
	}
}

// line is the progress in words: rows done, what became of them, the rate, the time left, and why it
// is slow.
func (g *progress) line(job jobs.Job, s pace.Standing, now time.Time) string {
	t := job.Tally
	settled := t.Settled()
	g.past = append(g.past, sample{now, settled})
	for len(g.past) > 2 && now.Sub(g.past[0].at) > rateWindow {
		g.past = g.past[1:]
	}
	var perSecond float64
	if first := g.past[0]; now.After(first.at) {
		perSecond = float64(settled-first.settled) / now.Sub(first.at).Seconds()
	}
	total, exact := g.total(job)
	parts := []string{rowsDone(settled, total, exact)}
	for _, k := range []struct {
		name string
		n    int64
	}{{"ok", t.OK}, {"noop", t.Noop}, {"failed", t.Failed}, {"rejected", t.Rejected}, {"in doubt", t.InDoubt}} {
		if k.n > 0 || k.name == "ok" {
			parts = append(parts, group(k.n)+" "+k.name)
		}
	}
	parts = append(parts, fmt.Sprintf("%.0f rows/s", perSecond))
	if left := total - settled; left > 0 && perSecond > 0 {
		parts = append(parts, "ETA "+eta(float64(left)/perSecond, exact))
	}
	if canary := job.CanaryProgress(); canary != "" {
		parts = append(parts, canary)
	}
	if job.State == jobs.Paused {
		parts = append(parts, "paused: "+job.Reason)
	} else if slow := slowness(job, s, now); slow != "" {
		parts = append(parts, slow)
	}
	return strings.Join(parts, " · ")
}

// total is the number of rows of the job, estimated from the bytes read while it is not known.
func (g *progress) total(job jobs.Job) (rows int64, exact bool) {
	if job.Sealed || g.read == nil {
		return job.Tally.Read, job.Sealed
	}
	read, all := g.read()
	if all == 0 || read == 0 || read >= all {
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
	return fmt.Sprintf("%s of %s%s rows (%d%%)", group(settled), about, group(total), 100*settled/total)
}

// eta gives the seconds left as a time, or as a range while the number of rows is an estimate.
func eta(seconds float64, exact bool) string {
	if exact {
		return roundTime(seconds)
	}
	return roundTime(0.9*seconds) + "–" + roundTime(1.2*seconds)
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
func group(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
