package input

import (
	"fmt"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
)

// twin is a field of which a file of a report holds two cells: what was sent, and the input's own, which an option reads again.
type twin struct {
	cell          // what was sent
	source string // that is read in its place, for messages
}

// twins are those fields; none outside of files of a report.
func (l *layout) twins(p *plan) (all []twin) {
	if l.lineage < 0 {
		return nil
	}
	for _, c := range jobs.Columns() {
		sent := slices.Index(l.normal, normalise(c.Path))
		if sent < 0 || l.binder.mapped[l.normal[sent]] != "" {
			continue
		}
		for _, own := range p.cells {
			if own.path == c.Path && own.index != sent {
				all = append(all, twin{cell{sent, c.Path, c.Field}, "column " + quote(l.names[own.index])})
			}
		}
		for _, f := range p.set {
			if f.path == c.Path && f.computed != nil {
				all = append(all, twin{cell{sent, c.Path, c.Field}, l.binder.option("set")})
			}
		}
	}
	return all
}

// mended returns the error of a row whose sent value somebody has changed, while an option reads another: which of them is meant is a guess
// that could reach a wrong person. Where only the input's own cell was changed, that is what is meant.
func (l *layout) mended(p *plan, row *jobs.Row, cells []string) error {
	for _, t := range p.twins {
		sent := cells[t.index]
		if sent == "" || sent == *t.field(row) {
			continue
		}
		own, before := *row, *row
		*t.field(&before) = sent
		if l.sound(p, &own) && l.sound(p, &before) && *t.field(&own) == *t.field(&before) || l.unchanged(cells) {
			continue
		}
		return &jobs.FieldError{
			Column: l.names[t.index],
			Cause:  fmt.Sprintf("was changed, and is not what %s gives; empty the cell that is not meant, or leave the option out that reads the other", t.source),
		}
	}
	return nil
}

// sound puts the row's fields into the form in which they are sent, if they have one.
func (l *layout) sound(p *plan, row *jobs.Row) bool {
	l.binder.dial(row)
	return p.operation.CheckRow(row) == nil
}

// unchanged tells whether the cells that a report has written of a row are as it wrote them.
func (l *layout) unchanged(cells []string) bool {
	at := func(name string) string {
		if i := slices.Index(l.normal, normalise(name)); i >= 0 {
			return cells[i]
		}
		return ""
	}
	return at(jobs.HashColumn) == jobs.RerunHash(at(opPath), func(c jobs.Column) string { return at(c.Path) })
}
