package jobs

import (
	"encoding/json"
	"fmt"
)

// Carry is what a row of a runbook brings along for the steps behind it.
type Carry struct {
	Row   int64  // number of the record in the runbook's input
	Cells []Cell // of that record, and of what earlier steps found
}

// Cell is one named text of a record.
type Cell struct{ Name, Value string }

// CreatedID is the name of the cell that holds the id of the client that a runbook has made for a row, or found in its place.
const CreatedID = "created.id"

// Created returns the id of the client that a runbook has made for the row, or found in its place; empty where it has not, or where the row
// does not carry it.
func (r *Row) Created() (client string, err error) {
	if r.Carry == "" {
		return "", nil
	}
	c, err := DecodeCarry(r.Carry)
	for _, cell := range c.Cells {
		if cell.Name == CreatedID {
			client = cell.Value
		}
	}
	return client, err
}

// Condition is what of the carry holds outside of the runbook, too: which client must be active before the row removes its own.
func (r *Row) Condition() string {
	client, err := r.Created()
	switch {
	case !r.Op.Removes() || err == nil && client == "":
		return ""
	case err != nil:
		return r.Carry
	}
	return Carry{Cells: []Cell{{CreatedID, client}}}.Encode()
}

// replaces tells whether the row removes a client in whose place a runbook has made another: that must be active.
func (r *Row) replaces() bool {
	return r.Condition() != ""
}

// Encode returns the carry as text for a Row: a JSON list of the number and then each name and value.
func (c Carry) Encode() string {
	list := make([]any, 0, 1+2*len(c.Cells))
	list = append(list, c.Row)
	for _, cell := range c.Cells {
		list = append(list, cell.Name, cell.Value)
	}
	text, err := json.Marshal(list)
	if err != nil { // a number and texts always have one
		panic(err)
	}
	return string(text)
}

// DecodeCarry reads what Encode wrote.
func DecodeCarry(text string) (Carry, error) {
	var c Carry
	var list []json.RawMessage
	err := json.Unmarshal([]byte(text), &list)
	if err == nil && len(list)%2 == 0 {
		err = errCorrupt
	}
	if err == nil {
		err = json.Unmarshal(list[0], &c.Row)
		list = list[1:]
	}
	for i := 0; i+1 < len(list) && err == nil; i += 2 {
		var cell Cell
		if err = json.Unmarshal(list[i], &cell.Name); err == nil {
			err = json.Unmarshal(list[i+1], &cell.Value)
		}
		c.Cells = append(c.Cells, cell)
	}
	if err != nil {
		return Carry{}, fmt.Errorf("read what a row carries: %w", err)
	}
	return c, nil
}
