package preview

import (
	"context"
	"iter"
	"time"

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
	Calls   int64          `json:"calls"`   // of all steps, without retries and repeated lists of a verify; of the first alone where Open
	Seconds float64        `json:"seconds"` // that they take at the rate, with the waits of canaries
	Open    bool           `json:"open"`    // how many rows go on is for the API to say
	Caps    string         `json:"caps,omitempty"`
	Numbers []plan.Number  `json:"numbers,omitempty"` // of some rows, as they are sent
	Sampled bool           `json:"sampled,omitempty"` // rows and calls are those of a sample, scaled up
	Sample  *Sample        `json:"sample,omitempty"`  // of a first step that is a list
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

// PlanConfig is what Plan does besides counting. Its zero value asks and says nothing.
type PlanConfig struct {
	Checker *plan.Checker // asks the API; nil = it is not asked
	Note    func(string)  // hears what is odd about the input; nil = nobody does
	// Watch passes on the rows of the first step with their rejections; nil = they go by unseen.
	Watch func(iter.Seq2[jobs.Row, *jobs.Rejection]) iter.Seq2[jobs.Row, *jobs.Rejection]
}

// Plan reads the whole input and counts what the runbook would do with it.
func Plan(ctx context.Context, r *runs.Run, flow *runbook.Flow, files *input.Files, cfg PlanConfig) (Planned, error) {
	made := Planned{Runbook: flow.Name}
	opt, err := r.Options(0)
	if err != nil {
		return made, err
	}
	src, err := r.Files(ctx, files, cfg.Note)
	if err != nil {
		return made, err
	}
	defer src.Close()
	rows := src.Records(ctx)
	if cfg.Watch != nil {
		rows = cfg.Watch(rows)
	}
	made.Input = plan.Make(rows, opt)
	if err := ctx.Err(); err != nil {
		return made, err
	}
	made.Input.Inputs, made.Numbers = src.Inputs(), made.Input.Numbers()
	var sampled *walk
	if cfg.Checker != nil {
		if sampled, err = made.ask(ctx, cfg.Checker, r); err != nil {
			return made, err
		}
	}
	if err := made.count(flow, r, sampled); err != nil {
		return made, err
	}
	return made, nil
}

// Wrong tells whether something would be rejected, or is to be mended first.
func (m *Planned) Wrong() bool {
	return m.Input.Rejected > 0 || m.Caps != "" || m.Check.Problems() || m.Sample != nil && m.Sample.Rejected > 0
}

// ask takes the rows that were drawn through the steps. Where the first one is no list, it asks about the rows themselves, too.
func (m *Planned) ask(ctx context.Context, c *plan.Checker, r *runs.Run) (*walk, error) {
	lists := r.Runbook.Steps[0].Op.Finds() && len(r.Runbook.Steps) > 1
	if !lists {
		c.Rows(ctx, m.Input)
	}
	w, err := newWalk(ctx, c, r, m.Input.Drawn)
	if err == nil && lists {
		m.Sample = &w.sample
	}
	m.Check = &c.Findings
	return w, err
}

// count says how many rows each step would have, as far as that is known.
func (m *Planned) count(flow *runbook.Flow, r *runs.Run, sampled *walk) error {
	input := m.Input.Rows - m.Input.Rejected - m.Input.Filtered
	var removes int64
	var waits time.Duration
	for i, s := range flow.Steps {
		opt, err := r.Options(i)
		if err != nil {
			return err
		}
		step, known := sampled.of(i, input)
		m.Sampled = m.Sampled || known
		if !known {
			m.Open = m.Open || i > 0 && flow.Steps[i-1].Op.Finds()
			if step = (PlannedStep{}); !m.Open {
				step.Rows, step.Calls = input, input*flow.Calls(i)
			}
		}
		step.Name, step.Op, step.Open = s.Name, s.Op, m.Open
		if s.Op.Removes() {
			removes += step.Rows
		}
		if opt.Canary.Rows > 0 && step.Rows > int64(opt.Canary.Rows) {
			waits += opt.Canary.Wait
		}
		m.Calls += step.Calls
		m.Steps = append(m.Steps, step)
	}
	opt, err := r.Options(0)
	if rate := opt.Allowed(); rate > 0 {
		m.Seconds = float64(max(0, m.Calls-int64(opt.Burst)))/rate + waits.Seconds()
	}
	if m.Caps = flow.Caps.Input(m.Input.Rows, 0); m.Caps == "" && !m.Open {
		m.Caps = flow.Caps.Removes(removes, m.Input.Rows)
	}
	return err
}
