package local

import (
	"context"
	"maps"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// known is what callers were promised: it must survive whatever comes later.
type known struct {
	mu       sync.Mutex
	settled  map[int64]bool // rows
	openings map[int64]bool // batches that have had an opening
}

func (k *known) opened(batch int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.openings[batch] = true
}

func (k *known) committed(c ledger.Commit) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, o := range c.Outcomes {
		k.settled[o.Row.Number] = true
	}
}

func (k *known) rows() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.settled)
}

func (k *known) copy() *known {
	k.mu.Lock()
	defer k.mu.Unlock()
	return &known{settled: maps.Clone(k.settled), openings: maps.Clone(k.openings)}
}

// work opens and commits random batches of its own until stop, again and again, as deliveries would.
func work(t *testing.T, l *Ledger, k *known, random *rand.Rand, batches []int64, stop <-chan struct{}) {
	ctx := context.Background()
	for _, batch := range batches {
		for finished := false; !finished; {
			select {
			case <-stop:
				return
			default:
			}
			d, err := l.Open(ctx, job, batch, ledger.Claim{Worker: "w", Calling: true}, start)
			if err != nil || d.Verdict != ledger.Opened {
				t.Errorf("open batch %d: %+v, %v", batch, d, err)
				return
			}
			k.opened(batch)
			p := d.Progress
			if p == nil {
				p = jobs.NewProgress(rowsPerBatch)
			}
			for sequence := range random.Int64N(4) {
				var places []int
				for i := range p {
					if !p.Done(i) && random.IntN(3) == 0 {
						places = append(places, i)
					}
				}
				c := settling(batch, sequence+1, p, random.IntN(2) == 0, places...)
				r, err := l.Commit(ctx, d, c, start)
				if err != nil || !r.Accepted {
					t.Errorf("commit batch %d: %+v, %v", batch, r, err)
					return
				}
				k.committed(c)
				if finished = p.Finished(); finished {
					break
				}
			}
		}
	}
}

// check goes on from a journal and compares it with what was known when it was cut off.
func check(t *testing.T, data []byte, k *known) {
	t.Helper()
	l := resumed(t, data)
	ctx := context.Background()
	settled, _ := rowsOf(t, l)
	for row := range k.settled {
		if settled[row] == 0 {
			t.Errorf("row %d: its outcome is lost", row)
		}
	}
	for row, n := range settled {
		if n != 1 {
			t.Errorf("row %d: got %d outcomes, want 1", row, n)
		}
	}
	if got, want := must[jobs.Job](t)(l.Job(ctx, job)).Tally.OK, int64(len(settled)); got != want {
		t.Errorf("ok rows: got %d, want %d", got, want)
	}
	for batch := range k.openings {
		d := must[ledger.Delivery](t)(l.Open(ctx, job, batch, ledger.Claim{Worker: "w", Calling: true}, start))
		for i := range int64(rowsPerBatch) {
			done := d.Verdict == ledger.AlreadyDone || d.Progress != nil && d.Progress.Done(int(i))
			if had := settled[rowNumber(batch, int(i))] == 1; done != had {
				t.Errorf("row %d: done %t, has an outcome %t", rowNumber(batch, int(i)), done, had)
			}
		}
	}
}

func TestI1I3NothingIsLostOrTwiceAfterACrash(t *testing.T) {
	l := newRun(t, t.TempDir())
	const workers, batches = 16, 20
	k := &known{settled: map[int64]bool{}, openings: map[int64]bool{}}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for w := range int64(workers) {
		numbers := make([]int64, batches)
		for i := range numbers {
			numbers[i] = w*batches + int64(i)
		}
		all.Go(func() { work(t, l, k, rand.New(rand.NewPCG(1, uint64(w))), numbers, stop) })
	}
	var (
		kills []*known // at any moment: what was known before, and what the file then holds
		files [][]byte
	)
	for i := range 10 {
		for k.rows() < i*100 {
			runtime.Gosched()
		}
		kills = append(kills, k.copy())
		files = append(files, journalOf(t, l))
	}
	close(stop)
	all.Wait()
	for i := range kills {
		check(t, files[i], kills[i])
	}
	check(t, journalOf(t, l), k)
}
