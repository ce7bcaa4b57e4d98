package report

import (
	"iter"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
)

// Own is the input of a job as it was read: files whose rows are input again keep its columns and its delimiter. The zero value is an input
// that is not at hand.
type Own struct {
	Delimiter byte       // of CSV; 0 = that of the job's inputs, else a comma
	Names     [][]string // of the own columns of its files, as jobs.Original.Names has them
	Paths     []string   // that columns give by their names

	// Records gives all records in the order of their numbers; nil = none are at hand. It is read only where rows are input again.
	Records iter.Seq[jobs.Original]
}

// delimiter is that of the files whose rows are input again.
func (o Own) delimiter(job jobs.Job) byte {
	if o.Delimiter != 0 {
		return o.Delimiter
	}
	return delimiterOf(job.Inputs)
}

// delimiterOf is that of files of rows of inputs: theirs, or a comma where they differ or have none.
func delimiterOf(inputs []jobs.Input) byte {
	if len(inputs) == 0 {
		return ','
	}
	first := inputs[0].Delimiter
	if len(first) != 1 || slices.ContainsFunc(inputs, func(in jobs.Input) bool { return in.Delimiter != first }) {
		return ','
	}
	return first[0]
}

// ownColumns are the columns of the input in files whose rows are input again. Those that give a path by their name stand under that path. A
// nil one is of an input that is not at hand.
type ownColumns struct {
	Own
	headings headings
	next     func() (jobs.Original, bool) // nil before the first
	stop     func()
	now      jobs.Original
	ended    bool
	of       int64 // row whose cells there are
	cells    []string
	given    map[string]string // path → cell
}

func newOwnColumns(o Own) *ownColumns {
	if o.Records == nil {
		return nil
	}
	own := &ownColumns{Own: o, given: map[string]string{}, stop: func() {}}
	for _, names := range o.Names {
		own.headings.places(names, len(names))
	}
	own.cells = make([]string, len(own.headings.names))
	return own
}

func (o *ownColumns) close() {
	if o != nil {
		o.stop()
	}
}

// turn goes on to the record of a row. There are no cells where the input has another record at its number.
func (o *ownColumns) turn(r *record) {
	if o.of == r.Row.Number {
		return
	}
	o.of = r.Row.Number
	clear(o.cells)
	clear(o.given)
	if o.next == nil {
		o.next, o.stop = iter.Pull(o.Records)
	}
	for !o.ended && o.now.Number < r.Row.Number {
		var more bool
		o.now, more = o.next()
		o.ended = !more
	}
	if o.now.Number != r.Row.Number || o.now.Line != r.Row.Line {
		return
	}
	for i, place := range o.headings.places(o.now.Names, len(o.now.Values)) {
		if place >= 0 && place < len(o.cells) {
			o.cells[place] = o.now.Values[i]
		}
	}
	for i, path := range o.now.Paths {
		o.given[path] = o.now.Given[i]
	}
}

// gives tells whether a column of the input gives a path by its name.
func (o *ownColumns) gives(path string) bool { return o != nil && slices.Contains(o.Paths, path) }

// value is what a row has below a path. What its operation does not read is as the record has it.
func (o *ownColumns) value(r *record, c jobs.Column) string {
	value := *c.Field(&r.Row)
	if o == nil || value != "" || o.given[c.Path] == "" {
		return value
	}
	if op, err := jobs.FindOperation(string(r.Row.Op)); err != nil || op.Reads(c.Path) {
		return ""
	}
	return o.given[c.Path]
}
