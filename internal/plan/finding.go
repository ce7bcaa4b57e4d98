package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Level says how grave a finding is.
type Level string

// The levels of findings.
const (
	Fine    Level = "ok"
	Warning Level = "warning"
	Problem Level = "problem" // rows will fail
)

// rank puts the good news first, as the check goes from the whole to the single row.
func (l Level) rank() int { return slices.Index([]Level{Fine, Warning, Problem}, l) }

// Finding is one thing that a check found.
type Finding struct {
	Level Level  `json:"level"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"` // what to do
}

// Findings is what a check found. It names rows, never people.
type Findings struct {
	Calls    int       `json:"calls"` // made
	Findings []Finding `json:"findings"`

	ExpectedCalls   int64   `json:"expectedCalls,omitempty"`   // of the job, by what the API has of the rows drawn; 0 = as planned
	ExpectedSeconds float64 `json:"expectedSeconds,omitempty"` // that they take at the rate
}

// Add adds a finding.
func (f *Findings) Add(l Level, text, hint string) {
	f.Findings = append(f.Findings, Finding{l, text, hint})
}

// Problems tells whether there is any; without a check there is none.
func (f *Findings) Problems() bool {
	return f != nil && slices.ContainsFunc(f.Findings, func(f Finding) bool { return f.Level == Problem })
}

// verdict is what the API's answer about a row's user means for the row.
type verdict struct {
	level      Level
	text, hint string
}

// refused is the verdict of a user that the API did not give.
func refused(err error) verdict {
	if e, ok := sunco.AsError(err); ok && e.Code == "user_not_found" {
		return verdict{Problem, "the user does not exist", "check the ids and --app; an external id may need its brandId"}
	}
	return verdict{Warning, "could not check: " + err.Error(), ""}
}

// verdictOn is the verdict of a user with these clients; more = there are others.
func verdictOn(row jobs.Row, clients []sunco.Client, more bool) verdict {
	at := slices.IndexFunc(clients, func(c sunco.Client) bool {
		if row.ClientID != "" {
			return c.ID == row.ClientID
		}
		return c.Type == row.Type && c.IntegrationID == row.IntegrationID
	})
	found := at >= 0
	switch {
	case row.Op.Finds():
		return verdict{Fine, "the user is there", ""}
	case !found && more:
		return verdict{Warning, "could not check: the user has more than 100 clients", ""}
	case row.Op.Creates() && found && !row.Op.Idempotent():
		return verdict{Warning, "the user has a client of this type and integration already", "the " + string(row.Op) + " may make a second one: take out rows that are done already"}
	case row.Op.Creates() && found:
		return verdict{Fine, "the user has a client of this type and integration, and gets no other", ""}
	case row.Op.Creates():
		return verdict{Fine, "the user is there, without such a client", ""}
	case !found && row.Op.Removes():
		return verdict{Warning, "the user has no such client", "the " + string(row.Op) + " will be a noop; where many are, check the client ids"}
	case !found:
		return verdict{Problem, "the user has no such client", "the " + string(row.Op) + " will fail: its link failed, or the client id is wrong"}
	case row.Op.Removes() && clients[at].Type == "sdk":
		return verdict{Problem, "the client is of type sdk, which cannot be removed", "take these rows out"}
	}
	return verdict{Fine, "the client to " + string(row.Op) + " is there", ""}
}

// rowList names rows, such as rows 3, 17.
func rowList(rows []int64) string {
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = fmt.Sprint(row)
	}
	if len(rows) == 1 {
		return "row " + names[0]
	}
	return "rows " + strings.Join(names, ", ")
}
