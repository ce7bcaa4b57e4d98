package enqueue

import (
	"fmt"

	"github.com/sunbulk/sunbulk/internal/ledger"
)

// ChangedError says that a pipe gives other records than those that an earlier enqueue of its job has noted.
type ChangedError struct{ Row int64 } // the records differ up to here

func (e *ChangedError) Error() string {
	return fmt.Sprintf("these are not the rows that it was begun with, as the rows up to row %d show", e.Row)
}

// past compares what is read of a pipe with what an earlier enqueue has noted of it. One digest tells for all
// rows that were noted, so nothing is queued before the last of them is read.
type past struct {
	ledger.Checkpoint
	agreed func()
	over   bool // agreed was called
}

// stand is what becomes of what was read so far.
type stand int

const (
	fresh stand = iota // it may be queued
	held               // it may have to be queued, when the records agree
	known              // it is queued
)

func (p *past) begin() {
	if p.Digest == "" {
		p.agree()
	}
}

func (p *past) agree() {
	if p.agreed != nil && !p.over {
		p.agreed()
	}
	p.over = true
}

// judge tells what becomes of the rows that were read, or returns a *ChangedError.
func (p *past) judge(read int64, w *witness) (stand, error) {
	switch {
	case p.Digest == "" || read > p.Read && !p.Whole:
		return fresh, nil
	case read > p.Read:
		return held, &ChangedError{read}
	case read == p.Read && w.String() != p.Digest:
		return held, &ChangedError{read}
	case read == p.Read && p.Whole:
		return held, nil // there must be no row behind
	case read == p.Read:
		p.agree()
		return fresh, nil
	case read <= p.Queued:
		return known, nil
	}
	return held, nil
}

// end is called behind the last record. It returns a *ChangedError when the pipe ended too early.
func (p *past) end(read int64) error {
	if p.Digest != "" && read < p.Read {
		return &ChangedError{read}
	}
	p.agree()
	return nil
}
