package local

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// Ledger is a ledger on miniredis whose job survives in a journal. A method that is not its own is
// the ledger's. It is safe for concurrent use; its journal holds the one job of its folder.
type Ledger struct {
	*ledger.Ledger
	codec   *jobs.Codec
	job     string
	file    *os.File
	journal *journal
	changes []jobs.Change // of options, with which Resume goes on

	// What the ledger accepts of a batch and what the journal gets of it must have one order. A
	// batch has the lock of its number, notes have the first.
	locks [64]sync.Mutex

	mu   sync.Mutex
	owed map[stamp]bool // commits that were accepted and could not be written
	past []note         // with digests, of the run before: those that have not been made again
}

// stamp names a commit.
type stamp struct{ batch, fence, sequence int64 }

func newLedger(l *ledger.Ledger, codec *jobs.Codec, job string, f *os.File, end int64) *Ledger {
	return &Ledger{Ledger: l, codec: codec, job: job, file: f, journal: newJournal(f, end), owed: map[stamp]bool{}}
}

// Changes are the options that are others since Resume.
func (l *Ledger) Changes() []jobs.Change { return l.changes }

func (l *Ledger) lock(batch int64) *sync.Mutex {
	return &l.locks[uint64(batch)%uint64(len(l.locks))]
}

// Open is ledger.Open. An opening that calls follow is on the disk before it returns, so before the
// first of them.
func (l *Ledger) Open(ctx context.Context, job string, batch int64, c ledger.Claim, now time.Time) (ledger.Delivery, error) {
	if err := l.journal.ready(); err != nil {
		return ledger.Delivery{}, err
	}
	d, g, err := l.open(ctx, job, batch, c, now)
	if err != nil || g == nil || !c.Calling {
		return d, err
	}
	return d, l.journal.settle(g)
}

func (l *Ledger) open(ctx context.Context, job string, batch int64, c ledger.Claim, now time.Time) (ledger.Delivery, *group, error) {
	lock := l.lock(batch)
	lock.Lock()
	defer lock.Unlock()
	d, err := l.Ledger.Open(ctx, job, batch, c, now)
	if err != nil || d.Verdict != ledger.Opened {
		return d, nil, err
	}
	line, err := encodeLine(record{Open: &opening{Batch: batch, Calling: c.Calling, Since: d.Since}})
	if err != nil {
		return d, nil, err
	}
	return d, l.journal.add(line), nil
}

// Commit is ledger.Commit, with outcomes and attempts in the journal instead of Redis. They are on the disk
// when it returns an accepted receipt. After an error the same commit can be repeated.
func (l *Ledger) Commit(ctx context.Context, d ledger.Delivery, c ledger.Commit, now time.Time) (ledger.Receipt, error) {
	line, err := encodeLine(record{Commit: newCommit(d, c, l.codec)})
	if err != nil {
		return ledger.Receipt{}, err
	}
	if err := l.journal.ready(); err != nil {
		return ledger.Receipt{}, err
	}
	s := stamp{d.Batch, d.Fence, c.Sequence}
	if l.paid(s) {
		_, state, err := l.Standing(ctx, d.Job)
		return ledger.Receipt{Accepted: true, State: state}, err
	}
	receipt, g, err := l.commit(ctx, d, c, line, now)
	if err != nil || g == nil {
		return receipt, err
	}
	if err := l.journal.settle(g); err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.owed[s] = true
		return ledger.Receipt{}, err
	}
	return receipt, nil
}

// paid tells, once, whether the commit was accepted before and is on the disk by now.
func (l *Ledger) paid(s stamp) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	owed := l.owed[s]
	delete(l.owed, s)
	return owed
}

func (l *Ledger) commit(ctx context.Context, d ledger.Delivery, c ledger.Commit, line []byte, now time.Time) (ledger.Receipt, *group, error) {
	lock := l.lock(d.Batch)
	lock.Lock()
	defer lock.Unlock()
	c.Outcomes, c.Attempts = nil, nil
	receipt, err := l.Ledger.Commit(ctx, d, c, now)
	if err != nil || !receipt.Accepted {
		return receipt, nil, err
	}
	return receipt, l.journal.add(line), nil
}

// maxWaiting is how many bytes of notes may wait for the next one who must have the disk.
const maxWaiting = 1 << 20

// Note is ledger.Note, with its rows in the journal instead of Redis. It does not wait for
// the disk: what comes later in the journal is not there without it, and a run that goes on makes
// the notes that were lost again. A *ChangedError when a pipe gives other records than before.
func (l *Ledger) Note(ctx context.Context, id string, n ledger.Note) error {
	line, err := encodeLine(record{Note: newNote(n, l.codec)})
	if err != nil {
		return err
	}
	if err := l.journal.ready(); err != nil {
		return err
	}
	if err := l.note(ctx, id, n, line); err != nil {
		return err
	}
	if l.journal.waiting() < maxWaiting {
		return nil
	}
	return l.journal.flush()
}

func (l *Ledger) note(ctx context.Context, id string, n ledger.Note, line []byte) error {
	lock := &l.locks[0]
	lock.Lock()
	defer lock.Unlock()
	if err := l.recall(n); err != nil {
		return err
	}
	beyond, err := l.Count(ctx, id, n)
	if err == nil && beyond {
		l.journal.add(line)
	}
	return err
}

// recall compares a note with the one of the run before.
func (l *Ledger) recall(n ledger.Note) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.past) == 0 {
		return nil
	}
	if want := l.past[0]; want.Read != n.Read || want.Digest != n.Digest {
		return changedPipe(min(want.Read, n.Read))
	}
	l.past = l.past[1:]
	return nil
}

func changedPipe(row int64) error {
	return &ChangedError{[]string{fmt.Sprintf("the input is another, as its rows up to row %d show", row)}}
}

// Seal is ledger.Seal, and keeps what is known of the inputs in the journal. A *ChangedError when a
// pipe ended before the place that it had reached before.
func (l *Ledger) Seal(ctx context.Context, id string, inputs []jobs.Input, now time.Time) error {
	l.mu.Lock()
	past := l.past
	l.mu.Unlock()
	if len(past) > 0 {
		return changedPipe(past[0].Read)
	}
	line, err := encodeLine(record{Seal: &seal{Inputs: inputs}})
	if err != nil {
		return err
	}
	if err := l.journal.settle(l.journal.add(line)); err != nil {
		return err
	}
	return l.Ledger.Seal(ctx, id, inputs, now)
}

// EndCanary is ledger.EndCanary. It is on the disk before the first row behind the canary is called: those
// would otherwise be judged with the canary by a run that goes on.
func (l *Ledger) EndCanary(ctx context.Context, id string) error {
	line, err := encodeLine(record{Canary: &canary{Over: true}})
	if err != nil {
		return err
	}
	if err := l.journal.settle(l.journal.add(line)); err != nil {
		return err
	}
	return l.Ledger.EndCanary(ctx, id)
}

// sync puts on the disk what the ledger has accepted so far.
func (l *Ledger) sync(id string) error {
	if id != l.job {
		return fmt.Errorf("job %s: %w", id, ledger.ErrNoJob)
	}
	for i := range l.locks {
		l.locks[i].Lock() // the one who had it has added its line
		l.locks[i].Unlock()
	}
	return l.journal.flush()
}
