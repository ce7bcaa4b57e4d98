// Package input turns files into rows: CSV, JSON arrays and NDJSON, plain or compressed, told by
// their content. It reads as a stream and holds no more than one record of at most 1 MiB (I6).
//
// A record that cannot be used becomes a Rejection, and reading goes on:
//   - A CSV record with more cells than the header has is rejected. Missing cells at its end are
//     empty, as spreadsheets write them, except in a last record without a line end, which may be cut off.
//   - After a record that cannot be distinguished from the next (a quote or a brace that is not closed, a
//     stray quote, more than 1 MiB) reading goes on at the line after the one where it starts.
//   - A JSON array ends at its first syntax error.
package input

import (
	"io"

	"github.com/sunbulk/sunbulk/jobs"
)

const (
	maxRecord  = 1 << 20  // bytes of one record
	maxHeader  = 64 << 10 // bytes of a CSV header
	maxColumns = 1000
	maxKept    = 64 << 10 // bytes of original cells in a rejection
)

// Config says how rows are made. The zero value reads files whose rows name their operation.
type Config struct {
	Op              string               // operation of rows that name none; empty = such rows are rejected
	Set             []Setting            // values for every row
	Where           string               // condition of package expression: rows of which it is false are left out; empty = none
	Vars            map[string]string    // vars.NAME of expressions
	Map             []Mapping            // columns under other names
	Delimiter       string               // of CSV, as ParseDelimiter reads it; empty = found out
	Encoding        string               // of files without a byte order mark, as ParseEncoding reads it; empty = UTF-8
	Sheet           string               // of workbooks, by name or number from 1; empty = the only one that is shown and holds something
	PhoneCountry    string               // of phone numbers without a country code, as ParseCountry reads it; empty = all have one
	AllowDuplicates bool                 // else a row that equals an earlier one is rejected
	Stdin           io.Reader            // what the name "-" reads
	Warn            func(message string) // hears each distinct remark once; nil drops them

	Step  string   // name of the step of a runbook, for messages; empty outside of one
	Adds  []string // columns that its records have besides those of the input: what earlier steps found
	Later []Config // of the steps behind: rows carry what they read of a record

	raw bool // records as they are, for OpenOriginals
}

// Setting gives Path its Value in every row whose operation reads it: the same in all, or one that is
// computed of each where it holds ${…}, as package expression has it. A cell that holds another value
// than a constant makes Open fail when it is in a CSV file's first record, and is rejected elsewhere;
// a computed one takes the cell's place.
type Setting struct {
	Path  string // as a column may be named
	Value string
}

// Mapping takes Path from Column, in place of a column that is named for it.
type Mapping struct {
	Column string // as in the header; dotted for nested JSON
	Path   string // as a column may be named
}

// Record is one row of the input, or why it is none.
type Record struct {
	Row       jobs.Row        // checked; zero when rejected, the key alone when filtered
	Rejection *jobs.Rejection // nil for a valid row
	Filtered  bool            // left out by Where, and not checked

	Original *jobs.Original // of a record that is not made a row, as OpenOriginals reads it; nil else
}

// Refused returns why the record is not called: its rejection, one that says so for a filtered record,
// or nil.
func (r Record) Refused() *jobs.Rejection {
	if r.Filtered {
		return &jobs.Rejection{Filtered: true}
	}
	return r.Rejection
}
