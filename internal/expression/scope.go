package expression

import (
	"maps"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/phone"
	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

// clientNames are the properties of a found client, as clients.ndjson has them. It never changes.
var clientNames = []string{"id", "type", "status", "integrationId", "externalId", "lastSeen", "linkedAt", "displayName"}

// ClientNames returns the names of the fields of client.
func ClientNames() []string { return clientNames }

// varForm is a name that can stand behind vars. in an expression.
var varForm = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// IsVariable tells whether an expression can name a variable so: by letters, digits and _.
func IsVariable(name string) bool { return varForm().MatchString(name) }

// Scope says which names an expression may use.
type Scope struct {
	fields  map[string]Field // by the name in the expression
	columns bool             // row.columns is known
	vars    map[string]string
	runbook bool // vars are those that it declares
	phone   bool // a phone number is computed
	country *phone.Country
}

// InRunbook returns the scope, in which variables are declared by a runbook.
func (s Scope) InRunbook() Scope {
	s.runbook = true
	return s
}

// OfPhone returns the scope, in which a phone number is computed: digits takes only what can be one.
func (s Scope) OfPhone() Scope {
	s.phone = true
	return s
}

// InCountry returns the scope, in which phone reads numbers as they are dialled in a country; nil = with their country code.
func (s Scope) InCountry(c *phone.Country) Scope {
	s.country = c
	return s
}

// Rows is the scope of what is read of an input: row, client, and vars.
func Rows(vars map[string]string) Scope {
	s := newScope(vars)
	s.columns = true
	s.fields["row.op"] = Field{Row, "op"}
	last := map[string][]string{} // last part of a path → the paths that end so
	for _, c := range jobs.Columns() {
		s.fields["row."+c.Path] = Field{Row, c.Path}
		name := c.Path[strings.LastIndexByte(c.Path, '.')+1:]
		last[name] = append(last[name], c.Path)
	}
	for name, paths := range last {
		if len(paths) == 1 {
			s.fields["row."+name] = Field{Row, paths[0]}
		}
	}
	return s
}

// CreatedID and CreatedStatus are the fields of created.
const (
	CreatedID     = jobs.CreatedID
	CreatedStatus = "created.status"
)

// WithCreated returns the scope, with created.
func (s Scope) WithCreated() Scope {
	s.fields = maps.Clone(s.fields)
	s.fields[CreatedID] = Field{Created, "id"}
	s.fields[CreatedStatus] = Field{Created, "status"}
	return s
}

// ConversationID is the field of conversation.
const ConversationID = "conversation.id"

// WithConversation returns the scope, with conversation.
func (s Scope) WithConversation() Scope {
	s.fields = maps.Clone(s.fields)
	s.fields[ConversationID] = Field{Conversation, "id"}
	return s
}

// Found is the scope of the clients that a list found: client, vars, and of the row its user and brand.
func Found(vars map[string]string) Scope {
	s := newScope(vars)
	for _, path := range []string{"user", "brandId"} {
		s.fields["row."+path] = Field{Row, path}
	}
	return s
}

func newScope(vars map[string]string) Scope {
	s := Scope{fields: map[string]Field{}, vars: vars}
	for _, name := range clientNames {
		s.fields["client."+name] = Field{Client, name}
	}
	return s
}

// find returns the field of that name.
func (s Scope) find(chain []string) (Field, bool) {
	if s.columns && len(chain) == 3 && chain[0] == "row" && chain[1] == "columns" {
		return Field{Column, chain[2]}, true
	}
	f, ok := s.fields[strings.Join(chain, ".")]
	return f, ok
}

// leads tells whether a known name begins with the chain, and goes on.
func (s Scope) leads(chain []string) bool {
	start := strings.Join(chain, ".") + "."
	if s.columns && start == "row.columns." {
		return true
	}
	for name := range s.fields {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}

// near returns the hint for a name that is not known.
func (s Scope) near(name string) string {
	var known []string
	for field := range s.fields {
		known = append(known, field)
	}
	for v := range s.vars {
		known = append(known, "vars."+v)
	}
	slices.Sort(known)
	if near := spelling.Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}
