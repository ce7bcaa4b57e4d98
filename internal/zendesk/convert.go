package zendesk

import (
	"context"
	"encoding/csv"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/sunbulk/sunbulk/jobs"
)

const (
	mostRecords = 1000    // that wait for a call
	mostText    = 4 << 20 // bytes of them (I6)
)

// likely are the columns that have Zendesk's ids where nobody says which one does, the surest first.
var likely = []string{"zendeskuserid", "zendeskid", "zendeskuser", "requesterid", "userid", "user", "id"}

// Columns are those of a file, as its records have them.
type Columns struct {
	names []string // of jobs.Original's Paths, then of its Names
	id    int      // which of them has Zendesk's ids
}

// FindColumns finds the column of ids by its name; empty = one that is probably meant. It is false where there is none.
func FindColumns(paths, own []string, name string) (c Columns, found bool) {
	for _, path := range paths {
		if path == "user" { // which is ours now
			path = "input.user"
		}
		c.names = append(c.names, path)
	}
	c.names = append(c.names, own...)
	wanted := likely
	if name != "" {
		wanted = []string{normal(name)}
	}
	for _, w := range wanted {
		if c.id = slices.IndexFunc(c.names, func(n string) bool { return normal(strings.TrimPrefix(n, "input.")) == w }); c.id >= 0 {
			return c, true
		}
	}
	return c, false
}

// Name is that of the column of ids.
func (c Columns) Name() string { return strings.TrimPrefix(c.names[c.id], "input.") }

// normal is a name without what makes no difference.
func normal(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// Counts are the rows of a file: Rows is Converted + Left.
type Counts struct {
	Rows      int64 `json:"rows"`
	Converted int64 `json:"converted"`
	Left      int64 `json:"left"` // have no messaging user that is surely the right one
	Calls     int   `json:"calls"`
}

// Conversion writes records with the ids of messaging users.
type Conversion struct {
	Client    *Client
	Columns   Columns
	Converted *Writer
	Left      *Writer // with the cause
	Progress  func(Counts)

	counts  Counts
	waiting []record
	size    int
	ids     []int64 // of those that wait, each once
}

// record is one of the file; id is 0 where it has none.
type record struct {
	jobs.Original
	id    int64
	cause string
}

// Run converts all records, a call for each hundred ids.
func (v *Conversion) Run(ctx context.Context, records iter.Seq[jobs.Original]) (Counts, error) {
	if err := v.Converted.Write(append([]string{"row", "line", "user"}, v.Columns.names...)); err != nil {
		return v.counts, err
	}
	if err := v.Left.Write(append([]string{"row", "line", "cause"}, v.Columns.names...)); err != nil {
		return v.counts, err
	}
	for o := range records {
		v.add(o)
		if len(v.ids) == Most || len(v.waiting) == mostRecords || v.size > mostText {
			if err := v.flush(ctx); err != nil {
				return v.counts, err
			}
		}
	}
	err := v.flush(ctx)
	return v.counts, err
}

func (v *Conversion) add(o jobs.Original) {
	r := record{Original: o}
	cells := r.cells()
	text := ""
	if v.Columns.id < len(cells) {
		text = strings.TrimSpace(cells[v.Columns.id])
	}
	for _, c := range cells {
		v.size += len(c)
	}
	var err error
	switch r.id, err = strconv.ParseInt(text, 10, 64); {
	case len(cells) == 0:
		r.cause = "the record cannot be read"
	case text == "":
		r.cause = "has no Zendesk user id"
	case err != nil || r.id <= 0:
		r.id, r.cause = 0, "is no Zendesk user id, which is a whole number"
	case !slices.Contains(v.ids, r.id):
		v.ids = append(v.ids, r.id)
	}
	v.waiting = append(v.waiting, r)
}

// cells are those of the record, as Columns has them; none where it could not be read.
func (r *record) cells() []string { return slices.Concat(r.Given, r.Values) }

// flush writes the records that wait, once their ids were asked for.
func (v *Conversion) flush(ctx context.Context) error {
	found := map[int64][]string{}
	if len(v.ids) > 0 {
		var err error
		if found, err = v.Client.Messaging(ctx, v.ids); err != nil {
			return err
		}
	}
	for _, r := range v.waiting {
		if err := v.write(&r, found); err != nil {
			return err
		}
	}
	v.waiting, v.ids, v.size = v.waiting[:0], v.ids[:0], 0
	v.counts.Calls = v.Client.Calls
	v.Progress(v.counts)
	return nil
}

func (v *Conversion) write(r *record, found map[int64][]string) error {
	users, known := found[r.id]
	users = slices.Compact(slices.Sorted(slices.Values(users)))
	switch {
	case r.cause != "":
	case !known:
		r.cause = "Zendesk has no such user, or has deleted it"
	case len(users) == 0:
		r.cause = "the user has no messaging identity"
	case len(users) > 1:
		r.cause = "the user has several messaging identities: " + strings.Join(users, " ")
	}
	v.counts.Rows++
	lead := []string{strconv.FormatInt(r.Number, 10), strconv.FormatInt(r.Line, 10)}
	if r.cause != "" {
		v.counts.Left++
		return v.Left.Write(slices.Concat(lead, []string{r.cause}, r.cells()))
	}
	v.counts.Converted++
	return v.Converted.Write(slices.Concat(lead, users, r.cells()))
}

// Writer writes CSV.
type Writer struct{ csv *csv.Writer }

// NewWriter writes CSV as a file has it that was read with this delimiter; 0 = none.
func NewWriter(w io.Writer, delimiter byte) *Writer {
	out := &Writer{csv.NewWriter(w)}
	if delimiter != 0 {
		out.csv.Comma = rune(delimiter)
	}
	return out
}

// Write writes a record in which no cell is a formula to a spreadsheet.
func (w *Writer) Write(cells []string) error {
	for i, c := range cells {
		cells[i] = jobs.DefuseCellOf(byte(w.csv.Comma), c)
	}
	return w.csv.Write(cells)
}

// Flush writes what is held back.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}
