package jobs

import "unsafe"

// Batch is up to a hundred or so rows that travel as one task.
type Batch struct {
	Number int64 // from 0 in its job
	Rows   []Row
}

// Memory is about how many bytes the batch takes.
func (b *Batch) Memory() int64 {
	n := int64(cap(b.Rows)) * int64(unsafe.Sizeof(Row{}))
	for i := range b.Rows {
		n += int64(b.Rows[i].Size())
	}
	return n
}

// MaxAttempts is the highest number of attempts that a row can be given.
const MaxAttempts = 1<<6 - 1

const (
	doneBit     = 1 << 7
	doubtBit    = 1 << 6
	attemptMask = doubtBit - 1
)

// Progress is how far each row of a batch has come: a byte per row, as the ledger keeps it.
type Progress []byte

// NewProgress returns the progress of a batch of n rows of which none was called.
func NewProgress(n int) Progress { return make(Progress, n) }

// Done tells whether row i has its outcome.
func (p Progress) Done(i int) bool { return p[i]&doneBit != 0 }

// Finish marks row i as having its outcome.
func (p Progress) Finish(i int) { p[i] |= doneBit }

// InDoubt tells whether row i was sent and its answer never came.
func (p Progress) InDoubt(i int) bool { return p[i]&doubtBit != 0 }

// SetDoubt records whether row i may have reached the API without an answer.
func (p Progress) SetDoubt(i int, doubt bool) {
	if p[i] &^= doubtBit; doubt {
		p[i] |= doubtBit
	}
}

// Attempts is the number of attempts that row i has used.
func (p Progress) Attempts(i int) int { return int(p[i] & attemptMask) }

// UseAttempt counts one more attempt of row i, up to MaxAttempts.
func (p Progress) UseAttempt(i int) {
	if p[i]&attemptMask < attemptMask {
		p[i]++
	}
}

// Finished tells whether every row has its outcome.
func (p Progress) Finished() bool {
	for i := range p {
		if !p.Done(i) {
			return false
		}
	}
	return true
}
