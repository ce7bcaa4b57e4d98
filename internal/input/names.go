package input

import (
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// opPath is the path of a row's operation, which is no jobs.Column.
const opPath = "op"

// aliases are further names of columns, normalised, and their paths.
var aliases = map[string]string{
	"externalid":         "user",
	"client.id":          "clientId",
	"userid":             "user",
	"useridorexternalid": "user",
}

// yielding are the aliases that give way to the column's own name without a word: reports hold
// them beside it.
var yielding = []string{"externalid", "client.id"}

// reported are the columns that reports add, normalised; they are passed over without a word
// where an operation does not read them.
var reported = []string{
	"row", "line", "outcome", "clientstatus", "httpstatus", "errorcode", "error", "detail", "attempts", "durationms",
	"finishedat", "cause", "type", "status", "externalid", "client.id", "integrationid", "lastseen", "linkedat", "displayname",
}

// vocabulary is every name that a column may have: its full path, an alias, or its last name.
type vocabulary struct {
	paths map[string][]string // normalised name → the paths it may stand for
	short map[string]string   // path → its last name where that is unambiguous, else the path
}

func newVocabulary() vocabulary {
	v := vocabulary{map[string][]string{opPath: {opPath}}, map[string]string{}}
	for name, path := range aliases {
		v.paths[name] = []string{path}
	}
	for _, c := range jobs.Columns() {
		full, last := normalise(c.Path), normalise(lastName(c.Path))
		v.paths[full] = append(v.paths[full], c.Path)
		if last != full {
			v.paths[last] = append(v.paths[last], c.Path)
		}
	}
	for _, c := range jobs.Columns() {
		v.short[c.Path] = c.Path
		if last := lastName(c.Path); len(v.paths[normalise(last)]) == 1 {
			v.short[c.Path] = last
		}
	}
	return v
}

// path returns the path that a person named in an option.
func (v vocabulary) path(option, name string) (string, error) {
	switch paths := v.paths[normalise(name)]; len(paths) {
	case 1:
		return paths[0], nil
	case 0:
		e := &Error{Cause: option + " names " + quote(name) + ", which no operation reads"}
		if near := v.near(name); near != "" {
			e.Hint = "did you mean " + near + "?"
		}
		return "", e
	default:
		return "", &Error{Cause: option + " names " + quote(name) + ", which is ambiguous", Hint: "name " + strings.Join(paths, " or ")}
	}
}

// near returns the known name that name is a slip of the pen from, or "".
func (v vocabulary) near(name string) string {
	name = normalise(name)
	best, bestDistance := "", 1+min(2, len(name)/4)
	for _, c := range jobs.Columns() {
		for _, known := range []string{v.short[c.Path], c.Path} {
			if d := distance(name, normalise(known), bestDistance); d < bestDistance {
				best, bestDistance = known, d
			}
		}
	}
	return best
}

var ignored = strings.NewReplacer("_", "", "-", "", " ", "", "\"", "", "\ufeff", "", "\u00a0", "")

// normalise gives equal names to columns that match.
func normalise(name string) string { return strings.ToLower(ignored.Replace(strings.TrimSpace(name))) }

func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// quote makes a column's name fit for a message.
func quote(name string) string {
	const most = 60
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return `"` + name + `"`
}

// distance is the number of letters to insert, remove, change or swap with the next between a and
// b; limit when it is at least that (optimal string alignment).
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	older, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(change, last[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], older[j-2]+1)
			}
		}
		older, last, next = last, next, older
	}
	return min(last[len(b)], limit)
}

func isReported(name string) bool { return slices.Contains(reported, name) }

func isYielding(name string) bool { return slices.Contains(yielding, name) }
