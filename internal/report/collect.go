package report

import (
	"context"
	"fmt"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// collector spools what a source gives, and learns on the way what the files' headers need and
// whether the rows add up.
type collector struct {
	job   jobs.Job
	scope *scope
	spool *spool

	record record // of the outcome that is being added

	used     map[jobs.Kind]*columnSet // of the kinds whose rows can be run again
	headings headings                 // of the rejected records
	brands   bool                     // a row that has a client is of a user in a brand

	rows    int64 // rows of the spool that have an outcome
	tally   jobs.Tally
	creates int64 // that are ok or in doubt
	repeats int64 // rejected for an earlier row that does the same
	links   jobs.Links
	twice   fault
	beyond  fault
	unknown fault
}

// columnSet tells which of jobs.Columns have a value in some row, and whether one has a condition.
type columnSet struct {
	has         []bool
	conditional bool
}

// fault counts rows that should not be, and remembers the first.
type fault struct{ rows, first int64 }

func (f *fault) add(row int64) {
	if f.rows++; f.rows == 1 {
		f.first = row
	}
}

func newCollector(job jobs.Job, sp *spool) *collector {
	c := &collector{job: job, scope: newScope(job), spool: sp, used: make(map[jobs.Kind]*columnSet)}
	for _, k := range []jobs.Kind{jobs.Failed, jobs.InDoubt, jobs.Unprocessed} {
		c.used[k] = &columnSet{has: make([]bool, len(jobs.Columns()))}
	}
	return c
}

// collect reads all of src.
func (c *collector) collect(ctx context.Context, src Source) error {
	for k, err := range src.Chunks(ctx) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("read outcomes: %w", err)
		}
		if err := c.addChunk(&k); err != nil {
			return err
		}
	}
	for row, err := range src.Rows(ctx) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("read queued rows: %w", err)
		}
		if err := c.addQueued(row); err != nil {
			return err
		}
	}
	c.tally.Read = c.job.Tally.Read
	c.tally.Unprocessed = c.tally.Read - c.rows
	return c.spool.flush()
}

func (c *collector) addChunk(k *jobs.Chunk) error {
	for i := range k.Outcomes {
		o := &k.Outcomes[i]
		switch o.Kind {
		case jobs.OK, jobs.Noop, jobs.Failed, jobs.InDoubt:
			c.record = record{Outcome: *o}
			if err := c.add(&c.record); err != nil {
				return err
			}
		default:
			c.unknown.add(o.Row.Number)
		}
	}
	for i := range k.Rejections {
		if err := c.add(rejected(&k.Rejections[i])); err != nil {
			return err
		}
	}
	return nil
}

// add spools a record with an outcome.
func (c *collector) add(r *record) error {
	has, in, err := c.find(r.Row.Number)
	if err != nil || !in {
		return err
	}
	c.tally.Add(r.Kind, 1)
	if has {
		c.twice.add(r.Row.Number)
		return nil
	}
	c.rows++
	if !r.Row.Op.Idempotent() && (r.Kind == jobs.OK || r.Kind == jobs.InDoubt) {
		c.creates++
	}
	if r.duplicate() {
		c.repeats++
	}
	if r.Link.State == "" { // nothing is known but the answer
		r.Settle(jobs.Link{})
	}
	c.links.Add(r.Link.State, 1)
	c.note(r)
	return c.spool.put(r)
}

// addQueued spools a row that waits, unless it has an outcome.
func (c *collector) addQueued(row jobs.Row) error {
	has, in, err := c.find(row.Number)
	if has || !in || err != nil {
		return err
	}
	r := &record{Outcome: jobs.Outcome{Row: row, Kind: jobs.Unprocessed}}
	if row.Sent {
		r.ErrorCode = mayHaveArrived
	}
	c.note(r)
	return c.spool.put(r)
}

// find tells whether a row is in the spool, and whether it is in the scope. While rows are still being
// added, later ones are no fault.
func (c *collector) find(row int64) (spooled, in bool, err error) {
	if row >= 1 {
		spooled, err = c.spool.has(row)
	}
	in = c.scope.has(row, spooled)
	if !in && (row < 1 || c.job.Sealed || c.job.State.Ended()) {
		c.beyond.add(row)
	}
	return spooled, in, err
}

// note learns what the headers need.
func (c *collector) note(r *record) {
	if set := c.used[r.Kind]; set != nil {
		for i, column := range jobs.Columns() {
			if *column.Field(&r.Row) != "" {
				set.has[i] = true
			}
		}
		r.Row.Carry = r.Row.Condition()
		set.conditional = set.conditional || r.Row.Carry != ""
	} else {
		r.Row.Carry = ""
	}
	if r.Kind == jobs.Rejected {
		c.headings.places(r.Names, len(r.Values))
	}
	if r.Row.BrandID != "" && (len(r.Clients) > 0 || r.ClientID != "") {
		c.brands = true
	}
}

// mayHaveArrived is the code of a row without an outcome whose call may have done its work.
const mayHaveArrived = "may_have_arrived"

// rerunOfUnprocessed says why a row without an outcome must not be run elsewhere: the job may run it itself, or has called it.
func (c *collector) rerunOfUnprocessed(r *record) jobs.Rerun {
	switch {
	case !c.job.State.Ended():
		return jobs.RerunNotEnded
	case r.ErrorCode == mayHaveArrived:
		return jobs.RerunLookFirst
	}
	return ""
}

func rerunOfDoubts(*record) jobs.Rerun { return jobs.RerunLookFirst }

// summary is the job in numbers, with the rows as they were collected.
func (c *collector) summary() Summary {
	s := Summarize(c.job)
	s.Rows, s.Creates, s.Duplicates, s.Links = c.tally, c.creates, c.repeats, c.links
	faults := c.faults()
	if s.Mismatch != "" {
		faults = append(faults, s.Mismatch)
	}
	s.AddsUp, s.Mismatch = len(faults) == 0, strings.Join(faults, "; ")
	return s
}

// faults says for people what breaks I1 and I3.
func (c *collector) faults() []string {
	var faults []string
	say := func(f fault, is string) {
		if f.rows == 1 {
			faults = append(faults, fmt.Sprintf("row %d %s", f.first, is))
		} else if f.rows > 1 {
			faults = append(faults, fmt.Sprintf("row %d %s, and so for %s more", f.first, is, jobs.Group(f.rows-1)))
		}
	}
	say(c.twice, "has two outcomes")
	say(c.beyond, fmt.Sprintf("is none of the %s read", jobs.Count(c.tally.Read, "row")))
	say(c.unknown, "has an outcome of no known kind")
	if c.job.State.Ended() {
		faults = append(faults, differences(c.job.Tally, c.tally)...)
	}
	return faults
}

// differences says how the outcomes that were found depart from the job's own count.
func differences(counted, found jobs.Tally) []string {
	var faults []string
	for _, k := range []struct {
		kind           jobs.Kind
		counted, found int64
	}{
		{jobs.OK, counted.OK, found.OK},
		{jobs.Noop, counted.Noop, found.Noop},
		{jobs.Failed, counted.Failed, found.Failed},
		{jobs.Rejected, counted.Rejected, found.Rejected},
		{jobs.InDoubt, counted.InDoubt, found.InDoubt},
		{jobs.Unprocessed, counted.Unprocessed, found.Unprocessed},
	} {
		if k.counted != k.found {
			faults = append(faults, fmt.Sprintf("the job counts %s %s, the report %s", jobs.Group(k.counted), k.kind, jobs.Group(k.found)))
		}
	}
	return faults
}
