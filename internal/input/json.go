package input

import (
	"errors"
	"io"
)

// jsonArray reads the elements of an array. A syntax error ends it.
type jsonArray struct {
	objects
	begun bool
}

func (a *jsonArray) next() (Record, error) {
	c, err := a.skipSpace()
	if err != nil {
		return Record{}, a.end(err)
	}
	switch {
	case c == ']':
		return Record{}, a.close()
	case a.begun && c != ',':
		return Record{}, a.broken("there is no comma between two elements")
	case a.begun:
		a.advance(1)
		if _, err := a.skipSpace(); err != nil {
			return Record{}, a.end(err)
		}
	}
	a.begun = true
	line := a.line()
	n, err := a.value()
	if errors.Is(err, errTooLong) {
		rec := reject(line, err, nil, a.original(a.unread(), nil))
		a.skipValue()
		return rec, nil
	}
	if err != nil {
		return Record{}, a.end(err)
	}
	if n == 0 {
		return Record{}, a.broken("there is no element before a comma or bracket")
	}
	rec, err := a.record(line, a.unread()[:n])
	if err != nil {
		return Record{}, a.broken("the element " + err.Error())
	}
	a.advance(n)
	return rec, nil
}

// close reads behind the bracket that ends the array.
func (a *jsonArray) close() error {
	a.advance(1)
	if _, err := a.skipSpace(); err != nil {
		return err
	}
	return a.broken("there is text behind the array")
}

// end returns what ends the array where a comma, a bracket or the rest of an element should stand.
func (a *jsonArray) end(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errNotClosed):
		return a.broken("the array is not closed: the file may be cut off here")
	case errors.Is(err, errLineBreak), errors.Is(err, errTooDeep):
		return a.broken("the element " + err.Error())
	}
	return err
}

func (a *jsonArray) broken(cause string) error { return &Error{Line: a.line(), Cause: cause} }

// ndjson reads objects that stand one behind the other, usually a line each.
type ndjson struct {
	objects
	lost bool // the last object was malformed: lines that can only be its rest are passed over
}

func (d *ndjson) next() (Record, error) {
	c, err := d.seek()
	if err != nil {
		return Record{}, err
	}
	line := d.line()
	n := 0
	if c != '{' {
		err = errNotObject
	} else {
		n, err = d.object()
	}
	if err == nil {
		var rec Record
		if rec, err = d.record(line, d.unread()[:n]); err == nil {
			d.advance(n)
			return rec, nil
		}
	}
	end, broken := d.lineEnd(0)
	if broken != nil && !errors.Is(broken, io.EOF) && !errors.Is(broken, errTooLong) {
		return Record{}, broken
	}
	rec := reject(line, err, nil, d.original(d.unread()[:end], nil))
	d.skipLine()
	d.lost = true
	return rec, nil
}

// object returns the length of the object at the start of unread.
func (d *ndjson) object() (int, error) {
	n, err := d.value()
	if err == nil {
		return n, d.checkTail(n)
	}
	// What is wrong on a later line is so because this object went on there.
	if end, _ := d.lineEnd(0); n > end {
		err = errNotClosed
	}
	return n, err
}

// seek moves to the start of the next object, or of what stands in its place.
func (d *ndjson) seek() (byte, error) {
	for {
		if err := d.skipBlankLines(); err != nil {
			return 0, err
		}
		indented := isSpace(d.unread()[0])
		c, err := d.skipSpace()
		if err != nil {
			return 0, err
		}
		if c == '{' || !d.lost || !indented && c != '}' && c != ']' {
			d.lost = false
			return c, nil
		}
		d.skipLine()
	}
}

// checkTail returns errTail unless what stands behind an object of n bytes is a line end or another object.
func (d *ndjson) checkTail(n int) error {
	for {
		for ; n < len(d.unread()); n++ {
			switch d.unread()[n] {
			case ' ', '\t', '\r':
			case '\n', '{':
				return nil
			default:
				return errTail
			}
		}
		if !d.fill() {
			return nil
		}
	}
}

var errTail = errors.New("is followed by other text on its line")
