package runbook

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// Ends gives the rows that came to their end at a step: those that did not come through, and those that
// came through the last one. They are told by the outcomes of the step's job, and by the rows of its batches that are not
// finished. Of what came through the step, the next step's job has read so many records: the others wait.
func (f *Flow) Ends(step int, job jobs.Job, outcomes iter.Seq2[jobs.Chunk, error], queued iter.Seq2[jobs.Row, error], passed int64) iter.Seq2[report.End, error] {
	return func(yield func(report.End, error) bool) {
		clients, err := expression.NewClients(job.Options.Filter, job.Created)
		if err != nil {
			yield(report.End{}, err)
			return
		}
		e := ends{flow: f, step: step, clients: clients, passed: passed, yield: yield}
		e.outcomes(outcomes)
		e.queued(queued)
	}
}

// ends is one turn over a step.
type ends struct {
	flow    *Flow
	step    int
	clients *expression.Clients
	passed  int64
	yield   func(report.End, error) bool

	records int64  // that came through
	settled []byte // a bit for each row that has an outcome
	stopped bool
}

func (e *ends) outcomes(chunks iter.Seq2[jobs.Chunk, error]) {
	for chunk, err := range chunks {
		if err != nil {
			e.fail(err)
		}
		for i := range chunk.Outcomes {
			if e.stopped {
				return
			}
			e.settle(chunk.Outcomes[i].Row.Number)
			e.outcome(&chunk.Outcomes[i])
		}
		for i := range chunk.Rejections {
			if e.stopped {
				return
			}
			e.settle(chunk.Rejections[i].Number)
			e.rejection(&chunk.Rejections[i])
		}
		if e.stopped {
			return
		}
	}
}

func (e *ends) outcome(o *jobs.Outcome) {
	c, err := carried(o)
	if err != nil {
		e.fail(err)
		return
	}
	end := e.end(c.Row, &o.Row)
	end.Kind, end.ClientID, end.Code, end.Cause = o.Kind, o.ClientID, o.ErrorCode, o.Error
	last := e.step == len(e.flow.Steps)-1
	switch {
	case o.Detail == jobs.LeftOut:
		end.Cause = "left out by where"
	case !Passes(o):
		if end.Cause == "" {
			end.Cause = string(o.Kind)
		}
	case last:
		end.Cause = ""
	default:
		e.through(o, end)
		return
	}
	e.tell(end)
}

// through tells of a row that came through a step which is not the last: that no client of it goes on, or
// that it waits for the next step.
func (e *ends) through(o *jobs.Outcome, end report.End) {
	records := int64(1)
	if e.flow.Steps[e.step].Op == jobs.List {
		records, end.Cause = e.kept(o)
	}
	if records == 0 {
		e.tell(end)
	}
	next := e.flow.Steps[e.step+1]
	for range records {
		if e.records++; e.records > e.passed {
			e.tell(report.End{Row: end.Row, Line: end.Line, User: end.User, Step: next.Name, Op: next.Op, Kind: jobs.Unprocessed, ClientID: end.ClientID, Cause: "the step has not begun with it"})
		}
	}
}

// kept counts the clients of a list that go on, and says why none does.
func (e *ends) kept(o *jobs.Outcome) (n int64, none string) {
	none = "the user has no client"
	if len(o.Clients) > 0 {
		none = fmt.Sprintf("where keeps none of %d clients", len(o.Clients))
	}
	for _, object := range o.Clients {
		keep, err := kept(e.clients, &o.Row, object)
		if err != nil {
			none = "a client could not be judged: " + err.Error()
		} else if keep {
			n++
		}
	}
	return n, none
}

func (e *ends) rejection(r *jobs.Rejection) {
	end := e.end(r.Number, &jobs.Row{Line: r.Line})
	if i := slices.Index(r.Names, input.RowName); i == 0 && e.step > 0 {
		end.Row, _ = strconv.ParseInt(r.Values[0], 10, 64)
	}
	if i := slices.IndexFunc(r.Names, func(name string) bool { return name == "user" || e.flow.Map[name] == "user" }); i >= 0 {
		end.User = r.Values[i]
	}
	end.Kind, end.Cause = jobs.Rejected, r.Cause
	if r.Column != "" {
		end.Cause = r.Column + " " + r.Cause
	}
	e.tell(end)
}

// queued tells of the rows that wait in the queue.
func (e *ends) queued(rows iter.Seq2[jobs.Row, error]) {
	for row, err := range rows {
		if err != nil {
			e.fail(err)
		}
		if e.stopped {
			return
		}
		if e.isSettled(row.Number) {
			continue
		}
		c, err := carried(&jobs.Outcome{Row: row})
		if err != nil {
			e.fail(err)
			return
		}
		end := e.end(c.Row, &row)
		end.Kind, end.Cause = jobs.Unprocessed, "the step has not come to it"
		e.tell(end)
	}
}

func (e *ends) end(row int64, r *jobs.Row) report.End {
	s := e.flow.Steps[e.step]
	return report.End{Row: row, Line: r.Line, User: r.User, Step: s.Name, Op: s.Op, ClientID: r.ClientID}
}

func (e *ends) tell(end report.End) {
	if !e.stopped {
		e.stopped = !e.yield(end, nil)
	}
}

func (e *ends) fail(err error) {
	if !e.stopped {
		e.stopped = true
		e.yield(report.End{}, err)
	}
}

func (e *ends) settle(row int64) {
	if at := int(row / 8); row > 0 {
		if at >= len(e.settled) {
			e.settled = append(e.settled, make([]byte, at+1-len(e.settled))...)
		}
		e.settled[at] |= 1 << (row % 8)
	}
}

func (e *ends) isSettled(row int64) bool {
	at := int(row / 8)
	return at < len(e.settled) && e.settled[at]&(1<<(row%8)) != 0
}
