package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// mostLooks is how many looks of one delivery may fail before a row stays in doubt. A look uses no
// attempt of the row: it sends nothing.
const mostLooks = 8

// pass attempts every undone row once: rows of one user one after the other in file order, others
// at the same time. It returns after the commit of what became of them.
func (r *run) pass(ctx context.Context) error {
	start := time.Now()
	r.learn(ctx)
	r.resolveIntegrations()
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
	r.settleRefused(ctx)
	r.judge(ctx, start)
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
		if t.ruling.move == suspect {
			r.suspect(ctx, t)
			return false
		}
		if t.ruling.move != settle {
			t.tell(false)
			return false
		}
		kind := t.ruling.kind
		if t.doubt && t.looked && errors.Is(t.last, sunco.ErrTooLarge) { // the look has shown nothing (I2)
			kind = jobs.InDoubt
		}
		outcome = t.failure(kind)
	}
	t.tell(true)
	t.ruling = ruling{move: settle}
	r.rec.settle(i, t.finished(outcome))
	if weight(outcome) > lightOutcome {
		r.unload(ctx)
	}
	return true
}

// lightOutcome is how many bytes of clients an outcome may have that waits for the next commit.
const lightOutcome = 128 << 10

// unload commits what is heavy at once, one batch after the other, so that neither memory nor a commit holds many of them (I6).
func (r *run) unload(ctx context.Context) {
	r.unloading.Lock()
	defer r.unloading.Unlock()
	_ = r.commit(ctx, ledger.Commit{Dirty: true}) // what it could not keep is in the next commit
}

// weight is about how many bytes an outcome's clients take.
func weight(o jobs.Outcome) int {
	const each = 24
	n := each * len(o.Clients)
	for _, c := range o.Clients {
		n += len(c)
	}
	return n
}

// judge decides after a pass which failed calls used an attempt, and gives up on rows that have
// none left. Failures during an outage are the API's and use none, and no 429 does (I8), but for those
// that a row meets alone.
func (r *run) judge(ctx context.Context, start time.Time) {
	outage, lasting := r.app.trippedSince(start), false
	for i := range r.tries {
		t := &r.tries[i]
		if r.rec.isDone(i) {
			continue
		}
		if t.ruling.move == again && (!outage || t.streak.alone) {
			t.use()
		}
		r.rec.doubt(i, t.doubt && !t.unsure)
		switch {
		case t.ruling.move == throttled && t.streak.strike(r.evidence):
			o := t.failure(t.refusedKind())
			o.ErrorCode, o.Error = codeThrottled, "the API answers 429 to this row alone"
			r.rec.settle(i, t.finished(o))
		case t.ruling.move == throttled || t.ruling.move == again && outage:
			lasting = lasting || t.streak.lasts()
		case t.ruling.move != again:
		case t.doubt && t.looks >= mostLooks:
			r.rec.settle(i, t.finished(t.failure(jobs.InDoubt)))
		case !t.doubt && t.attempts >= r.job.Options.Attempts:
			r.rec.settle(i, t.finished(t.failure(jobs.Failed)))
		}
	}
	if lasting {
		_, _ = r.list(ctx) // its answer is evidence
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
