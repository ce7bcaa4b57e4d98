package jobs

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Column modes: a column whose values are all equal costs a few bytes, whatever the rows.
const (
	modeSame   = 0 // one value for every row
	modeVaried = 1 // every length, then every value
)

// columnWriter lays out records column by column, so that equal and similar values lie side by
// side and compress well.
type columnWriter struct {
	rows int
	buf  []byte
}

func (w *columnWriter) strings(get func(i int) string) {
	same := true
	for i := 1; i < w.rows && same; i++ {
		same = get(i) == get(0)
	}
	if same {
		w.buf = append(w.buf, modeSame)
		if w.rows > 0 {
			w.buf = binary.AppendUvarint(w.buf, uint64(len(get(0))))
			w.buf = append(w.buf, get(0)...)
		}
		return
	}
	w.buf = append(w.buf, modeVaried)
	for i := range w.rows {
		w.buf = binary.AppendUvarint(w.buf, uint64(len(get(i))))
	}
	for i := range w.rows {
		w.buf = append(w.buf, get(i)...)
	}
}

// ints writes each value as its difference from the one before.
func (w *columnWriter) ints(get func(i int) int64) {
	var last int64
	for i := range w.rows {
		w.buf = binary.AppendVarint(w.buf, get(i)-last)
		last = get(i)
	}
}

var errCorrupt = errors.New("corrupt data")

// columnReader reads what columnWriter wrote. The first error sticks in err.
type columnReader struct {
	rows  int
	buf   []byte
	err   error
	parts int           // that values were split into
	large chan struct{} // of the Codec
	held  bool          // its token is this reader's
}

// wait blocks until no other reader is at something large.
func (r *columnReader) wait() {
	if !r.held {
		r.large <- struct{}{}
		r.held = true
	}
}

// done ends the reading.
func (r *columnReader) done() {
	if r.held {
		r.held = false
		<-r.large
	}
}

// count adds to the parts that values are split into, and tells whether they are not too many.
func (r *columnReader) count(n int) bool {
	if r.parts += n; r.parts > maxParts {
		r.fail()
		return false
	}
	return true
}

// readParts reads values that are lists. Records that have the same one share it.
func readParts[P any](r *columnReader, split func(string) P, set func(i int, parts P)) {
	var last string
	var parts P
	r.strings(func(i int, v string) {
		if i == 0 || v != last {
			last, parts = v, split(v)
		}
		set(i, parts)
	})
}

func (r *columnReader) strings(set func(i int, v string)) {
	if r.err != nil || r.rows == 0 {
		r.skipEmpty()
		return
	}
	mode := r.take(1)
	if r.err != nil {
		return
	}
	if mode[0] == modeSame {
		v := string(r.take(r.uvarint()))
		for i := range r.rows {
			set(i, v)
		}
		return
	}
	lengths, all := make([]uint64, r.rows), uint64(0)
	for i := range lengths {
		lengths[i] = r.uvarint()
		all += lengths[i]
	}
	values := string(r.take(all)) // one for all rows of the column, which are usually kept together
	for i, n := range lengths {
		if r.err != nil || n > uint64(len(values)) { // the sum may have overflowed
			r.fail()
			return
		}
		set(i, values[:n])
		values = values[n:]
	}
}

// skipEmpty passes over the mode byte of a column without rows.
func (r *columnReader) skipEmpty() {
	if r.err == nil {
		r.take(1)
	}
}

func (r *columnReader) ints(set func(i int, v int64)) {
	var last int64
	for i := range r.rows {
		d, n := binary.Varint(r.buf)
		if r.err != nil || n <= 0 {
			r.fail()
			return
		}
		r.buf = r.buf[n:]
		last += d
		set(i, last)
	}
}

func (r *columnReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if r.err != nil || n <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

func (r *columnReader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.buf)) {
		r.fail()
		return nil
	}
	v := r.buf[:n]
	r.buf = r.buf[n:]
	return v
}

func (r *columnReader) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("read columns: %w", errCorrupt)
	}
}
