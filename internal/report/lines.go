package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// resultColumn is a column of results.csv.
type resultColumn struct {
	name string
	cell func(*record) string
}

// resultColumns returns the columns of results.csv, a line each, in their order.
func resultColumns() []resultColumn {
	var finished, linked stamp
	ofCalled := func(cell func(*record) string) func(*record) string { // empty for a row that was never called
		return func(r *record) string {
			if r.Kind == jobs.Rejected || r.Kind == jobs.Unprocessed {
				return ""
			}
			return cell(r)
		}
	}
	return []resultColumn{
		{"row", func(r *record) string { return strconv.FormatInt(r.Row.Number, 10) }},
		{"line", func(r *record) string { return number(r.Row.Line) }},
		{"op", func(r *record) string { return string(r.Row.Op) }},
		{"user", func(r *record) string { return jobs.Text(r.Row.User) }},
		{"clientId", func(r *record) string { return jobs.Text(cmp.Or(r.ClientID, r.Row.ClientID)) }},
		{"outcome", func(r *record) string { return string(r.Kind) }},
		{"clientStatus", func(r *record) string { return r.ClientStatus }},
		{"httpStatus", func(r *record) string { return number(int64(r.HTTPStatus)) }},
		{"errorCode", func(r *record) string { return r.ErrorCode }},
		{"error", func(r *record) string { return r.Error }},
		{"attempts", ofCalled(func(r *record) string { return strconv.Itoa(r.Attempts) })},
		{"durationMs", ofCalled(func(r *record) string { return milliseconds(r.Duration) })},
		{"finishedAt", func(r *record) string {
			if r.FinishedAt.IsZero() {
				return ""
			}
			return finished.text(r.FinishedAt)
		}},
		{"detail", func(r *record) string { return r.Detail }},
		{"conversationId", func(r *record) string { return r.ConversationID }},
		{"link", func(r *record) string { return string(r.Link.State) }},
		{"linkError", func(r *record) string { return r.Link.Cause }},
		{"linkAt", func(r *record) string {
			if r.Link.State == "" {
				return ""
			}
			return linked.text(r.Link.At)
		}},
	}
}

// resultLines writes a line per row, whatever became of it.
func resultLines(s *sheet) section {
	columns := resultColumns()
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.name
	}
	cells := make([]string, len(columns))
	return func(r *record) error {
		for i, c := range columns {
			cells[i] = c.cell(r)
		}
		return s.write(header, cells)
	}
}

// rowLines writes the rows of one kind as input that can be run again, without the columns that no
// row uses. Creates that must not be run as they stand are marked so. A lost row cannot be run again: only results.csv has it.
// Behind what every such file has stand the columns of the input.
func rowLines(s *sheet, job string, kind jobs.Kind, used *columnSet, rerun func(*record) jobs.Rerun, own *ownColumns) section {
	header := []string{"op"}
	var columns []jobs.Column
	for i, c := range jobs.Columns() {
		if used.has[i] || own.gives(c.Path) {
			header = append(header, c.Path)
			columns = append(columns, c)
		}
	}
	if used.conditional {
		header = append(header, jobs.CreatedID)
	}
	header = append(header, "outcome", "cause")
	if rerun != nil {
		header = append(header, jobs.RerunColumn)
	}
	header = append(header, jobs.LineageColumn)
	if own != nil {
		header = append(append(header, "row", "line", jobs.HashColumn), own.headings.names...)
	}
	cells := make([]string, len(header))
	return func(r *record) error {
		if r.Kind != kind || r.lost {
			return nil
		}
		if own != nil {
			own.turn(r)
		}
		cells = append(cells[:0], string(r.Row.Op))
		for _, c := range columns {
			cells = append(cells, own.value(r, c))
		}
		if used.conditional {
			cells = append(cells, condition(&r.Row))
		}
		cells = append(cells, string(r.Kind), cause(r))
		switch {
		case rerun == nil:
		case !r.Row.Op.Idempotent():
			cells = append(cells, string(rerun(r)))
		default:
			cells = append(cells, "")
		}
		cells = append(cells, string(r.Row.Lineage.Then(jobs.RowRef{Job: job, Row: r.Row.Number})))
		if own != nil {
			hash := jobs.RerunHash(string(r.Row.Op), func(c jobs.Column) string { return own.value(r, c) })
			cells = append(append(cells, number(r.Row.Number), number(r.Row.Line), hash), own.cells...)
		}
		return s.write(header, cells)
	}
}

