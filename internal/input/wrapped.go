package input

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// wrapped returns where in the first object of a text the rows are, when it is one that holds all of them, such as users of
// {"users": [{…}]}; else "".
func wrapped(w *window, b *binder) string {
	n, err := w.value()
	text := string(w.unread()[:n])
	match := aroundRows().FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	before, outer, inner := match[1], match[2], match[3]
	for _, key := range memberKey().FindAllStringSubmatch(before, -1) {
		if b.leads(key[1]) {
			return ""
		}
	}
	if err == nil && json.Valid([]byte(text)) {
		for key := range members(text) {
			if b.leads(key) {
				return "" // it is a row, of which a column that nothing reads is a list
			}
		}
	}
	return strings.TrimSuffix(outer+"."+inner, ".")
}

const (
	jsonText = `"((?:[^"\\]|\\.)*)"`
	scalars  = `(?:"(?:[^"\\]|\\.)*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^\s,{}\[\]"]+)\s*,\s*)*`
)

var (
	aroundRows = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\s*\{\s*(` + scalars + `)` + jsonText + `\s*:\s*(?:\{\s*` + scalars + jsonText + `\s*:\s*)?\[\s*\{`)
	})
	memberKey = lazyregexp.New(jsonText + `\s*:`)
)

// leads tells whether a member of a row may have the name: that of a column, or of an object that holds columns.
func (b *binder) leads(key string) bool {
	if b.knows(key) {
		return true
	}
	key = normalise(key) + "."
	for path := range b.paths {
		if strings.HasPrefix(path, key) {
			return true
		}
	}
	return false
}
