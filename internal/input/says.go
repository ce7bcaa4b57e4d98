package input

import (
	"slices"

	"github.com/sunbulk/sunbulk/internal/expression"
)

// NamesOps tells whether every file has a column that names the operation of its rows.
func (r *Reader) NamesOps() bool {
	return !slices.ContainsFunc(r.files, func(f *file) bool { return !f.namesOps })
}

// Uses returns what the expressions of the options depend on besides the records.
func (r *Reader) Uses() expression.Uses {
	var all expression.Uses
	if r.binder.where != nil {
		all = r.binder.where.Uses()
	}
	for _, v := range r.binder.values {
		all = all.And(v.Uses())
	}
	return all
}