// rejectedLines writes the rejected records below the headings of all of them. One that was a rerun stays that of the same row: no
// worker has claimed it. Without a job no row is marked as one of it.
func rejectedLines(s *sheet, job string, h *headings) section {
	lead := h.lead()
	header, mark := append(lead, h.names...), -1
	if job != "" {
		header, mark = withColumn(header, jobs.LineageColumn)
	}
	cells := make([]string, len(header))
	return func(r *record) error {
		if r.Kind != jobs.Rejected || r.duplicate() {
			return nil
		}
		h.fill(cells, len(lead), r)
		if mark >= 0 && cells[mark] == "" { // else it is its own, or somebody's own column
			lineage := jobs.FindLineage(strings.Join(r.Values, "\n"))
			if lineage == "" {
				lineage = lineage.Then(jobs.RowRef{Job: job, Row: r.Row.Number})
			}
			cells[mark] = string(lineage)
		}
		return s.write(header, cells)
	}
}

// duplicateLines writes the records that an earlier row makes superfluous, marked so that no run takes them for input.
func duplicateLines(s *sheet, h *headings) section {
	lead := h.lead()
	header, mark := withColumn(append(lead, h.names...), jobs.RerunColumn)
	cells := make([]string, len(header))
	return func(r *record) error {
		if !r.duplicate() {
			return nil
		}
		h.fill(cells, len(lead), r)
		cells[mark] = string(jobs.RerunDuplicate)
		return s.write(header, cells)
	}
}

// withColumn returns a header that has the column, and where.
func withColumn(header []string, name string) ([]string, int) {
	if at := slices.IndexFunc(header, func(own string) bool { return strings.EqualFold(own, name) }); at >= 0 {
		return header, at
	}
	return append(header, name), len(header)
}

// fill puts the cells of a rejected record below the headings, of which lead stand before its own.
func (h *headings) fill(cells []string, lead int, r *record) {
	clear(cells)
	cells[0], cells[1] = number(r.Row.Line), r.Error
	for i, place := range h.places(r.Names, len(r.Values)) {
		if place >= 0 {
			cells[lead+place] = r.Values[i]
		}
	}
}

// condition is the client that must be active before a row removes its own. What cannot be read holds for no client, so that the row is not run.
func condition(r *jobs.Row) string {
	client, err := r.Created()
	if err != nil {
		return "unreadable"
	}
	return client
}

// cause joins code and error as "code: error"; either may be missing.
func cause(r *record) string {
	if r.ErrorCode == "" || r.Error == "" {
		return r.ErrorCode + r.Error
	}
	return r.ErrorCode + ": " + r.Error
}

// stamp writes times to the millisecond. It keeps what times of the same second have in common: rows mostly come by the second.
type stamp struct {
	second int64
	prefix string
}

func (s *stamp) text(t time.Time) string {
	if second := t.Unix(); s.prefix == "" || s.second != second {
		s.second, s.prefix = second, t.UTC().Format("2006-01-02T15:04:05.")
	}
	ms := t.Nanosecond() / int(time.Millisecond)
	return s.prefix + string([]byte{'0' + byte(ms/100), '0' + byte(ms/10%10), '0' + byte(ms%10), 'Z'})
}

// number leaves a cell empty where there is no number.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// milliseconds keeps microseconds as decimals.
func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', -1, 64)
}
