package runbook

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// Reached is a step of a run that was begun.
type Reached struct {
	Job      jobs.Job
	Outcomes iter.Seq2[jobs.Chunk, error] // of the job
	Queued   iter.Seq2[jobs.Row, error]   // the rows of its batches that are not finished
	Unjudged func(why string)             // hears of each found client that where could not judge; nil = nobody does
}

// Ends gives the ends of the rows of a run whose steps were begun so far: of those that came through the
// last step, that did not come through one, and that wait. It begins with the last step: what came through a step has its
// end in the one behind, or waits where that does not know of it (I1), as while it is being queued.
func (f *Flow) Ends(steps []Reached) iter.Seq2[report.End, error] {
	return func(yield func(report.End, error) bool) {
		var behind numbers
		for i, s := range slices.Backward(steps) {
			clients, err := expression.NewClients(s.Job.Options.Filter, s.Job.Created)
			if err != nil {
				yield(report.End{}, err)
				return
			}
			e := ends{flow: f, step: i, job: &s.Job, clients: clients, behind: behind, unjudged: s.Unjudged, yield: yield}
			e.outcomes(s.Outcomes)
			e.queued(s.Queued)
			e.lost()
			if e.stopped {
				return
			}
			behind = e.known
		}
	}
}

// ends is one turn over a step.
type ends struct {
	flow     *Flow
	step     int
	job      *jobs.Job
	clients  *expression.Clients
	behind   numbers // that the step behind knows of
	unjudged func(why string)
	yield    func(report.End, error) bool

	records int64 // that came through
	known   numbers
	stopped bool
}

// numbers is a set of numbers of records, a bit for each.
type numbers []byte

func (n *numbers) add(number int64) {
	if number < 1 {
		return
	}
	at := int(number / 8)
	if at >= len(*n) {
		*n = append(*n, make([]byte, at+1-len(*n))...)
	}
	(*n)[at] |= 1 << (number % 8)
}

func (n numbers) has(number int64) bool {
	at := int(number / 8)
	return at < len(n) && n[at]&(1<<(number%8)) != 0
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
			e.known.add(chunk.Outcomes[i].Row.Number)
			e.outcome(&chunk.Outcomes[i])
		}
		for i := range chunk.Rejections {
			if e.stopped {
				return
			}
			e.known.add(chunk.Rejections[i].Number)
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
	end.Kind, end.ClientID, end.Code, end.Cause = o.Kind, cmp.Or(o.ClientID, o.Row.ClientID), o.ErrorCode, o.Error
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
	case o.SettledSince():
		end.Kind, end.Cause = jobs.InDoubt, "an event named its client when the step was over: the steps behind did not run for it"
	default:
		e.through(o, end)
		return
	}
	e.tell(end)
}

// through reports a row that came through a step which is not the last: that no client of it goes on, or
// that it waits for the next step.
func (e *ends) through(o *jobs.Outcome, end report.End) {
	records := int64(1)
	if e.flow.Steps[e.step].Op.Finds() {
		records, end.Cause = e.kept(o)
	}
	if records == 0 {
		e.tell(end)
	}
	next := e.flow.Steps[e.step+1]
	for range records {
		if e.records++; !e.behind.has(e.records) {
			e.tell(report.End{Row: end.Row, Line: end.Line, User: end.User, Step: next.Name, Place: e.step + 2, Op: next.Op, Kind: jobs.Unprocessed, ClientID: end.ClientID, Cause: "the step has not begun with it"})
		}
	}
}

// kept counts the clients of a list that go on, and says why none does.
func (e *ends) kept(o *jobs.Outcome) (n int64, none string) {
	none = "the user has no client"
	if len(o.Clients) > 0 {
		none = fmt.Sprintf("where keeps no client of %d", len(o.Clients))
	}
	for _, object := range o.Clients {
		client, err := kept(e.clients, &o.Row, object)
		if err != nil {
			none = "a client could not be judged: " + err.Error()
			if e.unjudged != nil {
				e.unjudged(err.Error())
			}
		} else if client != nil {
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

// queued reports the rows that wait in the queue.
func (e *ends) queued(rows iter.Seq2[jobs.Row, error]) {
	for row, err := range rows {
		if err != nil {
			e.fail(err)
		}
		if e.stopped {
			return
		}
		if e.known.has(row.Number) {
			continue
		}
		e.known.add(row.Number)
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

// lost reports rows of the input that have neither an outcome nor a place in the queue: those that an
// interrupted command has read and not queued, and those that were finished just now. Further steps have what the step before
// says of theirs.
func (e *ends) lost() {
	if e.step > 0 {
		return
	}
	for row := int64(1); row <= e.job.AllRead() && !e.stopped; row++ {
		if !e.known.has(row) {
			end := e.end(row, &jobs.Row{})
			end.Kind, end.Cause = jobs.Unprocessed, "it is not in the queue"
			e.tell(end)
		}
	}
}

func (e *ends) end(row int64, r *jobs.Row) report.End {
	s := e.flow.Steps[e.step]
	return report.End{Row: row, Line: r.Line, User: r.User, Step: s.Name, Place: e.step + 1, Op: s.Op, ClientID: r.ClientID}
}

// tell gives an end. Rows that were read since the job was looked at wait for the next look.
func (e *ends) tell(end report.End) {
	if later := e.step == 0 && !e.job.Sealed && end.Row > e.job.AllRead(); !e.stopped && !later {
		e.stopped = !e.yield(end, nil)
	}
}

func (e *ends) fail(err error) {
	if !e.stopped {
		e.stopped = true
		e.yield(report.End{}, err)
	}
}
