package jobs

import (
	"fmt"
	"time"
)

// Attempt is one call for a row, kept where the row's outcome does not tell all of it: the row was
// called more than once, or looked for.
type Attempt struct {
	Row        int64
	At         time.Time     // when the call began
	Took       time.Duration // until its answer, or until there could be none
	Waited     time.Duration // since the row's call before, or since its batch was opened
	HTTPStatus int           // 0 when no answer came
	ErrorCode  string        // as in Outcome; empty when the call succeeded
	Reason     string        // for a person
	Look       bool          // a list that decides whether a create had arrived
	Omitted    int           // calls of the row between the attempt before and this one that are not kept
}

// EncodeAttempts returns attempts of rows of one batch as bytes.
func (c *Codec) EncodeAttempts(batch int64, attempts []Attempt) []byte {
	w := columnWriter{rows: len(attempts)}
	w.header(batch)
	w.ints(func(i int) int64 { return attempts[i].Row })
	w.ints(func(i int) int64 { return attempts[i].At.UnixMilli() })
	w.ints(func(i int) int64 { return attempts[i].Took.Microseconds() })
	w.ints(func(i int) int64 { return attempts[i].Waited.Microseconds() })
	w.ints(func(i int) int64 { return int64(attempts[i].HTTPStatus) })
	w.strings(func(i int) string { return attempts[i].ErrorCode })
	w.strings(func(i int) string { return attempts[i].Reason })
	w.ints(func(i int) int64 {
		if attempts[i].Look {
			return 1
		}
		return 0
	})
	w.ints(func(i int) int64 { return int64(attempts[i].Omitted) })
	return c.seal(layoutAttempts, w.buf)
}

// DecodeAttempts reads what EncodeAttempts wrote.
func (c *Codec) DecodeAttempts(data []byte) (batch int64, attempts []Attempt, err error) {
	r, _, batch, err := c.open(data, layoutAttempts)
	if err != nil {
		return 0, nil, fmt.Errorf("decode attempts: %w", err)
	}
	defer r.done()
	attempts = make([]Attempt, r.rows)
	r.ints(func(i int, v int64) { attempts[i].Row = v })
	r.ints(func(i int, v int64) { attempts[i].At = time.UnixMilli(v).UTC() })
	r.ints(func(i int, v int64) { attempts[i].Took = time.Duration(v) * time.Microsecond })
	r.ints(func(i int, v int64) { attempts[i].Waited = time.Duration(v) * time.Microsecond })
	r.ints(func(i int, v int64) { attempts[i].HTTPStatus = int(v) })
	readParts(r, Line, func(i int, line string) { attempts[i].ErrorCode = line })
	readParts(r, Line, func(i int, line string) { attempts[i].Reason = line })
	r.ints(func(i int, v int64) { attempts[i].Look = v == 1 })
	r.ints(func(i int, v int64) { attempts[i].Omitted = int(v) })
	if r.err != nil {
		return 0, nil, fmt.Errorf("decode attempts: %w", r.err)
	}
	return batch, attempts, nil
}
