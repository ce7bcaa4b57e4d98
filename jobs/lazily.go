package jobs

import (
	"regexp"
	"sync"
)

// lazily compiles an expression when it is first needed: at the start of a command none is.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
