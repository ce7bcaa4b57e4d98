package jobs

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Codec turns batches and chunks into bytes and back: columns, compressed with zstd behind a
// byte that names the layout. It is safe for concurrent use.
type Codec struct {
	enc   *zstd.Encoder
	dec   *zstd.Decoder
	large chan struct{} // holds one token: the right to decode what is large
}

const (
	layoutBatch    = 1
	layoutChunk    = 2
	layoutAttempts = 3

	// With what rows carry, in a column more.
	layoutCarryingBatch = 4
	layoutCarryingChunk = 5

	// With what rows carry and run again, in two columns more. Older releases do not read it: they would send the rows unclaimed.
	layoutRerunBatch = 6
	layoutRerunChunk = 7

	// With columns that came later, and what was looked up, besides. Older releases do not read it: they would send a word such as
	// latest as the id of a conversation.
	layoutLaterBatch = 8
	layoutLaterChunk = 9

	layoutPacked = 10 // bytes of another form

	// Guards against hostile data. What is written has 8 MB of rows and rejections or so, in 10,000 rows at most, and a few MB of lists.
	maxDecoded = 32 << 20 // bytes of one batch or chunk
	maxRecords = 1 << 16
	maxParts   = 1 << 20 // clients, or cells, of all records

	unsized = 256 // bytes below which the encoder tells no size

	smallDecoded = 256 << 10 // bytes up to which, and up to so many records, several are decoded at a time
	smallRecords = 1000
)

// NewCodec returns a Codec. Make one per process: it keeps buffers.
func NewCodec() (*Codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("make encoder: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxDecoded), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, fmt.Errorf("make decoder: %w", err)
	}
	return &Codec{enc, dec, make(chan struct{}, 1)}, nil
}

// EncodeBatch returns b as bytes.
func (c *Codec) EncodeBatch(b Batch) []byte {
	w := columnWriter{rows: len(b.Rows)}
	w.header(b.Number)
	row := func(i int) *Row { return &b.Rows[i] }
	writeRows(&w, row)
	layout := writeBaggage(&w, row, nothingTaken, [...]byte{layoutBatch, layoutCarryingBatch, layoutRerunBatch, layoutLaterBatch})
	return c.seal(layout, w.buf)
}

// DecodeBatch reads what EncodeBatch wrote.
func (c *Codec) DecodeBatch(data []byte) (Batch, error) {
	r, layout, number, err := c.open(data, layoutBatch, layoutCarryingBatch, layoutRerunBatch, layoutLaterBatch)
	if err != nil {
		return Batch{}, fmt.Errorf("decode batch: %w", err)
	}
	defer r.done()
	b := Batch{Number: number, Rows: make([]Row, r.rows)}
	row := func(i int) *Row { return &b.Rows[i] }
	readRows(r, row)
	readBaggage(r, row, func(int, string) {}, layout)
	if r.err != nil {
		return Batch{}, fmt.Errorf("decode batch: %w", r.err)
	}
	return b, nil
}

// EncodeChunk returns k as bytes.
func (c *Codec) EncodeChunk(k Chunk) []byte {
	w := columnWriter{rows: len(k.Outcomes)}
	w.header(k.Batch)
	writeOutcomes(&w, k.Outcomes)
	row, taken := func(i int) *Row { return &k.Outcomes[i].Row }, func(i int) string { return k.Outcomes[i].ConversationID }
	layout := writeBaggage(&w, row, taken, [...]byte{layoutChunk, layoutCarryingChunk, layoutRerunChunk, layoutLaterChunk})
	w.rows = len(k.Rejections)
	w.header(0)
	writeRejections(&w, k.Rejections)
	return c.seal(layout, w.buf)
}

// DecodeChunk reads what EncodeChunk wrote.
func (c *Codec) DecodeChunk(data []byte) (Chunk, error) {
	r, layout, batch, err := c.open(data, layoutChunk, layoutCarryingChunk, layoutRerunChunk, layoutLaterChunk)
	if err != nil {
		return Chunk{}, fmt.Errorf("decode outcomes: %w", err)
	}
	defer r.done()
	k := Chunk{Batch: batch, Outcomes: make([]Outcome, r.rows)}
	readOutcomes(r, k.Outcomes)
	row := func(i int) *Row { return &k.Outcomes[i].Row }
	readBaggage(r, row, func(i int, id string) { k.Outcomes[i].ConversationID = id }, layout)
	r.header()
	if r.err == nil {
		k.Rejections = make([]Rejection, r.rows)
		readRejections(r, k.Rejections)
	}
	if r.err != nil {
		return Chunk{}, fmt.Errorf("decode outcomes: %w", r.err)
	}
	return k, nil
}

func (c *Codec) seal(layout byte, body []byte) []byte {
	return c.enc.EncodeAll(body, []byte{layout})
}

