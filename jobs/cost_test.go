package jobs

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// What a row costs in allocations and in bytes of Redis is held here, because no timed test could.
// The bounds are a quarter above what it takes with ids and numbers that do not repeat; those of decoding a few
// allocations more, which a collection in between costs by emptying the pools.
func TestCostPerRow(t *testing.T) {
	const rows = 100
	c := newCodec(t)
	batch, chunk := Batch{Rows: createRows(rows)}, Chunk{Outcomes: okOutcomes(rows)}
	batchData, chunkData := c.EncodeBatch(batch), c.EncodeChunk(chunk)
	for _, tt := range []struct {
		name      string
		got, most float64
	}{
		{"bytes of a queued row", float64(len(batchData)) / rows, 36},
		{"bytes of an outcome", float64(len(chunkData)) / rows, 37},
		{"allocations of encoding a row", allocations(func() { c.EncodeBatch(batch) }) / rows, 0.23},
		{"allocations of decoding a row", allocations(func() { c.DecodeBatch(batchData) }) / rows, 0.22},
		{"allocations of encoding an outcome", allocations(func() { c.EncodeChunk(chunk) }) / rows, 0.23},
		{"allocations of decoding an outcome", allocations(func() { c.DecodeChunk(chunkData) }) / rows, 0.18},
	} {
		if tt.got > tt.most {
			t.Errorf("%s: got %.2f, want at most %.2f", tt.name, tt.got, tt.most)
		}
	}
}

func allocations(f func()) float64 { return testing.AllocsPerRun(20, f) }

// okOutcomes are those of creates that went well, in the order in which the answers came.
func okOutcomes(n int) []Outcome {
	random := rand.New(rand.NewPCG(3, 4))
	at := time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	rows, outcomes := createRows(n), make([]Outcome, n)
	for i, row := range random.Perm(n) {
		at = at.Add(time.Duration(random.IntN(3)) * time.Millisecond)
		outcomes[i] = Outcome{
			Row: rows[row].Key(), Kind: OK, ClientID: fmt.Sprintf("%024x", random.Uint64()), ClientStatus: "pending", HTTPStatus: 201,
			Attempts: 1, Duration: time.Duration(150_000+random.IntN(50_000)) * time.Microsecond, FinishedAt: at,
		}
	}
	return outcomes
}
