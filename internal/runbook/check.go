package runbook

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
)

// check finds what is wrong with parts that are right by themselves.
func (d *decoder) check() {
	r := d.runbook
	for i := range r.Steps {
		d.checkStep(i)
	}
	d.checkOptions()
	if r.Window != "" && r.Timezone == "" && !d.stated("timezone") {
		d.wrong("window", "has no time zone, and workers may run in others than yours", "give the runbook a timezone such as Europe/Madrid")
	}
	if c := r.Caps; c.MaxRows > 0 && c.MinRows > c.MaxRows {
		d.wrong("caps.min_rows", fmt.Sprintf("is more than max_rows, which is %d: no input has as many", c.MaxRows), "")
	}
	if r.Schedule != nil {
		d.checkSchedule()
	}
}

func (d *decoder) wrong(path, cause, hint string) {
	d.problems = append(d.problems, d.runbook.problem(path, cause, hint))
}

func (d *decoder) stated(path string) bool { return d.runbook.stated(path) == path }

func (d *decoder) checkStep(i int) {
	s, path := &d.runbook.Steps[i], stepPath(i)
	for j, other := range d.runbook.Steps[:i] {
		if s.Name != "" && s.Name == other.Name {
			at := path
			if d.stated(path + ".name") {
				at += ".name"
			}
			d.wrong(at, fmt.Sprintf("has the name %s, as steps[%d] has", s.Name, j), "give each step a name of its own")
		}
	}
	o, err := jobs.FindOperation(string(s.Op))
	if err != nil {
		return // was reported
	}
	for _, column := range slices.Sorted(maps.Keys(s.Set)) {
		if !o.Reads(column) {
			d.wrong(path+".set."+column, fmt.Sprintf("is not read by %s", s.Op), "")
		}
	}
	d.checkConstants(i, o)
}

// checkOptions reports each option that is out of its range once, though all steps have it.
func (d *decoder) checkOptions() {
	told := map[Problem]bool{}
	for i := range d.runbook.Steps {
		_, wrong := d.runbook.options(i)
		for _, w := range wrong {
			if w.Option == "timezone" && d.runbook.Timezone == "" {
				continue // check reports it where the window stands
			}
			p := d.runbook.problem(d.runbook.optionPath(i, w.Option), w.Cause, w.Hint)
			if !told[p] {
				told[p] = true
				d.problems = append(d.problems, p)
			}
		}
	}
}

func stepPath(i int) string { return fmt.Sprintf("steps[%d]", i) }
