package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
)

// runPageText is the template of a run's report.html. It names the reports of the steps beside it and runs nothing.
//
//go:embed run.html
var runPageText string

// runPage gathers what the page shows beside the summary. It names rows, never people (I7).
type runPage struct {
	stops      map[stopKind]*stop
	otherStops int64 // rows of causes beyond maxStops
}

// maxStops bounds the causes that the page shows.
const maxStops = 100

type stopKind struct {
	Place int // of the step, from 1
	Step  string
	Kind  jobs.Kind
	Code  string
}

// stop is why rows went no further than a step.
type stop struct {
	stopKind
	Count int64
	Row   int64 // the first
}

// note is given the ends in the order of rows.
func (p *runPage) note(e *End) {
	if e.Cause == "" {
		return
	}
	kind := stopKind{e.Place, e.Step, e.Kind, e.Code}
	s := p.stops[kind]
	switch {
	case s != nil:
	case len(p.stops) >= maxStops:
		p.otherStops++
		return
	default:
		s = &stop{stopKind: kind, Row: e.Row}
		if p.stops == nil {
			p.stops = map[stopKind]*stop{}
		}
		p.stops[kind] = s
	}
	s.Count++
}

// runLine is a step of the page.
type runLine struct {
	RunStep
	Number int
	Page   string // empty before its job was begun
}

// StepFolder names the folder of a step's report within that of its run; step counts from 0.
func StepFolder(step int, name string) string { return fmt.Sprintf("%d-%s", step+1, name) }

func (p *runPage) write(o *output, s RunSummary) error {
	view := struct {
		RunSummary
		Title      string
		Tone       string // good, open or alarm
		Lines      []runLine
		Stops      []*stop
		OtherStops int64
	}{RunSummary: s, OtherStops: p.otherStops, Tone: "open"}
	name := stateNames[s.State]
	if name == "" {
		name = string(s.State)
	}
	view.Title = fmt.Sprintf("%s: %s of %s came through all steps", name, jobs.Group(s.Through), jobs.Count(s.Rows, "row"))
	switch {
	case s.Missing != 0:
		view.Tone = "alarm"
	case s.State == jobs.Finished && s.Through == s.Rows:
		view.Tone = "good"
	}
	for i, step := range s.Steps {
		line := runLine{RunStep: step, Number: i + 1}
		if step.State != "" {
			line.Page = StepFolder(i, step.Name) + "/report.html"
		}
		view.Lines = append(view.Lines, line)
	}
	for _, s := range p.stops {
		view.Stops = append(view.Stops, s)
	}
	slices.SortFunc(view.Stops, func(a, b *stop) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Row, b.Row), cmp.Compare(a.Code, b.Code))
	})
	return writePage(o, runPageText, view)
}
