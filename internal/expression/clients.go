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
	c, err := Compile(Rows(vars).WithCreated(), f.Where) // a step that nothing was created before has no such where
	if err != nil || !c.Reads(Client) {
		return nil, err
	}
	c, err = Compile(Found(vars), f.Where)
	if err != nil {
		return nil, nil // it needs more of a row than lists leave: such rows are rejected
	}
	return &Clients{condition: c, values: make([]string, len(c.Fields())), now: f.Time(created)}, nil
}

// Keep tells whether a client, which is the JSON object that a list found for the row, is one of those.
func (f *Clients) Keep(row *jobs.Row, object json.RawMessage) (bool, error) {
	client, err := Properties(object)
	if err != nil {
		return false, err
	}
	for i, field := range f.condition.Fields() {
		switch {
		case field.Source == Client:
			f.values[i] = string(client[field.Name])
		case field.Name == "user":
			f.values[i] = row.User
		default:
			f.values[i] = row.BrandID
		}
	}
	return f.condition.Holds(f.values, f.now)
}

// Properties returns what a found client says of itself, by name.
func Properties(object json.RawMessage) (map[string]jobs.Property, error) {
	var client map[string]jobs.Property
	if err := json.Unmarshal(object, &client); err != nil {
		return nil, errors.New("it is no JSON object")
	}
	return client, nil
}
