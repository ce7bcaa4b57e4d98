package preview

import (
	"context"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// Planned is a runbook in numbers, before it runs.
type Planned struct {
	Runbook string         `json:"runbook"`
	Input   plan.Plan      `json:"input"` // what the first step would do
	Steps   []PlannedStep  `json:"steps"`
	Calls   int64          `json:"calls"` // of all steps; of the first alone where Open
	Seconds float64        `json:"seconds"`
	Open    bool           `json:"open"` // how many rows go on is for the API to say
	Caps    string         `json:"caps,omitempty"`
	Numbers []plan.Number  `json:"numbers,omitempty"` // of some rows, as they are sent
	Sample  *Sample        `json:"sample,omitempty"`
	Check   *plan.Findings `json:"check,omitempty"`
}

// PlannedStep is one step of it.
type PlannedStep struct {
	Name  string  `json:"name"`
	Op    jobs.Op `json:"op"`
	Rows  int64   `json:"rows"`  // at most, or about so many by a sample; 0 where Open
	Calls int64   `json:"calls"` // for them
	Open  bool    `json:"open"`
}

// Plan reads the whole input, and asks the API through a checker where there is one.
func Plan(ctx context.Context, r *runs.Run, flow *runbook.Flow, files *input.Files, c *plan.Checker, note func(string)) (Planned, error) {
	made := Planned{Runbook: flow.Name}
	opt, err := r.Options(0)
	if err != nil {
		return made, err
	}
	src, err := r.Files(ctx, files, note)
	if err != nil {
		return made, err
	}
	defer src.Close()
	made.Input = plan.Make(src.Records(ctx), opt)
	if err := ctx.Err(); err != nil {
		return made, err
	}
	made.Input.Inputs, made.Numbers = src.Inputs(), made.Input.Numbers()
	if c != nil {
		if err := made.ask(ctx, c, r); err != nil {
			return made, err
		}
	}
	made.count(flow, opt)
	return made, nil
}

// Wrong tells whether something would be rejected, or is to be mended first.
func (m *Planned) Wrong() bool {
	return m.Input.Rejected > 0 || m.Caps != "" || m.Check.Problems() || m.Sample != nil && m.Sample.Rejected > 0
}

// ask draws a sample where the first step is a list, and else asks about the rows themselves.
func (m *Planned) ask(ctx context.Context, c *plan.Checker, r *runs.Run) (err error) {
	if r.Runbook.Steps[0].Op.Finds() && len(r.Runbook.Steps) > 1 {
		m.Sample, err = try(ctx, c, r, m.Input.Drawn)
	} else {
		c.Rows(ctx, m.Input)
	}
	m.Check = &c.Findings
	return err
}

// count says how many rows each step would have, as far as that is known.
func (m *Planned) count(flow *runbook.Flow, opt jobs.Options) {
	rows := m.Input.Rows - m.Input.Rejected - m.Input.Filtered
	var removes int64
	for i, s := range flow.Steps {
		if i > 0 && flow.Steps[i-1].Op.Finds() {
			m.Open = m.Open || m.Sample == nil || i > 1
			rows = m.Sample.scale(rows)
		}
		step := PlannedStep{Name: s.Name, Op: s.Op, Open: m.Open}
		if !m.Open {
			step.Rows, step.Calls = rows, rows*s.Calls()
			if s.Op.Removes() {
				removes += rows
			}
		}
		m.Calls += step.Calls
		m.Steps = append(m.Steps, step)
	}
	if rate := opt.Allowed(); rate > 0 {
		m.Seconds = float64(max(0, m.Calls-int64(opt.Burst))) / rate
	}
	if m.Caps = flow.Caps.Input(m.Input.Rows, 0); m.Caps == "" && !m.Open {
		m.Caps = flow.Caps.Removes(removes, m.Input.Rows)
	}
}
