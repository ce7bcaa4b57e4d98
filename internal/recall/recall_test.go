package recall

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Entries of one key are distinguished by what mask leaves of them.
func TestFind(t *testing.T) {
	table := New()
	const key, low = 0x1234_5678_9abc_def0, 0xff
	for _, entry := range []uint64{0x701, 0x702, 0x801} {
		table.Add(key, entry)
	}
	tests := []struct {
		name       string
		want, mask uint64
		entries    []uint64
	}{
		{"those with the same high bits", 0x700, ^uint64(low), []uint64{0x701, 0x702}},
		{"those with the same low bits", 0x01, low, []uint64{0x701, 0x801}},
		{"one", 0x702, ^uint64(0), []uint64{0x702}},
		{"none", 0x703, ^uint64(0), nil},
	}
	for _, test := range tests {
		got := slices.Sorted(table.Find(key, test.want, test.mask))
		if diff := cmp.Diff(test.entries, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	for got := range table.Find(^uint64(key), 0, 0) {
		t.Errorf("another key: got %x, want nothing", got)
	}
}

// has tells whether the table has the key as an entry of its own.
func has(table *Table, key uint64) bool {
	for range table.Find(key, key, ^uint64(0)) {
		return true
	}
	return false
}

// Up to the size that the comment on Table gives, every entry is found.
func TestFindsAll(t *testing.T) {
	table := New()
	random := rand.New(rand.NewPCG(1, 2))
	const entries = 2_500_000
	for i := range entries {
		key := random.Uint64()
		if has(table, key) {
			t.Fatalf("entry %d is there before it is added", i)
		}
		if table.Add(key, key) {
			t.Fatalf("forgot an entry after %d", i)
		}
	}
	random = rand.New(rand.NewPCG(1, 2))
	for i := range entries {
		if !has(table, random.Uint64()) {
			t.Fatalf("entry %d was not found again", i)
		}
	}
}

// I6: beyond it, the entries that came last are still found.
func TestI6ForgetsTheOldest(t *testing.T) {
	table := New()
	const entries, recent = 4_000_000, 200_000
	random := rand.New(rand.NewPCG(1, 2))
	var last []uint64
	for i := range entries {
		key := random.Uint64()
		table.Add(key, key)
		if i >= entries-recent {
			last = append(last, key)
		}
	}
	missed := 0
	for _, key := range last {
		if !has(table, key) {
			missed++
		}
	}
	if missed > recent/100 {
		t.Errorf("missed %d of the last %d entries", missed, recent)
	}
}

// I6: an input of ordinary size does not touch the memory that a large one needs.
func TestI6SmallInputsStaySmall(t *testing.T) {
	table := New()
	random := rand.New(rand.NewPCG(1, 2))
	for range 150_000 {
		key := random.Uint64()
		table.Add(key, key)
	}
	for i, bucket := range table.large {
		if fill(&bucket) > 0 {
			t.Fatalf("bucket %d of the large level is in use", i)
		}
	}
}
