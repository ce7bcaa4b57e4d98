package expression

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Clients says which of the clients that lists find a job is about. It is not for concurrent use.
type Clients struct {
	condition *Condition
	values    []string
	now       time.Time
}

// NewClients returns the filter of the clients of a job that was created then, or nil when it has none.
func NewClients(f jobs.Filter, created time.Time) (*Clients, error) {
	if f.Where == "" {
		return nil, nil
	}
	vars := map[string]string{}
	if f.Vars != "" {
		if err := json.Unmarshal([]byte(f.Vars), &vars); err != nil {
			return nil, fmt.Errorf("read variables of the job: %w", err)
		}
	}
	c, err := Compile(Rows(vars).WithCreated().WithConversation(), f.Where) // a step that nothing was made before has no such where
	if err != nil || !c.Reads(Client) {
		return nil, err
	}
	c, err = Compile(Found(vars), f.Where)
	if err != nil {
		return nil, nil // it needs more of a row than lists leave: such rows are rejected
	}
	return &Clients{condition: c, values: make([]string, len(c.Fields())), now: f.Time(created)}, nil
}

// Keep tells whether a client that a list found for the row is one of those.
func (f *Clients) Keep(row *jobs.Row, c *jobs.Client) (bool, error) {
	for i, field := range f.condition.Fields() {
		switch {
		case field.Source == Client:
			f.values[i] = Property(c, field.Name)
		case field.Name == "user":
			f.values[i] = row.User
		default:
			f.values[i] = row.BrandID
		}
	}
	return f.condition.Holds(f.values, f.now)
}

// ParseClient reads the JSON object of a client.
func ParseClient(object json.RawMessage) (*jobs.Client, error) {
	var c jobs.Client
	if err := json.Unmarshal(object, &c); err != nil {
		return nil, errors.New("it is no JSON object")
	}
	return &c, nil
}

// Property returns that of a client which has one of ClientNames.
func Property(c *jobs.Client, name string) string {
	for i, property := range []*jobs.Property{&c.ID, &c.Type, &c.Status, &c.IntegrationID, &c.ExternalID, &c.LastSeen, &c.LinkedAt, &c.DisplayName} {
		if clientNames[i] == name {
			return string(*property)
		}
	}
	return ""
}
