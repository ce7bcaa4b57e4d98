package jobs

import (
	"encoding/json"
	"time"
)

// Kind says what became of a row.
type Kind string

// The kinds of outcome. A row has exactly one; unprocessed is the lack of any other.
const (
	OK          Kind = "ok"
	Noop        Kind = "noop"   // nothing was left to do: already gone, already linked
	Failed      Kind = "failed" // the API said no, or every attempt was used
	Rejected    Kind = "rejected"
	InDoubt     Kind = "in_doubt" // sent, never answered, and a look did not settle it
	Unprocessed Kind = "unprocessed"
)

// Done tells whether the operation's goal is reached.
func (k Kind) Done() bool { return k == OK || k == Noop }

// Outcome is what became of one row that was queued.
type Outcome struct {
	Row          Row // whole for rows that are not done, else Row.Key
	Kind         Kind
	ClientID     string // of the client that a create made or a remove took
	ClientStatus string // such as pending; empty when the API did not say
	HTTPStatus   int    // of the last call; 0 when no answer came
	ErrorCode    string // the API's code, or one of sunbulk's own such as no_answer
	Error        string // for a person
	Detail       string // how it came about where that is not plain, such as adopted
	Attempts     int    // attempts used, at least 1 once the row was called; looks are none
	Duration     time.Duration
	FinishedAt   time.Time
	Clients      []json.RawMessage // what a list found, each object as it came

	ConversationID string // that was looked up, made or found; empty where the row names one itself

	Link Observation // what became of the client that a create or an ensure left; kept apart from the outcome, and set by Settle
}

// Chunk is a group of outcomes as they are kept together: of one batch, or of rejected rows.
type Chunk struct {
	Batch      int64 // of the outcomes; -1 for rows that were never queued
	Outcomes   []Outcome
	Rejections []Rejection
}

// Tally counts rows by outcome. The sum of all kinds is the number of rows read (I1).
type Tally struct {
	Read        int64 `json:"read"`
	OK          int64 `json:"ok"`
	Noop        int64 `json:"noop"`
	Failed      int64 `json:"failed"`
	Rejected    int64 `json:"rejected"`
	InDoubt     int64 `json:"in_doubt"`
	Unprocessed int64 `json:"unprocessed"`
}

// Add counts n more rows of kind k.
func (t *Tally) Add(k Kind, n int64) {
	switch k {
	case OK:
		t.OK += n
	case Noop:
		t.Noop += n
	case Failed:
		t.Failed += n
	case Rejected:
		t.Rejected += n
	case InDoubt:
		t.InDoubt += n
	case Unprocessed:
		t.Unprocessed += n
	}
}

// Settled is the number of rows that have an outcome.
func (t Tally) Settled() int64 { return t.OK + t.Noop + t.Failed + t.Rejected + t.InDoubt }

// called is the number of rows that were called and have an outcome.
func (t Tally) called() int64 { return t.OK + t.Noop + t.Failed + t.InDoubt }

// Clean tells whether every row read is ok or noop.
func (t Tally) Clean() bool { return t.AddsUp() && t.OK+t.Noop == t.Read }

// AddsUp tells whether the rows read are exactly the rows told (I1).
func (t Tally) AddsUp() bool { return t.Unprocessed >= 0 && t.Settled()+t.Unprocessed == t.Read }
