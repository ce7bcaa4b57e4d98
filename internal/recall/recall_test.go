package recall

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Entries of one key are told apart by what mask leaves of them.
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

// I6: a full table forgets, and keeps what came last.
func TestI6ForgetsTheOldest(t *testing.T) {
	table := New()
	const entries, recent = 6_000_000, 100_000
	random := rand.New(rand.NewPCG(1, 2))
	var last []uint64
	for i := range entries {
		key := random.Uint64()
		if forgot := table.Add(key, key); forgot && i < 2_500_000 {
			t.Fatalf("forgot an entry after %d", i)
		}
		if i >= entries-recent {
			last = append(last, key)
		}
	}
	missed := 0
	for _, key := range last {
		if len(slices.Collect(table.Find(key, key, ^uint64(0)))) == 0 {
			missed++
		}
	}
	if missed > recent/100 {
		t.Errorf("missed %d of the last %d entries", missed, recent)
	}
}
