package worker

import (
	"context"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// recorder gathers what became of the rows of one delivery, from commit to commit.
type recorder struct {
	deliveries Deliveries
	delivery   ledger.Delivery

	committing sync.Mutex
	sequence   int64
	unsent     *ledger.Commit // a commit without an answer: it may have been made
	receipt    ledger.Receipt // of the last commit
	replicated int64          // sequence of the last commit that enough replicas have
	finished   bool           // the batch is

	mu       sync.Mutex
	progress jobs.Progress
	next     ledger.Commit
}

func newRecorder(deliveries Deliveries, d ledger.Delivery) *recorder {
	r := &recorder{deliveries: deliveries, delivery: d, progress: d.Progress}
	r.reset()
	return r
}

func (r *recorder) reset() {
	r.next = ledger.Commit{Stats: jobs.Stats{Latency: jobs.Histogram{}, Causes: map[string]jobs.Cause{}}}
}

// settle records the one outcome of row i.
func (r *recorder) settle(i int, o jobs.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.SetDoubt(i, false)
	r.progress.Finish(i)
	if r.next.Outcomes == nil { // most batches settle all of their rows between two commits
		r.next.Outcomes = make([]jobs.Outcome, 0, len(r.progress))
	}
	r.next.Outcomes = append(r.next.Outcomes, o)
	r.next.Tally.Add(o.Kind, 1)
	if o.Kind.Done() {
		return
	}
	cause, known := r.next.Stats.Causes[o.ErrorCode]
	if !known {
		cause = jobs.Cause{Row: o.Row.Number, Error: o.Error}
	}
	cause.Count++
	r.next.Stats.Causes[o.ErrorCode] = cause
}

// tell records a call that the outcome of its row does not tell.
func (r *recorder) tell(a jobs.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next.Attempts = append(r.next.Attempts, a)
}

// isDone tells whether row i has its outcome.
func (r *recorder) isDone(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.progress.Done(i)
}

// tally is that of the job at the last commit.
func (r *recorder) tally() jobs.Tally {
	r.committing.Lock()
	defer r.committing.Unlock()
	return r.receipt.Tally
}

// use counts an attempt of row i.
func (r *recorder) use(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.UseAttempt(i)
}

// doubt records whether row i may have been done without an answer.
func (r *recorder) doubt(i int, doubt bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.SetDoubt(i, doubt)
}

// called is what is counted of a call. Failure is nil when it succeeded.
type called struct {
	first        bool // of its kind for the row: it repeats nothing
	look, lookup bool
	took         time.Duration
	failure      *sunco.Error
}

// called counts one call.
func (r *recorder) called(c called) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.next.Stats
	s.Calls++
	if !c.first {
		s.Retries++
	}
	if c.look {
		s.Looks++
	}
	if c.lookup {
		s.Lookups++
	}
	if answered(c.failure) {
		s.Latency.Add(c.took)
	}
	if c.failure != nil && c.failure.Status == statusTooMany {
		s.Throttled++
	}
}

// commit adds what was recorded to the ledger, with c's Dirty and Release. A commit that got no
// answer is repeated as it was before anything new is committed, since it may have been made.
func (r *recorder) commit(ctx context.Context, c ledger.Commit) (ledger.Receipt, error) {
	r.committing.Lock()
	defer r.committing.Unlock()
	return r.commitLocked(ctx, c)
}

// announce commits that row i is about to be sent, and waits for so many replicas of Redis to have that. Rows that wait for it at the
// same time share a commit. errUnreplicated when fewer have it.
func (r *recorder) announce(ctx context.Context, i, replicas int) (ledger.Receipt, error) {
	r.mu.Lock()
	r.progress.SetDoubt(i, true)
	taken := r.sequence // the commits so far do not hold it
	r.mu.Unlock()

	r.committing.Lock()
	defer r.committing.Unlock()
	if r.sequence > taken && r.unsent == nil && (replicas == 0 || r.replicated > taken) {
		return r.receipt, nil
	}
	receipt, err := r.commitLocked(ctx, ledger.Commit{Dirty: true, Replicas: replicas})
	if err != nil || !receipt.Accepted || replicas == 0 {
		return receipt, err
	}
	if receipt.Replicas < int64(replicas) {
		return receipt, errUnreplicated
	}
	r.replicated = r.sequence
	return receipt, nil
}

func (r *recorder) commitLocked(ctx context.Context, c ledger.Commit) (ledger.Receipt, error) {
	if r.finished { // a commit during the pass held the last row
		return r.receipt, nil
	}
	if r.unsent != nil {
		receipt, err := r.deliveries.Commit(ctx, r.delivery, *r.unsent, time.Now())
		if err != nil || !receipt.Accepted {
			return receipt, err
		}
		r.unsent = nil
	}
	c = r.take(c)
	receipt, err := r.deliveries.Commit(ctx, r.delivery, c, time.Now())
	if err != nil {
		r.unsent = &c
	}
	r.receipt = receipt
	r.finished = err == nil && receipt.Accepted && c.Progress.Finished()
	return receipt, err
}

func (r *recorder) take(c ledger.Commit) ledger.Commit {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sequence++
	next := r.next
	next.Sequence, next.Dirty, next.Release, next.Replicas = r.sequence, c.Dirty, c.Release, c.Replicas
	next.Progress = append(jobs.Progress(nil), r.progress...)
	r.reset()
	return next
}
