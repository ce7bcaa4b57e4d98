package input

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// Originals are the records of files as they were read, before anything was made of them.
type Originals struct{ reader *Reader }

// OpenOriginals checks the start of files that can be read again, and lie on this machine. Of the Config only what says how columns are
// found counts. Its errors are those of Open.
func OpenOriginals(ctx context.Context, files *Files, cfg Config) (*Originals, error) {
	r, err := Open(ctx, files, Config{
		Set: cfg.Set, Vars: cfg.Vars, Map: cfg.Map, Delimiter: cfg.Delimiter, Encoding: cfg.Encoding, Sheet: cfg.Sheet, PhoneCountry: cfg.PhoneCountry,
		AllowDuplicates: true, raw: true,
	})
	if err != nil {
		return nil, err
	}
	return &Originals{r}, nil
}

// Delimiter is that of all files; 0 where they differ or have none.
func (o *Originals) Delimiter() byte {
	comma := o.reader.files[0].comma
	for _, f := range o.reader.files {
		if f.comma != comma {
			return 0
		}
	}
	return comma
}

// Headers are the own headings of each file, as Original.Names has them, and the paths that columns give by their names.
func (o *Originals) Headers() (names [][]string, paths []string) {
	for _, f := range o.reader.files {
		names, paths = append(names, f.own), append(paths, f.paths...)
	}
	return names, paths
}

// Records gives each record once, with the number and line of its row. What is no sound record has no values. It can be ranged over once.
func (o *Originals) Records() iter.Seq[jobs.Original] {
	return func(yield func(jobs.Original) bool) {
		for rec := range o.reader.Records() {
			own := jobs.Original{}
			if rec.Original != nil {
				own = *rec.Original
			}
			if own.Number = o.reader.rows; !yield(own) {
				return
			}
		}
	}
}

// Close closes the files.
func (o *Originals) Close() error { return o.reader.Close() }

// Again tells whether the files can be read a second time, on this machine.
func (fs *Files) Again() bool {
	return !slices.ContainsFunc(fs.places, func(p *place) bool { return p.get != nil || p.isPipe() })
}

// Same tells whether the files that can be read again still are what they were when they were digested first.
func (fs *Files) Same() bool {
	for _, p := range fs.places {
		before := p.digested
		p.digested = nil
		if err := p.digest(); err != nil || before == nil || p.digested.SHA256 != before.SHA256 {
			p.digested = before
			return false
		}
	}
	return true
}

// ownCell is one that a report keeps of a record, under a heading and, where it gives that by its own name, for a path.
type ownCell struct {
	index int
	name  string
	path  string
}

// ownPrefix stands before the name of an input's column that a report has for something else.
const ownPrefix = "input."

// written are the columns that a report itself writes into the files whose rows are input again, normalised.
var written = []string{"row", "line", "record", "outcome", "cause", "error", "rerun", "rerunof", "rerunhash", jobs.CreatedID}

// ownCells are what a report keeps of records with these names. What an earlier report has written there it writes itself.
func (l *layout) ownCells() (own []ownCell) {
	for i, name := range l.names {
		normal := l.normal[i]
		_, full := l.binder.full(normal)
		switch {
		case l.givesByName(i):
			own = append(own, ownCell{i, name, l.paths[i][0]})
		case l.lineage >= 0 && (full || slices.Contains(written, normal)):
		case slices.Contains(written, normal), len(l.binder.paths[normal]) > 0:
			own = append(own, ownCell{i, ownPrefix + name, ""})
		default:
			own = append(own, ownCell{i, name, ""})
		}
	}
	return own
}

// givesByName tells whether a column's name alone says which path it gives, and nothing else gives that.
func (l *layout) givesByName(i int) bool {
	return len(l.paths[i]) == 1 && l.binder.mapped[l.normal[i]] == "" && l.binder.values[l.paths[i][0]] == nil
}

// original is the record of these cells as a report keeps it.
func (l *layout) original(line int64, cells []string) *jobs.Original {
	o := &jobs.Original{Line: line, Names: l.ownNames, Paths: l.ownPaths}
	for _, c := range l.originals {
		if c.path == "" {
			o.Values = append(o.Values, cells[c.index])
		} else {
			o.Given = append(o.Given, cells[c.index])
		}
	}
	return o
}

// keepsOwn learns which cells of a record are kept.
func (l *layout) keepsOwn() {
	l.originals = l.ownCells()
	for _, c := range l.originals {
		if c.path == "" {
			l.ownNames = append(l.ownNames, c.name)
		} else {
			l.ownPaths = append(l.ownPaths, c.path)
		}
	}
}

// recordName is the column of a record of JSON, whole.
const recordName = "record"

// originalObject is a record of JSON as a report keeps it.
func originalObject(line int64, raw []byte) *jobs.Original {
	return &jobs.Original{Line: line, Names: []string{recordName}, Values: []string{cut(strings.ToValidUTF8(string(raw), "\ufffd"), maxKept)}}
}