// open returns the table that data holds in one of the layouts, which of them it is, and its number. The reader must be
// done with before another that is large can be opened.
func (c *Codec) open(data []byte, layouts ...byte) (r *columnReader, layout byte, number int64, err error) {
	if len(data) == 0 || !slices.Contains(layouts, data[0]) {
		return nil, 0, 0, errCorrupt
	}
	size, err := decodedSize(data[1:])
	if err != nil {
		return nil, 0, 0, err
	}
	r = &columnReader{large: c.large}
	if size > smallDecoded {
		r.wait()
	}
	if r.buf, err = c.dec.DecodeAll(data[1:], make([]byte, 0, size)); err != nil {
		r.done()
		return nil, 0, 0, fmt.Errorf("decompress: %w", err)
	}
	number = r.header()
	if r.err != nil {
		r.done()
		return nil, 0, 0, r.err
	}
	if r.rows > smallRecords {
		r.wait()
	}
	return r, data[0], number, nil
}

// decodedSize is what compressed data says of its size. It is allocated before anything is decompressed, and not exceeded.
func decodedSize(data []byte) (int, error) {
	var h zstd.Header
	if err := h.Decode(data); err != nil {
		return 0, fmt.Errorf("decompress: %w", err)
	}
	switch {
	case h.Skippable || h.FrameContentSize > maxDecoded:
		return 0, fmt.Errorf("decompress: %w: larger than %d bytes", errCorrupt, maxDecoded)
	case !h.HasFCS:
		return unsized, nil
	}
	return int(h.FrameContentSize), nil
}

// header starts a table: the number of its records, and one number of the table itself.
func (w *columnWriter) header(number int64) {
	rows := int64(w.rows)
	w.rows = 2
	w.ints(func(i int) int64 { return [...]int64{rows, number}[i] })
	w.rows = int(rows)
}

func (r *columnReader) header() (number int64) {
	var rows int64
	r.rows = 2
	r.ints(func(i int, v int64) {
		if i == 0 {
			rows = v
		} else {
			number = v
		}
	})
	// Each record takes at least a byte, which bounds what a forged count can allocate.
	if rows < 0 || rows > maxRecords || rows > int64(len(r.buf)) {
		r.fail()
		rows = 0
	}
	r.rows = int(rows)
	return number
}

func writeRows(w *columnWriter, row func(i int) *Row) {
	w.ints(func(i int) int64 { return row(i).Number })
	w.ints(func(i int) int64 { return row(i).Line })
	w.strings(func(i int) string { return string(row(i).Op) })
	for _, c := range columns[:firstColumns] {
		w.strings(func(i int) string { return *c.Field(row(i)) })
	}
}

func readRows(r *columnReader, row func(i int) *Row) {
	r.ints(func(i int, v int64) { row(i).Number = v })
	r.ints(func(i int, v int64) { row(i).Line = v })
	r.strings(func(i int, v string) { row(i).Op = Op(v) })
	for _, c := range columns[:firstColumns] {
		r.strings(func(i int, v string) { *c.Field(row(i)) = v })
	}
}

func writeOutcomes(w *columnWriter, outcomes []Outcome) {
	writeRows(w, func(i int) *Row { return &outcomes[i].Row })
	w.strings(func(i int) string { return string(outcomes[i].Kind) })
	w.strings(func(i int) string { return outcomes[i].ClientID })
	w.strings(func(i int) string { return outcomes[i].ClientStatus })
	w.ints(func(i int) int64 { return int64(outcomes[i].HTTPStatus) })
	w.strings(func(i int) string { return outcomes[i].ErrorCode })
	w.strings(func(i int) string { return outcomes[i].Error })
	w.strings(func(i int) string { return outcomes[i].Detail })
	w.ints(func(i int) int64 { return int64(outcomes[i].Attempts) })
	w.ints(func(i int) int64 { return outcomes[i].Duration.Microseconds() })
	w.ints(func(i int) int64 { return outcomes[i].FinishedAt.UnixMilli() })
	// A JSON text holds no raw line feed once compact, so lists of clients join on it.
	w.strings(func(i int) string { return joinClients(outcomes[i].Clients) })
}

func readOutcomes(r *columnReader, outcomes []Outcome) {
	readRows(r, func(i int) *Row { return &outcomes[i].Row })
	r.strings(func(i int, v string) { outcomes[i].Kind = Kind(v) })
	readParts(r, Line, func(i int, line string) { outcomes[i].ClientID = line })
	readParts(r, Line, func(i int, line string) { outcomes[i].ClientStatus = line })
	r.ints(func(i int, v int64) { outcomes[i].HTTPStatus = int(v) })
	readParts(r, Line, func(i int, line string) { outcomes[i].ErrorCode = line })
	readParts(r, Line, func(i int, line string) { outcomes[i].Error = line })
	readParts(r, Line, func(i int, line string) { outcomes[i].Detail = line })
	r.ints(func(i int, v int64) { outcomes[i].Attempts = int(v) })
	r.ints(func(i int, v int64) { outcomes[i].Duration = time.Duration(v) * time.Microsecond })
	r.ints(func(i int, v int64) { outcomes[i].FinishedAt = time.UnixMilli(v).UTC() })
	readParts(r, r.splitClients, func(i int, clients []json.RawMessage) { outcomes[i].Clients = clients })
}
