package input

import (
	"slices"
	"strings"
	"unicode"

	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

// opPath is the path of a row's operation, which is no jobs.Column.
const opPath = "op"

// aliases are further names of columns, and their paths.
var aliases = map[string]string{
	"externalId":         "user",
	"client.id":          "clientId",
	"userId":             "user",
	"userIdOrExternalId": "user",
}

// yielding are the aliases that give way to the column's own name without a word: reports hold
// them beside it.
var yielding = []string{"externalid", "client.id"}

// reported are the columns that reports add, normalised; they are passed over without a word
// where an operation does not read them.
var reported = []string{
	"row", "line", "record", "outcome", "clientstatus", "httpstatus", "errorcode", "error", "detail", "attempts", "durationms",
	"finishedat", "conversationid", "cause", "rerun", "rerunof", "rerunhash", jobs.CreatedID, "type", "status", "externalid", "integrationid", "lastseen", "linkedat", "displayname",
}

// clientPrefix begins the names of what a report gives of a client as it is.
const clientPrefix = "client."

// vocabulary is every name that a column may have: its full path, an alias, or its last name.
type vocabulary struct {
	paths map[string][]string // normalised name → the paths it may stand for
	short map[string]string   // path → its last name where that is unambiguous, else the path
}

func newVocabulary() vocabulary {
	v := vocabulary{map[string][]string{opPath: {opPath}}, map[string]string{}}
	for name, path := range aliases {
		v.paths[normalise(name)] = []string{path}
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

// Names returns the names of a column besides its path, in alphabetical order.
func Names(path string) (names []string) {
	if short := newVocabulary().short[path]; short != path {
		names = append(names, short)
	}
	for name, of := range aliases {
		if of == path {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// FindPath returns the path that a name stands for, that of a jobs.Column or op. Its error is an *Error.
func FindPath(name string) (string, error) {
	path, err := newVocabulary().find(name)
	if err != nil {
		return "", err
	}
	return path, nil
}

// path returns the path that a person named in an option.
func (v vocabulary) path(option, name string) (string, error) {
	path, err := v.find(name)
	if err != nil {
		return "", &Error{Cause: option + " names " + quote(name) + ", which " + err.Cause, Hint: err.Hint}
	}
	return path, nil
}

func (v vocabulary) find(name string) (string, *Error) {
	switch paths := v.paths[normalise(name)]; len(paths) {
	case 1:
		return paths[0], nil
	case 0:
		e := &Error{Cause: "no operation reads"}
		if near := v.near(name); near != "" {
			e.Hint = "did you mean " + near + "?"
		}
		return "", e
	default:
		return "", &Error{Cause: "is ambiguous", Hint: "name " + strings.Join(paths, " or ")}
	}
}

// near returns the known name that name is a slip of the pen from, or "".
func (v vocabulary) near(name string) string {
	var known, normal []string
	for _, c := range jobs.Columns() {
		for _, k := range []string{v.short[c.Path], c.Path} {
			known, normal = append(known, k), append(normal, normalise(k))
		}
	}
	if i := slices.Index(normal, spelling.Nearest(normalise(name), normal)); i >= 0 {
		return known[i]
	}
	return ""
}

// normalise gives equal names to columns that match: without regard to case, signs between words, white space and invisible characters.
func normalise(name string) string {
	if isNormal(name) {
		return name
	}
	return strings.ToLower(strings.Map(func(c rune) rune {
		if c == '_' || c == '-' || c == '"' || unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, name))
}

// isNormal tells a name of small ASCII letters, digits and dots: of it nothing is left out.
func isNormal(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' {
			return false
		}
	}
	return true
}

func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// quote makes a column's name fit for a message.
func quote(name string) string {
	const most = 60
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return `"` + name + `"`
}

func isReported(name string) bool {
	return slices.Contains(reported, name) || strings.HasPrefix(name, clientPrefix)
}

func isYielding(name string) bool { return slices.Contains(yielding, name) }
