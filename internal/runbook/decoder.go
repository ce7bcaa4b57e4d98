package runbook

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// decoder fills a runbook with what a file says, and gathers what is wrong with it.
type decoder struct {
	runbook  *Runbook
	problems []Problem
}

// setter takes one value of the file, which stands under the path.
type setter func(n *yaml.Node, path string)

// value notes where n is, and hands it on unless no runbook may hold it.
func (d *decoder) value(n *yaml.Node, path string, set setter) {
	d.runbook.places[path] = place{n.Line, n.Column}
	switch tag := n.ShortTag(); {
	case n.Kind == yaml.AliasNode:
		d.fault(n, path, "is an alias, and a runbook says all in its place", "write out what it stands for")
	case !slices.Contains(tags, tag):
		d.fault(n, path, "has the tag "+quote(tag)+", which no runbook knows", "leave it out")
	default:
		set(n, path)
	}
}

// tags are the kinds of values that plain YAML has. It never changes.
var tags = []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!map", "!!seq"}

func (d *decoder) fault(n *yaml.Node, path, cause, hint string) {
	d.problems = append(d.problems, Problem{Line: n.Line, Column: n.Column, Path: path, Cause: cause, Hint: hint})
}

// mapping hands each value of n to the setter of its key, and misses the keys that it needs.
func (d *decoder) mapping(n *yaml.Node, path string, keys map[string]setter, needs ...string) {
	given := d.entries(n, path, func(key, value *yaml.Node) {
		if set := keys[key.Value]; set != nil {
			d.value(value, join(path, key.Value), set)
			return
		}
		d.fault(key, join(path, shorten(key.Value)), "is not known", near(key.Value, slices.Sorted(maps.Keys(keys))))
	})
	for _, key := range needs {
		if given != nil && !given[key] {
			d.fault(n, path, "has no "+key, "")
		}
	}
}

// entries gives each key of n, which is a text and is there once, with its value. It returns the keys,
// or nil when n is no mapping.
func (d *decoder) entries(n *yaml.Node, path string, each func(key, value *yaml.Node)) (given map[string]bool) {
	if n.Kind != yaml.MappingNode {
		d.expected(n, path, "a mapping of keys to values")
		return nil
	}
	given = map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || strings.ContainsFunc(key.Value, isControl):
			d.fault(key, path, "has a key that is no plain text", "")
		case given[key.Value]:
			d.fault(key, join(path, shorten(key.Value)), "is given twice", "")
		default:
			given[key.Value] = true
			each(key, value)
		}
	}
	return given
}

// list hands each element of n to the setter for its number, from 0.
func (d *decoder) list(n *yaml.Node, path string, element func(i int) setter) {
	switch {
	case n.Kind != yaml.SequenceNode:
		d.expected(n, path, "a list")
	case len(n.Content) == 0:
		d.fault(n, path, "is an empty list", "leave it out, or fill it")
	}
	for i, c := range n.Content {
		d.value(c, fmt.Sprintf("%s[%d]", path, i), element(i))
	}
}

// texts takes a list of texts, each of which passes check.
func (d *decoder) texts(to *[]string, check func(string) error) setter {
	return func(n *yaml.Node, path string) {
		*to = make([]string, len(n.Content))
		d.list(n, path, func(i int) setter { return d.checked(&(*to)[i], check) })
	}
}

// table takes a mapping of names to texts, as key and value complete them.
func (d *decoder) table(to *map[string]string, key func(string) (string, error), value func(key, text string) (string, error)) setter {
	return func(n *yaml.Node, path string) {
		*to = map[string]string{}
		d.entries(n, path, func(k, v *yaml.Node) {
			name, err := key(k.Value)
			if err != nil {
				d.fault(k, join(path, shorten(k.Value)), err.Error(), hintOf(err))
				return
			}
			if _, twice := (*to)[name]; twice {
				d.fault(k, join(path, shorten(k.Value)), "gives "+name+" twice", "")
				return
			}
			var text string
			d.value(v, join(path, name), d.checked(&text, func(s string) (err error) {
				s, err = value(name, s)
				(*to)[name] = s
				return err
			}))
		})
	}
}

// text takes a scalar as it is written.
func (d *decoder) text(to *string) setter {
	return func(n *yaml.Node, path string) {
		switch {
		case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null":
			d.expected(n, path, "a text")
		case strings.ContainsFunc(n.Value, isControl):
			d.fault(n, path, "holds a control character", "")
		default:
			*to = n.Value
		}
	}
}

// checked takes a text that passes check, whose error is reported.
func (d *decoder) checked(to *string, check func(string) error) setter {
	return func(n *yaml.Node, path string) {
		var text string
		known := len(d.problems)
		if d.text(&text)(n, path); len(d.problems) > known {
			return
		}
		if err := check(text); err != nil {
			d.fault(n, path, err.Error(), hintOf(err))
			return
		}
		*to = text
	}
}

// read makes a check of what only reads.
func read[T any](parse func(string) (T, error)) func(string) error {
	return func(s string) error {
		_, err := parse(s)
		return err
	}
}

// whole takes a whole number of at least least.
func whole[T int | int64](d *decoder, to *T, least T) setter {
	return func(n *yaml.Node, path string) {
		v, err := strconv.ParseInt(n.Value, 10, 64)
		switch {
		case n.ShortTag() != "!!int" || err != nil:
			d.expected(n, path, "a whole number")
		case v < int64(least):
			d.fault(n, path, fmt.Sprintf("is less than %d", least), "")
		default:
			*to = T(v)
		}
	}
}

func (d *decoder) truth(to *bool) setter {
	return func(n *yaml.Node, path string) {
		v, err := strconv.ParseBool(n.Value)
		if n.ShortTag() != "!!bool" || err != nil {
			d.expected(n, path, "true or false")
			return
		}
		*to = v
	}
}

// duration takes a time of at least least.
func (d *decoder) duration(to *Duration, least time.Duration) setter {
	return func(n *yaml.Node, path string) {
		v, err := time.ParseDuration(n.Value)
		switch {
		case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null":
			d.expected(n, path, "a time such as 90s or 2h")
		case err != nil:
			d.fault(n, path, quote(n.Value)+" is not a time such as 90s or 2h", "")
		case v < least:
			d.fault(n, path, "is less than "+least.String(), "")
		default:
			*to = Duration(v)
		}
	}
}

// expected says that n is of another kind than what is wanted.
func (d *decoder) expected(n *yaml.Node, path, want string) {
	is := "a text"
	switch n.ShortTag() {
	case "!!map":
		is = "a mapping"
	case "!!seq":
		is = "a list"
	case "!!int", "!!float":
		is = "the number " + shorten(n.Value)
	case "!!bool":
		is = n.Value
	case "!!null":
		is = "empty"
	}
	d.fault(n, path, "is "+is+"; "+want+" is expected", "")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// shorten makes a name of the file fit for a message.
func shorten(name string) string {
	const most = 60
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

func quote(name string) string { return `"` + shorten(name) + `"` }
