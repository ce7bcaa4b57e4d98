package input

import (
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/sunbulk/sunbulk/internal/recall"
	"github.com/sunbulk/sunbulk/jobs"
)

// duplicates remembers rows as 64-bit hashes. Up to 2,500,000 rows every repetition is found;
// beyond, those of the last rows, mostly: see recall.Table.
// That two of 2,000,000 different rows look the same has a chance of 1 in 10,000,000.
//
// The hash has no seed: what is forgotten, and so which rows are rejected and where batches are cut, must be
// the same when the input is read again (I9).
type duplicates struct {
	table *recall.Table
	buf   []byte // of the row at hand
}

func newDuplicates() *duplicates { return &duplicates{table: recall.New()} }

// add notes r and tells whether it was there before. Number and Line make no difference.
func (d *duplicates) add(r *jobs.Row) (known bool) {
	hash := d.hash(r)
	for range d.table.Find(hash, hash, math.MaxUint64) {
		return true
	}
	d.table.Add(hash, hash)
	return false
}

// hash is never 0.
func (d *duplicates) hash(r *jobs.Row) uint64 {
	d.buf = r.AppendContent(d.buf[:0])
	return max(xxhash.Sum64(d.buf), 1)
}
