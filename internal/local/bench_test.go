package local

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

func BenchmarkCommit(b *testing.B) {
	const goroutines = 64
	l := newRun(b, b.TempDir())
	ctx := b.Context()
	outcomes := make([]jobs.Outcome, 100)
	for i := range outcomes {
		outcomes[i] = outcome(int64(i + 1))
		outcomes[i].ClientID = fmt.Sprintf("%024x", i*7919)
	}
	disk := &countingDisk{disk: l.journal.disk}
	l.journal.disk = disk
	numbers := make(chan int64)
	go func() {
		defer close(numbers)
		for n := range int64(b.N) {
			numbers <- n
		}
	}()
	b.SetParallelism((goroutines + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			d, err := l.Open(ctx, job, <-numbers, ledger.Claim{Worker: "w", Calling: true}, start)
			if err != nil {
				b.Error(err)
				return
			}
			p := jobs.NewProgress(len(outcomes))
			for i := range p {
				p.Finish(i)
			}
			c := ledger.Commit{Sequence: 1, Progress: p, Outcomes: outcomes, Tally: jobs.Tally{OK: int64(len(outcomes))}}
			if _, err := l.Commit(ctx, d, c, start); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	b.ReportMetric(float64(disk.syncs)/float64(2*b.N), "fsyncs/line")
}

// countingDisk counts the fsyncs of another disk.
type countingDisk struct {
	disk
	syncs int
}

func (d *countingDisk) Sync() error {
	d.syncs++ // a journal has one writer at a time
	return d.disk.Sync()
}
