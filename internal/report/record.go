package report

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// record is what the report knows of one row: its outcome, or that it has none yet. A rejected row
// has its original cells, too.
type record struct {
	jobs.Outcome
	Names, Values []string
	lost          bool // neither an outcome nor the queue knows the row
}

func rejected(r *jobs.Rejection) *record {
	cause := r.Cause
	if r.Column != "" {
		cause = r.Column + ": " + cause
	}
	var code string
	if r.Duplicate {
		code = string(jobs.RerunDuplicate)
	}
	return &record{
		Outcome: jobs.Outcome{Row: jobs.Row{Number: r.Number, Line: r.Line}, Kind: jobs.Rejected, ErrorCode: code, Error: cause},
		Names:   r.Names, Values: r.Values,
	}
}

// duplicate tells whether the row was rejected because an earlier one does the same.
func (r *record) duplicate() bool {
	return r.Kind == jobs.Rejected && r.ErrorCode == string(jobs.RerunDuplicate)
}

// textFields are the string fields of a record, in the order of the spool.
var textFields = func() (fields []func(*record) *string) {
	for _, c := range jobs.Columns() {
		fields = append(fields, func(r *record) *string { return c.Field(&r.Row) })
	}
	return append(fields,
		func(r *record) *string { return (*string)(&r.Row.Op) },
		func(r *record) *string { return (*string)(&r.Row.Lineage) },
		func(r *record) *string { return (*string)(&r.Kind) },
		func(r *record) *string { return &r.ClientID },
		func(r *record) *string { return &r.ClientStatus },
		func(r *record) *string { return &r.ErrorCode },
		func(r *record) *string { return &r.Error },
		func(r *record) *string { return &r.Detail },
		func(r *record) *string { return &r.ConversationID },
		func(r *record) *string { return (*string)(&r.Link.State) },
		func(r *record) *string { return &r.Link.Cause },
		func(r *record) *string { return &r.Row.Carry },
	)
}()

// appendRecord appends r as it lies in the spool: a bit for each of textFields that has a value, those values, and numbers as
// varints; strings and lists stand behind their lengths.
func appendRecord(b []byte, r *record) []byte {
	start := len(b)
	b = append(b, make([]byte, maskBytes)...)
	var mask uint64
	for i, field := range textFields {
		if s := *field(r); s != "" {
			mask |= 1 << i
			b = appendText(b, s)
		}
	}
	binary.LittleEndian.PutUint64(b[start:], mask)
	for _, v := range [...]int64{
		r.Row.Number, r.Row.Line, int64(r.HTTPStatus), int64(r.Attempts), int64(r.Duration), r.FinishedAt.UnixMilli(), r.Link.At.UnixMilli(),
	} {
		b = binary.AppendVarint(b, v)
	}
	for _, list := range [...][]string{r.Names, r.Values} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			b = appendText(b, s)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(r.Clients)))
	for _, c := range r.Clients {
		b = appendText(b, c)
	}
	return b
}

func appendText[T string | json.RawMessage](b []byte, s T) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

const maskBytes = 8 // a uint64, so that textFields may be 64

var errSpool = errors.New("the spool is damaged")

// parseRecord reads what appendRecord wrote. The clients of r lie in b itself.
func parseRecord(b []byte, r *record) error {
	*r = record{Names: r.Names[:0], Values: r.Values[:0], Outcome: jobs.Outcome{Clients: r.Clients[:0]}}
	if len(b) < maskBytes {
		return errSpool
	}
	p := parser{left: b[maskBytes:], text: string(b)}
	for mask := binary.LittleEndian.Uint64(b); mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros64(mask)
		if i >= len(textFields) {
			return errSpool
		}
		*textFields[i](r) = p.string()
	}
	r.Row.Number = p.varint()
	r.Row.Line = p.varint()
	r.HTTPStatus = int(p.varint())
	r.Attempts = int(p.varint())
	r.Duration = time.Duration(p.varint())
	r.FinishedAt = time.UnixMilli(p.varint()).UTC()
	r.Link.At = time.UnixMilli(p.varint()).UTC()
	for range p.count() {
		r.Names = append(r.Names, p.string())
	}
	for range p.count() {
		r.Values = append(r.Values, p.string())
	}
	for range p.count() {
		r.Clients = append(r.Clients, p.bytes())
	}
	if p.broken || len(p.left) > 0 {
		return errSpool
	}
	return nil
}

// parser takes fields off the front of a record. After the first broken one it gives zeros.
type parser struct {
	left   []byte
	text   string // the whole record, which all its strings share
	broken bool
}

func (p *parser) varint() int64 {
	v, n := binary.Varint(p.left)
	return v * p.skip(n)
}

// count reads a length or a number of items, none of which is shorter than a byte.
func (p *parser) count() int {
	v, n := binary.Uvarint(p.left)
	p.skip(n)
	if p.broken || v > uint64(len(p.left)) {
		p.broken = true
		return 0
	}
	return int(v)
}

func (p *parser) bytes() []byte {
	n := p.count()
	b := p.left[:n:n]
	p.left = p.left[n:]
	return b
}

func (p *parser) string() string {
	n := len(p.bytes())
	end := len(p.text) - len(p.left)
	return p.text[end-n : end]
}

// skip passes over n bytes; it returns 1, or 0 once the record is broken.
func (p *parser) skip(n int) int64 {
	if p.broken || n <= 0 {
		p.broken = true
		return 0
	}
	p.left = p.left[n:]
	return 1
}
