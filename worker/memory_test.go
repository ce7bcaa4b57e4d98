package worker

import "testing"

// I6, I10: batches that ended are kept within the room there is, the newest; with no room none is.
func TestMemoryOfEndedBatches(t *testing.T) {
	batch := make([]byte, 1000)
	for room, kept := range map[int]int64{0: 0, 999: 0, 1000: 1, 3500: 3} {
		m := newMemory(room)
		for number := range int64(5) {
			m.end(number, batch)
		}
		for number := range int64(5) {
			if got, want := m.payload(number) != nil, number >= 5-kept; got != want {
				t.Errorf("room for %d bytes: batch %d is kept: %v, want %v", room, number, got, want)
			}
		}
	}
}
