package enqueue

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/sunbulk/sunbulk/jobs"
)

// witness digests the records of an input one after the other.
type witness struct {
	sum hash.Hash
	buf []byte
}

func newWitness() *witness { return &witness{sum: sha256.New()} }

// see adds a record. What it adds is distinguished by lengths, so that two inputs with the same digest
// have the same records.
func (w *witness) see(row jobs.Row, rejection *jobs.Rejection) {
	w.buf = w.buf[:0]
	if rejection != nil {
		w.buf = rejection.AppendContent(w.buf)
	}
	if rejection == nil || rejection.Filtered {
		w.buf = row.AppendContent(w.buf)
	}
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(w.buf)))
	w.sum.Write(length[:])
	w.sum.Write(w.buf)
}

// String is the digest of all records so far, in hex.
func (w *witness) String() string { return hex.EncodeToString(w.sum.Sum(nil)) }
