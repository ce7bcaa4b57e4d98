package input

import (
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/jobs"
)

// layout says which cell of a record fills which field of a row.
type layout struct {
	binder *binder
	names  []string   // as the file has them
	normal []string   // normalised
	paths  [][]string // which each name may stand for
	op     int        // index of the op cell, or -1
	plans  []plan     // one per operation

	strict    bool         // a column that an expression reads must be there
	where     *reading     // nil without --where
	evaluated map[int]bool // cells that an expression reads
	rerun     int          // cell in which a report says whether the row may be run, or -1
	lineage   int          // cell in which a report says which row of which job this one is, or -1
	carried   []int        // cells that later steps read
	kept      int          // cell of the client that a remove must not take, or -1

	originals          []ownCell // what a report keeps of a record that is not made a row
	ownNames, ownPaths []string  // of originals
}

// plan is what one operation takes from a record. Fields that it does not read stay empty.
type plan struct {
	operation jobs.Operation
	cells     []cell
	set       []field
	twins     []twin
	clash     *Error // why records of this layout cannot serve it
}

type cell struct {
	index int
	path  string
	field func(*jobs.Row) *string
}

// field is one that --set fills; index is of the cell that may hold the same value, or -1.
type field struct {
	cell
	value    string            // a constant
	computed *expression.Value // nil for a constant
	reading  *reading          // of computed
}

// bind makes the layout of records whose cells have these names; strict when others have no more.
func (b *binder) bind(names []string, strict bool) *layout {
	l := &layout{binder: b, names: names, paths: b.resolve(names), strict: strict, evaluated: map[int]bool{}}
	for _, name := range names {
		l.normal = append(l.normal, normalise(name))
	}
	if b.where != nil {
		l.where = l.bindExpression("", b.where.Fields())
	}
	var clash *Error
	l.op, clash = l.index(opPath, func(path string) bool { return path == opPath })
	for _, o := range jobs.Operations() {
		p := l.plan(o)
		if clash != nil {
			p.clash = clash
		}
		l.plans = append(l.plans, p)
	}
	if l.kept = l.keeps(); l.kept >= 0 {
		l.evaluated[l.kept] = true
	}
	l.rerun, l.lineage = l.own(jobs.RerunColumn), l.own(jobs.LineageColumn)
	for i := range l.plans {
		l.plans[i].twins = l.twins(&l.plans[i])
	}
	l.carried = b.carried(names)
	if b.raw {
		l.keepsOwn()
	}
	if b.bound != nil {
		b.bound(l)
	}
	return l
}

// own returns the cell below a name by which reports speak to the reader, -1 where there is none or --map takes it for something else.
func (l *layout) own(column string) int {
	name := normalise(column)
	if l.binder.mapped[name] != "" {
		return -1
	}
	return slices.Index(l.normal, name)
}

// resolve returns the paths that each name may stand for: none, one, or several when it is ambiguous.
func (b *binder) resolve(names []string) [][]string {
	paths := make([][]string, len(names))
	given := map[string]bool{}  // paths that --map or --set gives
	proper := map[string]bool{} // paths that a column gives under their full name, or a constant
	for _, s := range b.set {
		proper[s.path] = b.values[s.path] == nil
	}
	for i, name := range names {
		name = normalise(name)
		if path, ok := b.mapped[name]; ok {
			paths[i] = []string{path}
			given[path] = true
		} else if path, ok := b.full(name); ok {
			proper[path] = true
		}
	}
	for i, name := range names {
		name = normalise(name)
		if paths[i] != nil || name == opPath && b.step != "" { // a runbook says itself what its steps do
			continue
		}
		candidates := b.paths[name]
		superfluous := func(path string) bool {
			ambiguous := len(candidates) > 1
			return given[path] || proper[path] && (isYielding(name) || ambiguous) || b.values[path] != nil && ambiguous
		}
		for _, path := range candidates {
			if !superfluous(path) {
				paths[i] = candidates
			}
		}
	}
	return paths
}

// full returns the path of which name is the full name.
func (b *binder) full(name string) (path string, ok bool) {
	paths := b.paths[name]
	if len(paths) != 1 || normalise(paths[0]) != name {
		return "", false
	}
	return paths[0], true
}

// plan says what operation o takes from the layout.
func (l *layout) plan(o jobs.Operation) plan {
	p := plan{operation: o}
	for _, c := range jobs.Columns() {
		if !o.Reads(c.Path) {
			continue
		}
		index, clash := l.index(c.Path, o.Reads)
		if clash != nil && p.clash == nil {
			p.clash = clash
		}
		if v := l.binder.values[c.Path]; v != nil {
			p.set = append(p.set, field{cell: cell{index, c.Path, c.Field}, computed: v, reading: l.bindExpression(c.Path, v.Fields())})
		} else if value := l.binder.setTo(c.Path); value != "" {
			p.set = append(p.set, field{cell: cell{index, c.Path, c.Field}, value: value})
		} else if index >= 0 {
			p.cells = append(p.cells, cell{index, c.Path, c.Field})
		}
	}
	return p
}

// index returns the one cell that gives the path, -1 when there is none, and why others may give it too.
// A name is not ambiguous when only one of the paths that it may stand for is read.
func (l *layout) index(path string, read func(string) bool) (int, *Error) {
	found := -1
	for i, paths := range l.paths {
		if !slices.Contains(paths, path) {
			continue
		}
		paths = slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !read(p) })
		switch {
		case len(paths) > 1:
			return -1, &Error{
				Cause: "column " + quote(l.names[i]) + " is ambiguous",
				Hint:  "name it " + strings.Join(paths, " or "),
			}
		case found >= 0:
			return found, &Error{
				Cause: "columns " + quote(l.names[found]) + " and " + quote(l.names[i]) + " both give " + path,
				Hint:  "take one out, or choose with " + l.binder.giving("map", "COLUMN", path),
			}
		default:
			found = i
		}
	}
	return found, nil
}

// gives tells whether rows can have the path, by a column or by --set.
func (p *plan) gives(path string) bool {
	return slices.ContainsFunc(p.cells, func(c cell) bool { return c.path == path }) ||
		slices.ContainsFunc(p.set, func(f field) bool { return f.path == path })
}

// find returns the plan of an operation, nil when there is none of that name.
func (l *layout) find(op string) *plan {
	for i := range l.plans {
		if strings.EqualFold(op, string(l.plans[i].operation.Name)) {
			return &l.plans[i]
		}
	}
	return nil
}

// name returns the column that gives the path, or the path itself.
func (p *plan) name(names []string, path string) string {
	for _, c := range p.cells {
		if c.path == path {
			return names[c.index]
		}
	}
	return path
}
