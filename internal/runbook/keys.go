package runbook

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// all takes the whole runbook. The keys of a mapping are those of the tags of its type.
func (d *decoder) all(n *yaml.Node, path string) {
	r := d.runbook
	keys := map[string]setter{
		"name":        d.checked(&r.Name, checkName),
		"description": d.text(&r.Description),
		"app":         d.checked(&r.App, notEmpty),
		"input":       d.input,
		"map":         d.table(&r.Map, anyColumn, columnPath),
		"delimiter":   d.checked(&r.Delimiter, read(input.ParseDelimiter)),
		"encoding":    d.checked(&r.Encoding, read(input.ParseEncoding)),
		"vars":        d.vars,
		"reserve":     d.checked(&r.Reserve, read(jobs.ParseShare)),
		"priority":    d.checked(&r.Priority, read(jobs.ParsePriority)),
		"rate":        func(n *yaml.Node, path string) { r.Rate = new(float64); d.float(r.Rate)(n, path) },
		"burst":       whole(d, &r.Burst, 0),
		"batch":       whole(d, &r.Batch, 1),
		"window":      d.checked(&r.Window, notEmpty),
		"timezone":    d.checked(&r.Timezone, checkZone),
		"steps":       d.steps,
		"caps":        d.caps,
		"notify":      d.texts(&r.Notify, checkEvent),
		"schedule":    d.schedule,
	}
	d.limits(&r.Limits, keys)
	d.mapping(n, path, keys, "name", "steps")
}

func (d *decoder) steps(n *yaml.Node, path string) {
	if len(n.Content) > maxSteps {
		d.fault(n, path, fmt.Sprintf("has %s, more than %d", jobs.Count(len(n.Content), "step"), maxSteps), "")
		return
	}
	d.runbook.Steps = make([]Step, len(n.Content))
	d.list(n, path, func(i int) setter {
		return func(n *yaml.Node, path string) { d.step(&d.runbook.Steps[i], n, path) }
	})
}

func (d *decoder) step(s *Step, n *yaml.Node, path string) {
	keys := map[string]setter{
		"name":  d.checked(&s.Name, checkName),
		"op":    d.op(&s.Op),
		"where": d.checked(&s.Where, notEmpty),
		"set":   d.table(&s.Set, columnPath, anyText),
	}
	d.limits(&s.Limits, keys)
	d.mapping(n, path, keys, "op")
	if s.Name == "" {
		s.Name = string(s.Op)
	}
}

// limits adds the keys of Limits to others.
func (d *decoder) limits(l *Limits, keys map[string]setter) {
	keys["attempts"] = whole(d, &l.Attempts, 1)
	keys["timeout"] = d.duration(&l.Timeout, time.Millisecond)
	keys["within"] = func(n *yaml.Node, path string) { l.Within = new(Duration); d.duration(l.Within, 0)(n, path) }
	keys["max_failures"] = d.checked(&l.MaxFailures, read(jobs.ParseThreshold))
	keys["resend"] = d.checked(&l.Resend, read(jobs.ParseResend))
	keys["canary"] = func(n *yaml.Node, path string) { l.Canary = &Canary{}; d.canary(l.Canary, n, path) }
}

func (d *decoder) canary(c *Canary, n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		whole(d, &c.Rows, 0)(n, path)
		return
	}
	d.mapping(n, path, map[string]setter{
		"rows": whole(d, &c.Rows, 0),
		"wait": func(n *yaml.Node, path string) { c.Wait = new(Duration); d.duration(c.Wait, 0)(n, path) },
	})
}

func (d *decoder) caps(n *yaml.Node, path string) {
	c := &d.runbook.Caps
	d.mapping(n, path, map[string]setter{
		"max_rows":    whole(d, &c.MaxRows, 1), // a cap of none would be no cap
		"max_removes": whole(d, &c.MaxRemoves, 1),
		"max_share":   d.checked(&c.MaxShare, checkShare),
		"min_rows":    whole(d, &c.MinRows, 1),
		"max_shrink":  d.checked(&c.MaxShrink, checkShare),
	})
}

// input takes one name, or a list of them.
func (d *decoder) input(n *yaml.Node, path string) {
	if n.Kind == yaml.SequenceNode {
		d.texts(&d.runbook.Input, checkInput)(n, path)
		return
	}
	d.runbook.Input = []string{""}
	d.checked(&d.runbook.Input[0], checkInput)(n, path)
}

func (d *decoder) vars(n *yaml.Node, path string) {
	d.runbook.Vars = map[string]*string{}
	d.entries(n, path, func(key, value *yaml.Node) {
		name := join(path, key.Value)
		if !expression.IsVariable(key.Value) {
			d.fault(key, join(path, shorten(key.Value)), "is not the name of a variable", "a name has letters, digits and _, and begins with no digit")
			return
		}
		d.value(value, name, func(n *yaml.Node, path string) {
			d.runbook.Vars[key.Value] = nil
			if n.ShortTag() != "!!null" {
				d.runbook.Vars[key.Value] = new(string)
				d.text(d.runbook.Vars[key.Value])(n, path)
			}
		})
		d.runbook.places[name] = place{key.Line, key.Column} // a value that is missing has none
	})
}

func (d *decoder) op(to *jobs.Op) setter {
	var name string
	return d.checked(&name, func(name string) error {
		o, err := jobs.FindOperation(name)
		*to = o.Name
		if err != nil {
			return hinted{err.Error(), near(name, jobs.OperationNames())}
		}
		return nil
	})
}
