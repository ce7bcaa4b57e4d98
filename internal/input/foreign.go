package input

import (
	"slices"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// word is what may be the name of a column in text that is no sound JSON.
var word = lazyregexp.New(`[\pL_][\pL\pN_.-]{0,99}`)

// original returns what is kept of a record that is rejected: its start, when it has a column that is known. One of which no
// column is may be anything, such as a file of credentials, and would go into Redis and reports (I7).
func (o *objects) original(raw []byte, names []string) []string {
	head := o.head(raw)
	if names == nil {
		names = word().FindAllString(head, maxColumns)
	}
	if !slices.ContainsFunc(names, o.knows) {
		return nil
	}
	return []string{head}
}

// knows tells whether a column is one that is read, or was meant to be.
func (o *objects) knows(name string) bool {
	n := normalise(name)
	if o.binder.paths[n] != nil || o.binder.mapped[n] != "" || slices.Contains(reported, n) || o.binder.near(name) != "" {
		return true
	}
	i := -1
	if o.layout != nil {
		i = slices.Index(o.layout.names, name)
	}
	return i >= 0 && (o.layout.evaluated[i] || slices.Contains(o.layout.carried, i))
}
