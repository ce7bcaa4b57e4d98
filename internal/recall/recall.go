// Package recall remembers the latest of very many keys in fixed memory.
package recall

import "iter"

// Table holds entries of 64 bits under keys in 34 MiB, whatever their number. Keys are hashes, of
// good quality: each has two buckets to go to and takes the emptier one. The first go to 2 MiB; those that find no room
// there go to 32 MiB more, whose memory is not touched before, and when both buckets there are full the oldest entry of one is
// forgotten. Up to 2,500,000 entries none is (measured: the first one between 3,050,000 and 3,300,000,
// one in a thousand by 3,800,000); beyond, the oldest are, mostly.
type Table struct {
	small, large level
	grown        bool // large is in use: its memory is touched only then, after some 190,000 entries
}

const (
	bucketSize = 8
	smallCount = 1 << 15
	largeCount = 1 << 19
)

// level is a table of its own. The length is a power of two.
type level [][bucketSize]uint64 // newest first; 0 = empty

// New returns an empty table.
func New() *Table { return &Table{small: make(level, smallCount), large: make(level, largeCount)} }

// Find yields the entries in the key's buckets that are as want in the bits of mask. Entries of
// other keys are there too: want must tell them apart.
func (t *Table) Find(key, want, mask uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		_ = t.small.find(key, want, mask, yield) && t.grown && t.large.find(key, want, mask, yield)
	}
}

// Add puts an entry, which must not be 0, under the key, and tells whether another was forgotten
// for it.
func (t *Table) Add(key, entry uint64) (forgot bool) {
	bucket, used := t.small.emptier(key)
	if used == bucketSize {
		t.grown = true
		bucket, used = t.large.emptier(key)
	}
	copy(bucket[1:], bucket[:])
	bucket[0] = entry
	return used == bucketSize
}

// find is false when yield asked for no more.
func (l level) find(key, want, mask uint64, yield func(uint64) bool) bool {
	a, b := l.places(key)
	for _, bucket := range []*[bucketSize]uint64{a, b} {
		for _, entry := range bucket {
			if entry == 0 {
				break
			}
			if (entry^want)&mask == 0 && !yield(entry) {
				return false
			}
		}
	}
	return true
}

// emptier returns the key's bucket with fewer entries, and their number.
func (l level) emptier(key uint64) (bucket *[bucketSize]uint64, used int) {
	a, b := l.places(key)
	used = fill(a)
	if n := fill(b); n < used {
		return b, n
	}
	return a, used
}

func (l level) places(key uint64) (a, b *[bucketSize]uint64) {
	last := uint64(len(l) - 1)
	if len(l) == smallCount { // other bits than those of large: what shares a full bucket here must not share one there
		return &l[key>>17&last], &l[key>>49&last]
	}
	return &l[key&last], &l[key>>32&last]
}

// fill is the number of entries in b.
func fill(b *[bucketSize]uint64) (n int) {
	for n < bucketSize && b[n] != 0 {
		n++
	}
	return n
}
