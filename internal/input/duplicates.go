package input

import (
	"hash/maphash"
	"math"

	"github.com/sunbulk/sunbulk/internal/recall"
	"github.com/sunbulk/sunbulk/jobs"
)

// duplicates remembers rows as 64-bit hashes. Up to 2,500,000 rows every repetition is found;
// beyond, those of the last rows, mostly: see recall.Table.
// That two of 2,000,000 different rows look the same has a chance of 1 in 10,000,000.
type duplicates struct {
	seed  maphash.Seed
	table *recall.Table
}

func newDuplicates() *duplicates { return &duplicates{maphash.MakeSeed(), recall.New()} }

// add notes r and tells whether it was there before. Number and Line make no difference.
func (d *duplicates) add(r jobs.Row) (known bool) {
	r.Number, r.Line = 0, 0
	hash := max(maphash.Comparable(d.seed, r), 1)
	for range d.table.Find(hash, hash, math.MaxUint64) {
		return true
	}
	d.table.Add(hash, hash)
	return false
}
