package input

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Assembler makes the rows of a later step of a runbook, of what came through the step before: with the
// step's operation, values and condition, as a Reader has them for a file. It is not for concurrent use.
type Assembler struct {
	binder *binder
	layout *layout // of the last record
	names  []string
	cells  []string
}

// NewAssembler checks the options of a step; expressions count ages from now. Its error is an *Error.
func NewAssembler(cfg Config, now time.Time) (*Assembler, error) {
	b, err := newBinder(cfg)
	if err != nil {
		return nil, err
	}
	b.now = now
	return &Assembler{binder: b}, nil
}

// Assemble makes the record of what came through; line is that of the runbook's input. The original
// cells of a rejection begin with the number of the record in that input, under RowName.
func (a *Assembler) Assemble(line int64, c jobs.Carry) Record {
	a.names, a.cells = a.names[:0], a.cells[:0]
	for _, cell := range c.Cells {
		a.names, a.cells = append(a.names, cell.Name), append(a.cells, cell.Value)
	}
	if a.layout == nil || !slices.Equal(a.layout.names, a.names) {
		a.layout = a.binder.bind(slices.Clone(a.names), false)
	}
	a.binder.origin = c.Row
	row := jobs.Row{Line: line}
	err := a.layout.fill(&row, a.cells)
	switch {
	case errors.Is(err, errFiltered):
		return Record{Row: key(row), Filtered: true}
	case err != nil:
		names, cells := append([]string{RowName}, a.names...), append([]string{strconv.FormatInt(c.Row, 10)}, a.cells...)
		return reject(line, err, names, keep(cells))
	}
	return Record{Row: row}
}

// RowName is the column of reports that holds the number of a row.
const RowName = "row"

// carried returns the cells of records with these names that later steps read. What every step knows
// of a row, its user and brand, is not carried.
func (b *binder) carried(names []string) []int {
	var cells []int
	own := b.resolve(names)
	for _, later := range b.later {
		l := later.bind(slices.Concat(names, later.adds), false)
		creates := jobs.Op(later.op).Creates()
		for i := range names {
			if creates && i == l.lineage && !slices.Contains(cells, i) {
				cells = append(cells, i)
			}
			if (l.read(l.paths[i]) || l.evaluated[i]) && !isOwn(own[i]) && !slices.Contains(cells, i) {
				cells = append(cells, i)
			}
		}
	}
	slices.Sort(cells)
	return cells
}

// isOwn tells whether a column gives what every step knows of a row.
func isOwn(paths []string) bool {
	return slices.Contains(paths, opPath) || slices.Contains(paths, "user") || slices.Contains(paths, "brandId")
}

// carry returns what a row brings along for later steps, and which client must be active before it removes its own.
func (l *layout) carry(op jobs.Op, cells []string) string {
	c := jobs.Carry{Row: l.binder.origin}
	for _, i := range l.carried {
		c.Cells = append(c.Cells, jobs.Cell{Name: l.names[i], Value: cells[i]})
	}
	if kept := l.keptBy(op, cells); kept != "" && !slices.Contains(l.carried, l.kept) { // a worker looks whether it is active
		c.Cells = append(c.Cells, jobs.Cell{Name: jobs.CreatedID, Value: kept})
	}
	if len(c.Cells) == 0 && c.Row == 0 {
		return ""
	}
	return c.Encode()
}

// checkLater returns why a file with this header cannot serve the steps behind, or nil.
func (l *layout) checkLater() *Error {
	for _, later := range l.binder.later {
		names := slices.Clone(later.adds)
		for i, name := range l.names {
			if !isOwn(l.paths[i]) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if err := later.bind(names, true).checkHeader(); err != nil {
			return err
		}
	}
	return nil
}

// keeps returns the cell of the client that a runbook has made, or found in its place: none of its removes may take that one, and it must be
// active before they take theirs. A report's file of such rows has it, too; -1 when there is none.
func (l *layout) keeps() int {
	if b := l.binder; b.mapped[jobs.CreatedID] != "" || l.op < 0 && !jobs.Op(b.op).Removes() {
		return -1
	}
	return slices.Index(l.normal, jobs.CreatedID)
}

// keptBy returns the id of that client for a record with this operation.
func (l *layout) keptBy(op jobs.Op, cells []string) string {
	if l.kept < 0 || !op.Removes() {
		return ""
	}
	return strings.TrimSpace(cells[l.kept])
}

// spare returns the *jobs.FieldError of a row that would remove that client.
func (l *layout) spare(row *jobs.Row, cells []string) error {
	if kept := l.keptBy(row.Op, cells); kept != "" && row.ClientID == kept {
		return &jobs.FieldError{Column: "clientId", Cause: "is the client that the runbook has made, or found in its place"}
	}
	return nil
}

// option is the name of an option in messages: that of a flag, or in a runbook that of a key.
func (b *binder) option(name string) string {
	if b.step == "" {
		return "--" + name
	}
	return b.prefix() + name
}

// fileOption names an option by which the input is read, which in a runbook is a key of all steps.
func (b *binder) fileOption(name string) string {
	if b.step == "" {
		return "--" + name
	}
	return "the runbook's " + name
}

// giving is an example of an option that gives something to a name.
func (b *binder) giving(option, name, value string) string {
	if b.step == "" {
		return "--" + option + " " + name + "=" + value
	}
	return option + " " + name + ": " + value
}

// prefix begins a message that names no option.
func (b *binder) prefix() string {
	if b.step == "" {
		return ""
	}
	return "step " + b.step + ": "
}
