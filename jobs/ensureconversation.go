package jobs

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// EnsureConversation makes a conversation where the user has none.
const EnsureConversation Op = "ensure-conversation"

var ensureConversationOperation = Operation{
	Name:     EnsureConversation,
	Summary:  "a conversation, where the user has none",
	Columns:  []string{"displayName", "metadata"},
	Required: []string{"user"},
	Check:    checkEnsureConversation,
	Once:     func(r Row) Row { return Row{Op: EnsureConversation, User: r.User, BrandID: r.BrandID} },
	Same:     "user",

	Looks:      true,
	Converses:  true,
	Idempotent: true,
	Calls:      2, // the conversation after the list
	Lookups:    1,
}

// MarkName is the name under which the metadata of a conversation that sunbulk made says by which row of which job.
const MarkName = "sunbulk"

const (
	maxDisplayName = 100 // characters
	maxMark        = 96  // bytes that the mark may take of the metadata
)

func checkEnsureConversation(r *Row) error {
	if n := utf8.RuneCountInString(r.DisplayName); n > maxDisplayName {
		return &FieldError{"displayName", fmt.Sprintf("has %d characters, the API allows %d", n, maxDisplayName)}
	}
	if err := checkMetadata(r, maxMetadata-maxMark); err != nil || r.Metadata == "" {
		return err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.Metadata), &values); err != nil || values[MarkName] != nil {
		return &FieldError{"metadata", "has a value " + MarkName + ", which is where the conversation is marked as made by this job"}
	}
	return nil
}

// Marked returns the metadata of the row with the mark of its job, by which the conversation is found again when the answer to the
// call that made it was lost.
func (r *Row) Marked(mark string) json.RawMessage {
	var values map[string]json.RawMessage
	if json.Unmarshal([]byte(r.Metadata), &values) != nil || values == nil { // there is none, for what there is was checked
		values = map[string]json.RawMessage{}
	}
	text, err := json.Marshal(mark)
	if err != nil { // a text always has JSON
		panic(err)
	}
	values[MarkName] = text
	all, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	return all
}
