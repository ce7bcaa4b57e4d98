// Package lazyregexp compiles regular expressions when they are first needed: together they would be a good part of what the start of a
// command costs, and most commands need none of them.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that gives the expression compiled. It panics, at its first call, if that cannot be compiled.
func New(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
