package ledger

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed open.lua
	openLua string
	//go:embed commit.lua
	commitLua string

	openScript   = redis.NewScript(historyLua + openLua)
	commitScript = redis.NewScript(commitLua)
)

// Verdict says whether a delivered batch is to be worked.
type Verdict string

// What Open may answer.
const (
	Opened      Verdict = "opened"
	AlreadyDone Verdict = "finished"  // the batch was finished by an earlier delivery
	Busy        Verdict = "busy"      // another worker has the batch, and sends heartbeats
	Unsettled   Verdict = "unsettled" // Redis may have gone back: the workers tell what they know of it, see Report
	Held        Verdict = "held"      // the batch is behind a canary that is not over
	OnHold      Verdict = "paused"
	CalledOff   Verdict = "cancelled"
	Unknown     Verdict = "missing" // the job is not in the ledger
)

// Delivery is a batch that was opened: the worker that holds the newest fence may commit.
type Delivery struct {
	Job      string
	Batch    int64
	Verdict  Verdict
	Worker   string // that opened it
	Fence    int64
	Dirty    bool          // an earlier delivery ended without saying which rows it had sent
	Lost     bool          // Redis has lost what it had confirmed of an earlier delivery: Dirty, and announcements may be missing, too
	Since    time.Time     // when the batch's calls began; before, when it was opened for the first time
	Progress jobs.Progress // nil at the first delivery

	Confirmed  int64 // writes about batches that the ledger has confirmed to the worker, with this one
	Generation int64 // of Unsettled: the one of which a Report is owed
}

// Claim says who opens a batch, and what for.
type Claim struct {
	Worker  string // no colons
	Calling bool   // calls follow at once: until a commit says otherwise, every undone row counts as possibly sent
}

// Open raises the batch's fence and returns how far its rows have come.
func (l *Ledger) Open(ctx context.Context, job string, batch int64, c Claim, now time.Time) (Delivery, error) {
	d := Delivery{Job: job, Batch: batch, Worker: c.Worker}
	reply, err := openScript.Run(ctx, l.rdb, []string{key(job), key(job, "open"), key(job, "finished"), key(job, "alive")},
		batch, c.Worker, flag(c.Calling), now.UnixMilli(), Patience.Milliseconds(), timeToReport.Milliseconds()).Slice()
	if err != nil {
		return d, fmt.Errorf("open batch %d: %w", batch, err)
	}
	if len(reply) == 0 {
		return d, fmt.Errorf("open batch %d: empty reply", batch)
	}
	if d.Verdict = Verdict(text(reply[0])); d.Verdict == Unsettled && len(reply) == 2 {
		d.Generation = number(reply[1])
	}
	if d.Verdict != Opened {
		return d, nil
	}
	if len(reply) != 6 {
		return d, fmt.Errorf("open batch %d: reply of %d parts", batch, len(reply))
	}
	d.Fence = number(reply[1])
	d.Dirty, d.Lost = text(reply[2]) != "0", text(reply[2]) == "2"
	d.Since = time.UnixMilli(number(reply[3]))
	if p := text(reply[4]); p != "" {
		d.Progress = jobs.Progress(p)
	}
	d.Confirmed = number(reply[5])
	return d, nil
}

// Commit is what a worker adds to the ledger for one delivery, all of it or nothing (I3).
type Commit struct {
	Sequence int64 // from 1 within a delivery; a commit that is repeated keeps its number and its content
	Progress jobs.Progress
	Dirty    bool // calls may be under way after this commit
	Release  bool // the worker lets go of the batch
	Outcomes []jobs.Outcome
	Attempts []jobs.Attempt // that the outcomes of their rows do not tell
	Tally    jobs.Tally     // of Outcomes
	Stats    jobs.Stats     // since the last commit
	Replicas int            // of Redis that are to have the commit, for which it waits a second at most
}

