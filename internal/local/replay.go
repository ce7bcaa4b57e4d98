package local

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// maxBatch bounds what a forged number of a batch can make a replay allocate.
const maxBatch = 1 << 27

var (
	errBatch   = errors.New("impossible number of a batch")
	errDone    = errors.New("the batch was finished before")
	errNotOpen = errors.New("the batch is not open")
	errBack    = errors.New("fewer rows or batches read than before")
)

// replay reads a whole journal, whose first line is head, and returns what it says of the job and
// the offset behind its last whole line.
func replay(r io.Reader, head Head) (replayState, int64, error) {
	m := replayState{Memory: ledger.Memory{
		Job: jobs.Job{ID: head.Job, Options: head.Options, Fingerprint: head.Fingerprint(), Created: head.Created,
			Stats: jobs.Stats{Latency: jobs.Histogram{}, Causes: map[string]jobs.Cause{}}},
		Open: map[int64]ledger.OpenBatch{},
	}}
	var end int64
	for line, err := range lines(r) {
		if err != nil {
			return m, 0, err
		}
		end = line.end
		if line.number == 1 {
			continue
		}
		rec, err := decodeRecord(line.data)
		if err == nil {
			err = m.apply(rec)
		}
		if err != nil {
			return m, 0, &LineError{line.number, err}
		}
	}
	return m, end, nil
}

// replayState is a ledger.Memory as the lines of a journal build it.
type replayState struct {
	ledger.Memory
	past   []note // with a digest: a pipe that is read again must pass through them
	sealed bool
	done   int64 // batches that are finished
	links  []string
}

func (m *replayState) apply(r record) error {
	switch {
	case r.Open != nil:
		return m.opened(r.Open)
	case r.Commit != nil:
		return m.committed(r.Commit)
	case r.Note != nil:
		return m.noted(r.Note)
	case r.Canary != nil:
		m.Job.CanaryOver = r.Canary.Over
		return nil
	case r.Change != nil:
		m.Job.Options = r.Change.Options
		m.Job.Events = append(m.Job.Events, r.Change.Event)
		return nil
	case r.Links != nil:
		m.links = r.Links.Texts
		return nil
	}
	m.Job.Inputs, m.sealed = r.Seal.Inputs, true
	return nil
}

// amend gives the job the options that now asks for, and returns what is new and the record of it. A job that
// has nothing left to do keeps those by which it was done.
func (m *replayState) amend(now Head, at time.Time) ([]jobs.Change, record, error) {
	if m.sealed && m.done == m.Job.Batches {
		return nil, record{}, nil
	}
	amended, changes := m.Job.Options.Amend(now.Options, now.Given, at)
	if len(changes) == 0 {
		return nil, record{}, nil
	}
	var told []string
	for _, c := range changes {
		told = append(told, c.String())
	}
	r := record{Change: &change{amended, jobs.Event{At: at, Who: now.Who, What: jobs.EventChange, Reason: strings.Join(told, "; ")}}}
	return changes, r, m.apply(r)
}

func (m *replayState) opened(o *opening) error {
	if o.Batch < 0 || o.Batch >= maxBatch {
		return errBatch
	}
	if i := o.Batch / 8; i < int64(len(m.Finished)) && m.Finished[i]&bit(o.Batch) != 0 {
		return errDone
	}
	if m.Job.Started.IsZero() {
		m.Job.Started = o.Since
	}
	before := m.Open[o.Batch]
	m.Open[o.Batch] = ledger.OpenBatch{Dirty: before.Dirty || o.Calling, Since: o.Since, Progress: before.Progress}
	return nil
}

func (m *replayState) committed(c *commit) error {
	before, open := m.Open[c.Batch]
	if !open {
		return errNotOpen
	}
	m.count(c)
	if !c.Progress.Finished() {
		m.Open[c.Batch] = ledger.OpenBatch{Dirty: c.Dirty, Since: before.Since, Progress: c.Progress}
		return nil
	}
	delete(m.Open, c.Batch)
	m.done++
	if missing := c.Batch/8 + 1 - int64(len(m.Finished)); missing > 0 {
		m.Finished = append(m.Finished, make([]byte, missing)...)
	}
	m.Finished[c.Batch/8] |= bit(c.Batch)
	return nil
}

func bit(batch int64) byte { return 0x80 >> (batch % 8) }

func (m *replayState) count(c *commit) {
	t, s := &m.Job.Tally, &m.Job.Stats
	t.OK += c.Tally.OK
	t.Noop += c.Tally.Noop
	t.Failed += c.Tally.Failed
	t.InDoubt += c.Tally.InDoubt
	s.Calls += c.Stats.Calls
	s.Retries += c.Stats.Retries
	s.Throttled += c.Stats.Throttled
	s.Looks += c.Stats.Looks
	s.Lookups += c.Stats.Lookups
	for bucket, n := range c.Stats.Latency {
		s.Latency[bucket] += n
	}
	for code, cause := range c.Stats.Causes {
		if first, known := s.Causes[code]; known {
			cause = jobs.Cause{Count: first.Count + cause.Count, Row: first.Row, Error: first.Error}
		}
		s.Causes[code] = cause
	}
}

func (m *replayState) noted(n *note) error {
	if n.Read < m.Job.Tally.Read || n.Batches < m.Job.Batches {
		return errBack
	}
	m.Job.Tally.Read, m.Job.Batches, m.Job.Through = n.Read, n.Batches, n.Through
	m.Job.Tally.Rejected += n.Rejected
	m.Job.Tally.Noop += n.Filtered
	m.Job.Filtered += n.Filtered
	if n.Digest != "" {
		m.past = append(m.past, note{Read: n.Read, Digest: n.Digest})
	}
	return nil
}
