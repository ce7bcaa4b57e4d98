package enqueue_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/jobs"
)

// What queuing a row allocates and takes of Redis is held here, because no timed test could. The
// bounds are a quarter above what it takes with ids and numbers that do not repeat.
func TestCostPerRow(t *testing.T) {
	const rows = 20_000
	m := newMemory(t)
	e := enqueue.New(m.ledger, m.queues, enqueue.Config{})
	records, held := creates(rows), m.held(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := e.Add(t.Context(), job, records); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got, most := float64(after.Mallocs-before.Mallocs)/rows, 0.8; got > most {
		t.Errorf("a row takes %.2f allocations, want at most %.2f", got, most)
	}
	if got, most := float64(m.held(t)-held)/rows, 50.0; got > most {
		t.Errorf("a queued row takes %.1f bytes of Redis, want at most %.1f", got, most)
	}
}

// creates gives n rows without anything to allocate for them.
func creates(n int) enqueue.Records {
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]jobs.Row, n)
	for i := range rows {
		rows[i] = jobs.Row{
			Number: int64(i + 1), Line: int64(i + 2), Op: jobs.Create, User: fmt.Sprintf("%012x%012x", random.Uint64()>>16, random.Uint64()>>16),
			Type: "whatsapp", IntegrationID: "5e4af71a81966cfff3ef6550", PhoneNumber: fmt.Sprintf("+1%010d", random.Int64N(1e10)),
			Confirmation: "immediate", ConversationID: fmt.Sprintf("%012x%012x", random.Uint64()>>16, random.Uint64()>>16),
		}
	}
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// held is how many bytes all keys take in Redis.
func (m memory) held(t *testing.T) (bytes int64) {
	t.Helper()
	keys := m.rdb.Scan(t.Context(), 0, "", 1000).Iterator()
	for keys.Next(t.Context()) {
		bytes += m.rdb.MemoryUsage(t.Context(), keys.Val(), 0).Val()
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	return bytes
}
