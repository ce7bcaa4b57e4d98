package worker

import (
	"context"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
)

const (
	mostOpened    = 1 << 26         // batches, by number, whose opening is remembered: 8 MiB of bits
	payloadsKept  = 4 << 20         // bytes of batches that ended lately; a worker that is alone has a Redis that forgets nothing, and keeps none
	payloadsStale = 2 * time.Minute // after which a batch that ended is not queued again from here
)

// memory is what a worker knows of what it did to a job, and the record must know, too. When that lacks something, Redis went back, and
// what the worker opened must be looked for (I10).
type memory struct {
	mu        sync.Mutex
	confirmed int64 // writes about batches, by the record's own count, that were confirmed
	era       int64 // raised when the record went back: from then on the count is another
	lost      int64 // writes that were confirmed and are gone, and were not reported yet
	opened    []byte
	runs      map[int64]ledger.Known // deliveries that go on
	ended     []ended                // the oldest first
	room      int                    // bytes of ended at most
	bytes     int                    // of ended
	left      time.Time              // when the worker left the job; zero while it serves it
	noticed   chan struct{}          // holds one token when there is something to report
}

// ended is a batch whose delivery ended.
type ended struct {
	batch   int64
	payload []byte
	at      time.Time
}

func newMemory(room int) *memory {
	return &memory{room: room, runs: map[int64]ledger.Known{}, noticed: make(chan struct{}, 1)}
}

// memoryKept is how long a job that was left is remembered: Redis may go back to when it was served.
const memoryKept = 2 * time.Minute

// remember returns the memory of a job, and forgets jobs that were left long ago.
func (w *Worker) remember(job string) *memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, m := range w.memories {
		if !m.left.IsZero() && time.Since(m.left) > memoryKept {
			delete(w.memories, id)
		}
	}
	m := w.memories[job]
	if m == nil {
		room := payloadsKept
		if w.cfg.Alone {
			room = 0
		}
		m = newMemory(room)
		w.memories[job] = m
	}
	m.left = time.Time{}
	return m
}

// leave says that the worker no longer serves a job.
func (w *Worker) leave(job string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.memories[job].left = time.Now()
}

// keeps tells whether the worker has left a job lately.
func (w *Worker) keeps(job string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.memories[job]
	return m != nil && time.Since(m.left) < memoryKept
}

// before is called before a write about a batch, and gives what after wants.
func (m *memory) before() (confirmed, era int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.confirmed, m.era
}

// after compares the count that a write was confirmed with. What others wrote does not change it, so it is always beyond what was
// confirmed before.
func (m *memory) after(confirmed, before, era int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case confirmed == 0 || era != m.era:
	case confirmed <= before:
		m.wentBack(confirmed, before-confirmed+1)
	default:
		m.confirmed = max(m.confirmed, confirmed)
	}
}

// seen compares the count that the record has now.
func (m *memory) seen(confirmed, before, era int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if era == m.era && confirmed < before {
		m.wentBack(confirmed, before-confirmed)
	}
}

func (m *memory) wentBack(to, lost int64) {
	m.confirmed, m.lost = to, m.lost+lost
	m.era++
	m.notice()
}

// notice asks for a report.
func (m *memory) notice() {
	select {
	case m.noticed <- struct{}{}:
	default:
	}
}

// take returns what is to be reported as lost, which is not reported again; give takes it back.
func (m *memory) take() (lost int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lost, m.lost = m.lost, 0
	return lost
}

func (m *memory) give(lost int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost += lost
}

// open remembers a delivery.
func (m *memory) open(d ledger.Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs[d.Batch] = ledger.Known{Batch: d.Batch, Fence: d.Fence}
	if d.Batch < 0 || d.Batch >= mostOpened {
		return
	}
	if missing := d.Batch/8 + 1 - int64(len(m.opened)); missing > 0 {
		m.opened = append(m.opened, make([]byte, missing)...)
	}
	m.opened[d.Batch/8] |= 1 << (d.Batch % 8)
}

// commit remembers that a commit was confirmed.
func (m *memory) commit(d ledger.Delivery, sequence int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.runs[d.Batch]; k.Fence == d.Fence {
		k.Sequence = sequence
		m.runs[d.Batch] = k
	}
}

// end remembers the batch of a delivery that ended, for as long as that can be lost with its task.
func (m *memory) end(batch int64, payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.runs, batch)
	m.ended = append(m.ended, ended{batch, payload, time.Now()})
	m.bytes += len(payload)
	drop := 0
	for drop < len(m.ended) && (m.bytes > m.room || time.Since(m.ended[drop].at) > payloadsStale) {
		m.bytes -= len(m.ended[drop].payload)
		m.ended[drop] = ended{}
		drop++
	}
	m.ended = m.ended[drop:]
}

// known returns what was opened and is not finished, as the record has it.
func (m *memory) known(finished func(batch int64) bool) (all []ledger.Known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, b := range m.opened {
		for bit := range int64(8) {
			batch := int64(i)*8 + bit
			if b&(1<<bit) == 0 || finished(batch) {
				continue
			}
			k := m.runs[batch]
			k.Batch = batch
			all = append(all, k)
		}
	}
	return all
}

// payload returns the batch of a delivery that ended lately; nil when it is not remembered.
func (m *memory) payload(batch int64) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.ended) - 1; i >= 0; i-- {
		if m.ended[i].batch == batch {
			return m.ended[i].payload
		}
	}
	return nil
}

// remembered are Deliveries whose writes a memory hears of.
type remembered struct {
	Deliveries
	memory *memory
}

// Open is that of the Deliveries.
func (r remembered) Open(ctx context.Context, job string, batch int64, c ledger.Claim, now time.Time) (ledger.Delivery, error) {
	before, era := r.memory.before()
	d, err := r.Deliveries.Open(ctx, job, batch, c, now)
	if err == nil && d.Verdict == ledger.Opened {
		r.memory.after(d.Confirmed, before, era)
		r.memory.open(d)
	}
	return d, err
}

// Commit is that of the Deliveries.
func (r remembered) Commit(ctx context.Context, d ledger.Delivery, c ledger.Commit, now time.Time) (ledger.Receipt, error) {
	before, era := r.memory.before()
	receipt, err := r.Deliveries.Commit(ctx, d, c, now)
	if err == nil && receipt.Accepted {
		r.memory.after(receipt.Confirmed, before, era)
		r.memory.commit(d, c.Sequence)
	}
	return receipt, err
}
