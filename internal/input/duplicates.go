package input

import (
	"hash/maphash"

	"github.com/sunbulk/sunbulk/jobs"
)

// duplicates remembers rows in a fixed table of 32 MiB, as 64-bit hashes. Each has two buckets to
// go to and takes the emptier one; when both are full the oldest hash of one is forgotten.
// Up to 2,500,000 rows every repetition is found (measured: the first row is forgotten between
// 2,700,000 and 3,000,000, one in a thousand by 3,500,000); beyond, those of the last rows, mostly.
// That two of 2,000,000 different rows look the same has a chance of 1 in 10,000,000.
type duplicates struct {
	seed    maphash.Seed
	buckets [][bucketSize]uint64 // newest first; 0 = empty
}

const (
	bucketSize  = 8
	bucketCount = 1 << 19
)

func newDuplicates() *duplicates {
	return &duplicates{maphash.MakeSeed(), make([][bucketSize]uint64, bucketCount)}
}

// add notes r and tells whether it was there before. Number and Line make no difference.
func (d *duplicates) add(r jobs.Row) (known bool) {
	r.Number, r.Line = 0, 0
	known, _ = d.addHash(max(maphash.Comparable(d.seed, r), 1))
	return known
}

func (d *duplicates) addHash(h uint64) (known, forgot bool) {
	a := &d.buckets[h%bucketCount]
	b := &d.buckets[h>>32%bucketCount]
	usedA, knownA := look(a, h)
	usedB, knownB := look(b, h)
	if knownA || knownB {
		return true, false
	}
	if usedB < usedA {
		a, usedA = b, usedB
	}
	copy(a[1:], a[:])
	a[0] = h
	return false, usedA == bucketSize
}

// look returns the number of hashes in b and whether h is one of them.
func look(b *[bucketSize]uint64, h uint64) (used int, known bool) {
	for _, v := range b {
		if v == 0 {
			break
		}
		used++
		known = known || v == h
	}
	return used, known
}
