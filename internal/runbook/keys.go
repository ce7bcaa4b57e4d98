package runbook

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// all takes the whole runbook. The keys of a mapping are those of the tags of its type.
func (d *decoder) all(n *yaml.Node, path string) {
	r := d.runbook
	keys := map[string]setter{
		"name":          d.checked(&r.Name, checkName),
		"description":   d.text(&r.Description),
		"app":           d.checked(&r.App, notEmpty),
		"input":         d.input,
		"map":           d.table(&r.Map, anyColumn, mapPath),
		"delimiter":     d.checked(&r.Delimiter, read(input.ParseDelimiter)),
		"encoding":      d.checked(&r.Encoding, read(input.ParseEncoding)),
		"sheet":         d.checked(&r.Sheet, notEmpty),
		"phone_country": d.checked(&r.PhoneCountry, read(input.ParseCountry)),
		"vars":          d.vars,
		"steps":         d.steps,
		"caps":          d.caps,
		"notify":        d.texts(&r.Notify, checkEvent),
		"schedule":      d.schedule,
	}
	d.options(r, jobs.ForAllSteps, keys)
	d.options(&r.Limits, jobs.ForEachStep, keys)
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
	d.options(&s.Limits, jobs.ForEachStep, keys)
	d.mapping(n, path, keys, "op")
	if s.Name == "" {
		s.Name = string(s.Op)
	}
}

// options adds the keys of the options of a scope, which a struct has fields for.
func (d *decoder) options(in any, scope jobs.OptionScope, keys map[string]setter) {
	for _, o := range jobs.OptionTable() {
		if o.Scope == scope && !strings.Contains(o.Key(), ".") {
			keys[o.Key()] = d.option(in, o)
		}
	}
	if limits, ok := in.(*Limits); ok {
		keys["canary"] = func(n *yaml.Node, path string) { d.canary(limits, n, path) }
	}
}

// option takes the value of an option, as the flag of its name would.
func (d *decoder) option(in any, o jobs.Option) setter {
	return func(n *yaml.Node, path string) {
		text, ok := d.optionText(n, path, o.Type)
		if !ok {
			return
		}
		text, wrong := o.Read(text)
		if wrong != nil {
			d.fault(n, path, wrong.Cause, wrong.Hint)
			return
		}
		if err := setField(in, o, text); err != nil {
			d.fault(n, path, err.Error(), "")
		}
	}
}

// optionText returns the text of a value if YAML has it as one of the type.
func (d *decoder) optionText(n *yaml.Node, path string, of jobs.OptionType) (text string, ok bool) {
	switch tag := n.ShortTag(); {
	case of == jobs.TextOption:
		d.checked(&text, notEmpty)(n, path)
		return text, text != ""
	case of == jobs.TimeOption && (n.Kind != yaml.ScalarNode || tag == "!!null"):
		d.expected(n, path, "a time such as 90s or 2h")
	case of == jobs.WholeOption && tag != "!!int":
		d.expected(n, path, "a whole number")
	case of == jobs.NumberOption && (tag != "!!int" && tag != "!!float" || strings.Contains(n.Value, ".inf")):
		d.expected(n, path, "a number")
	default:
		return n.Value, true
	}
	return "", false
}

func (d *decoder) canary(l *Limits, n *yaml.Node, path string) {
	l.Canary = &Canary{}
	rows, _ := jobs.FindOption("canary")
	wait, _ := jobs.FindOption("canary-wait")
	if n.Kind != yaml.MappingNode {
		d.option(l, rows)(n, path)
		return
	}
	d.mapping(n, path, map[string]setter{"rows": d.option(l, rows), "wait": d.option(l, wait)})
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
