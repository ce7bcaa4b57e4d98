package jobs

import (
	"strconv"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// LineageColumn is the column in which a report says which row of which job its row is. Input keeps it with the row.
const LineageColumn = "rerunOf"

// RowRef names a row of a job.
type RowRef struct {
	Job string
	Row int64
}

func (r RowRef) String() string { return r.Job + ":" + strconv.FormatInt(r.Row, 10) }

// ParseRowRef reads what String wrote; ok is false for anything else.
func ParseRowRef(s string) (r RowRef, ok bool) {
	job, number, _ := strings.Cut(s, ":")
	row, err := strconv.ParseInt(number, 10, 64)
	if err != nil || row < 1 || CheckID(job) != nil {
		return RowRef{}, false
	}
	return RowRef{job, row}, true
}

// Lineage is the rows of earlier jobs that a row runs again, each as JOB:ROW, the first job's first, with spaces between. Empty is that of a
// row that runs nothing again.
type Lineage string

// maxLineage bounds how many rows a lineage names. Of a longer one those behind the first are forgotten: at worst a row is held for another's.
const maxLineage = 20

// lineage is the form of one within other text. A file can hold it in a cell, or in a record of JSON.
var lineage = lazyregexp.New(`\b\d{8}-\d{6}-[a-z0-9]{4}:[1-9]\d{0,17}( \d{8}-\d{6}-[a-z0-9]{4}:[1-9]\d{0,17})*\b`)

// ParseLineage reads a cell of LineageColumn; ok is false when that holds anything else.
func ParseLineage(cell string) (l Lineage, ok bool) {
	refs := strings.Fields(cell)
	if len(refs) == 0 || len(refs) > maxLineage {
		return "", false
	}
	for _, ref := range refs {
		if _, ok := ParseRowRef(ref); !ok {
			return "", false
		}
	}
	return Lineage(strings.Join(refs, " ")), true
}

// FindLineage returns the lineage that stands somewhere in a text, or none.
func FindLineage(text string) Lineage {
	l, _ := ParseLineage(lineage().FindString(text))
	return l
}

// Refs returns the rows, the first job's first.
func (l Lineage) Refs() []RowRef {
	var refs []RowRef
	for _, text := range strings.Fields(string(l)) {
		if r, ok := ParseRowRef(text); ok {
			refs = append(refs, r)
		}
	}
	return refs
}

// Then is the lineage of a row that runs the row r of this lineage again.
func (l Lineage) Then(r RowRef) Lineage {
	refs := append(strings.Fields(string(l)), r.String())
	if over := len(refs) - maxLineage; over > 0 {
		refs = append(refs[:1], refs[1+over:]...)
	}
	return Lineage(strings.Join(refs, " "))
}
