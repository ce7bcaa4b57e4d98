package worker

import (
	"context"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// mostLooks is how many looks of one delivery may fail before a row stays in doubt. A look uses no
// attempt of the row: it sends nothing.
const mostLooks = 8

// pass attempts every undone row once: rows of one user one after the other in file order, others
// at the same time. It returns after the commit of what became of them.
func (r *run) pass(ctx context.Context) error {
	start := time.Now()
	done := make(chan struct{})
	var commits sync.WaitGroup
	commits.Go(func() { r.commitWhile(ctx, done) })
	var chains sync.WaitGroup
	for _, chain := range r.chains() {
		chains.Add(1)
		follow := func() {
			defer chains.Done()
			for _, i := range chain {
				if !r.attempt(ctx, i) {
					return
				}
			}
		}
		if !r.callers.do(r.soft, follow) {
			follow() // and find that no call may start
		}
	}
	chains.Wait()
	close(done)
	commits.Wait()
	r.judge(start)
	return r.commit(ctx, ledger.Commit{})
}

// chains groups the undone rows by user, in file order.
func (r *run) chains() [][]int {
	var chains [][]int
	byUser := make(map[string]int, len(r.tries))
	for i := range r.tries {
		if r.rec.progress.Done(i) {
			continue
		}
		user := r.batch.Rows[i].User
		c, known := byUser[user]
		if !known {
			c = len(chains)
			byUser[user] = c
			chains = append(chains, nil)
		}
		chains[c] = append(chains[c], i)
	}
	return chains
}

// attempt makes one attempt of row i and tells whether the next row of the same user may follow.
func (r *run) attempt(ctx context.Context, i int) bool {
	t := &r.tries[i]
	t.ruling, t.last = ruling{move: interrupted, doubt: t.doubt}, nil
	if r.soft.Err() != nil {
		return false
	}
	outcome, err := t.once(ctx)
	if err != nil {
		t.fail(err)
		if t.ruling.move == halt {
			r.pause(ctx, reasonToPause(t.last))
		}
		if t.ruling.move != settle {
			t.tell(false)
			return false
		}
		outcome = t.failure(t.ruling.kind)
	}
	t.tell(true)
	t.ruling = ruling{move: settle}
	r.rec.settle(i, t.finished(outcome))
	return true
}

// judge decides after a pass which failed calls used an attempt, and gives up on rows that have
// none left. Failures during an outage are the API's and use none (I8).
func (r *run) judge(start time.Time) {
	outage := r.app.trippedSince(start)
	for i := range r.tries {
		t := &r.tries[i]
		if r.rec.progress.Done(i) {
			continue
		}
		if t.ruling.move == again && !outage {
			t.use()
		}
		r.rec.doubt(i, t.doubt)
		switch {
		case t.ruling.move != again:
		case t.doubt && t.looks >= mostLooks:
			r.rec.settle(i, t.finished(t.failure(jobs.InDoubt)))
		case !t.doubt && t.attempts >= r.job.Options.Attempts:
			r.rec.settle(i, t.finished(t.failure(jobs.Failed)))
		}
	}
}

// commitWhile commits at intervals until done.
func (r *run) commitWhile(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(commitInterval)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			receipt, err := r.rec.commit(ctx, ledger.Commit{Dirty: true})
			if r.kept(ctx, err); err != nil {
				continue
			}
			r.heed(ctx, receipt)
		}
	}
}