// Receipt is what a worker learns from its commit.
type Receipt struct {
	Accepted bool // false: another delivery has a newer fence, or the batch is finished, or Lost
	Lost     bool // refused: Redis has lost what it had confirmed to this delivery (I10). Nobody has the batch now
	State    jobs.State
	Tally    jobs.Tally // rows by outcome since the job was last resumed; OK, Noop, Failed and InDoubt only

	Confirmed int64 // writes about batches that the ledger has confirmed to the worker, with this one; 0 when it was refused
	Replicas  int64 // of Redis that have the commit; 0 when it did not ask for any
}

// Commit adds c to the ledger when d holds the newest fence. The commit that finishes the last
// batch of a sealed job also finishes the job.
func (l *Ledger) Commit(ctx context.Context, d Delivery, c Commit, now time.Time) (Receipt, error) {
	var outcomes, attempts []byte
	var settled, told span
	if len(c.Outcomes) > 0 {
		outcomes = l.codec.EncodeChunk(jobs.Chunk{Batch: d.Batch, Outcomes: c.Outcomes})
		settled = spanOf(c.Outcomes, func(o *jobs.Outcome) int64 { return o.Row.Number })
	}
	if len(c.Attempts) > 0 {
		attempts = l.codec.EncodeAttempts(d.Batch, c.Attempts)
		told = spanOf(c.Attempts, func(a *jobs.Attempt) int64 { return a.Row })
	}
	counters, once := c.fields()
	args := []any{d.Batch, d.Fence, c.Sequence, flag(c.Dirty), flag(c.Progress.Finished()), []byte(c.Progress), now.UnixMilli(), flag(c.Release), d.Worker, d.Since.UnixMilli(),
		outcomes, settled.String(), attempts, told.String(), len(counters) / 2}
	args = append(append(args, counters...), once...)
	keys := []string{key(d.Job), key(d.Job, "open"), key(d.Job, "finished"), key(d.Job, "outcomes"), key(d.Job, "attempts")}
	reply, replicas, err := l.replicated(ctx, commitScript, c.Replicas, keys, args...)
	if err != nil {
		return Receipt{}, fmt.Errorf("commit batch %d: %w", d.Batch, err)
	}
	if len(reply) != 7 {
		return Receipt{}, fmt.Errorf("commit batch %d: reply of %d parts", d.Batch, len(reply))
	}
	return Receipt{
		Accepted:  number(reply[0]) == 1,
		Lost:      number(reply[0]) == 2,
		State:     jobs.State(text(reply[1])),
		Tally:     jobs.Tally{OK: number(reply[2]), Noop: number(reply[3]), Failed: number(reply[4]), InDoubt: number(reply[5])},
		Confirmed: number(reply[6]),
		Replicas:  replicas,
	}, nil
}

// fields returns the counters of the commit as name and increment by turns, and the fields that
// are set only once as name and value by turns.
func (c Commit) fields() (counters, once []any) {
	add := func(name string, n int64) {
		if n != 0 {
			counters = append(counters, name, n)
		}
	}
	add("ok", c.Tally.OK)
	add("noop", c.Tally.Noop)
	add("failed", c.Tally.Failed)
	add("in_doubt", c.Tally.InDoubt)
	add("calls", c.Stats.Calls)
	add("retries", c.Stats.Retries)
	add("throttled", c.Stats.Throttled)
	add("looks", c.Stats.Looks)
	add("lookups", c.Stats.Lookups)
	var made jobs.Links
	for i := range c.Outcomes {
		if link, ok := c.Outcomes[i].Made(); ok {
			made.Add(link.State, 1)
		}
	}
	add("made_pending", made.Pending)
	add("made_active", made.Active)
	for bucket, n := range c.Stats.Latency {
		add(fmt.Sprintf("%s%d", latencyField, bucket), n)
	}
	for code, cause := range c.Stats.Causes {
		add(causeField+code, cause.Count)
		once = append(once, sampleField+code, fmt.Sprintf("%d:%s", cause.Row, cause.Error))
	}
	return counters, once
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// number reads what a script may give as an integer or as a string of digits.
func number(v any) int64 {
	if n, ok := v.(int64); ok {
		return n
	}
	var n int64
	fmt.Sscan(text(v), &n)
	return n
}
