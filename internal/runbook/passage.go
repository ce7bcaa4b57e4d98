package runbook

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// Passage is the way of rows from a step whose job has finished to the one behind it. The same
// outcomes in the same order give the same rows, so a passage that was cut off can be begun again (I9).
type Passage struct {
	outcomes iter.Seq2[jobs.Chunk, error]
	assemble *input.Assembler
	clients  *expression.Clients // that go on; nil = all
	lists    bool                // the step before was a list
	creates  bool                // it makes clients
	converse bool                // it makes sure of conversations

	Read     int64    // records given so far
	Found    int64    // clients of lists so far
	Unjudged Unjudged // of them
	Err      error    // that ended the outcomes
}

// Unjudged are found clients that where could not judge. They do not go on.
type Unjudged struct {
	Clients int64
	Why     string // of the first; names no value
}

func (u *Unjudged) add(err error) {
	if u.Clients++; u.Clients == 1 {
		u.Why = err.Error()
	}
}

// Stuck says why nothing can be said of what goes on: no found client could be judged. It is empty where one could, or
// none was found.
func (p *Passage) Stuck() string {
	if p.Found == 0 || p.Unjudged.Clients < p.Found {
		return ""
	}
	return fmt.Sprintf("none of the %s found could be judged by where: %s", jobs.Count(p.Found, "client"), p.Unjudged.Why)
}

// Passage returns the way to a step, from 1, of what became of the job of the one before. Ages are counted
// from began, the start of the run.
func (f *Flow) Passage(step int, before jobs.Job, outcomes iter.Seq2[jobs.Chunk, error], began time.Time) (*Passage, error) {
	assemble, err := input.NewAssembler(f.Config(step), began)
	if err != nil {
		return nil, err
	}
	clients, err := expression.NewClients(before.Options.Filter, before.Created)
	if err != nil {
		return nil, err
	}
	last := f.Steps[step-1].Op
	return &Passage{outcomes: outcomes, assemble: assemble, clients: clients, lists: last.Finds(), creates: last.Creates(), converse: last.Converses()}, nil
}

// Records gives the rows of the step in order, each with its rejection or nil. It can be ranged over
// once; Err tells then whether all were given.
func (p *Passage) Records() iter.Seq2[jobs.Row, *jobs.Rejection] {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for chunk, err := range p.outcomes {
			if err != nil {
				p.Err = err
				return
			}
			for i := range chunk.Outcomes {
				o := &chunk.Outcomes[i]
				carries, err := p.through(o)
				if err != nil {
					p.Err = err
					return
				}
				for _, c := range carries {
					if !yield(p.record(p.assemble.Assemble(o.Row.Line, c))) {
						return
					}
				}
			}
		}
	}
}

// record numbers a record and counts it.
func (p *Passage) record(r input.Record) (jobs.Row, *jobs.Rejection) {
	p.Read++
	r.Row.Number = p.Read
	if r.Rejection != nil {
		r.Rejection.Number = p.Read
	}
	return r.Row, r.Refused()
}

// Passes tells whether a row with this outcome goes on to the next step, if any client of it does.
func Passes(o *jobs.Outcome) bool { return o.Kind.Done() && o.Detail != jobs.LeftOut }

// through returns what a row brings to the next step: nothing, one record, or one for each client.
func (p *Passage) through(o *jobs.Outcome) ([]jobs.Carry, error) {
	if !Passes(o) {
		return nil, nil
	}
	base, err := carried(o)
	if err != nil {
		return nil, fmt.Errorf("row %d: %w", o.Row.Number, err)
	}
	cells := []jobs.Cell{{Name: "user", Value: o.Row.User}, {Name: "brandId", Value: o.Row.BrandID}}
	for _, c := range base.Cells {
		if replaced := p.lists && strings.HasPrefix(c.Name, clientPrefix) || p.creates && strings.HasPrefix(c.Name, createdPrefix) || p.converse && c.Name == expression.ConversationID; !replaced {
			cells = append(cells, c)
		}
	}
	switch {
	case p.lists:
		return p.each(o, jobs.Carry{Row: base.Row, Cells: cells})
	case p.creates:
		cells = append(cells, jobs.Cell{Name: expression.CreatedID, Value: o.ClientID}, jobs.Cell{Name: expression.CreatedStatus, Value: o.ClientStatus})
	case p.converse:
		cells = append(cells, jobs.Cell{Name: expression.ConversationID, Value: o.ConversationID})
	}
	return []jobs.Carry{{Row: base.Row, Cells: cells}}, nil
}

// each returns a record for each found client that is kept.
func (p *Passage) each(o *jobs.Outcome, base jobs.Carry) ([]jobs.Carry, error) {
	var all []jobs.Carry
	for _, object := range o.Clients {
		p.Found++
		client, err := kept(p.clients, &o.Row, object)
		if err != nil {
			p.Unjudged.add(err)
		}
		if client == nil {
			continue
		}
		cells := base.Cells[:len(base.Cells):len(base.Cells)]
		for _, name := range expression.ClientNames() {
			cells = append(cells, jobs.Cell{Name: clientPrefix + name, Value: expression.Property(client, name)})
		}
		all = append(all, jobs.Carry{Row: base.Row, Cells: cells})
	}
	return all, nil
}

// kept returns a found client that goes on, nil for another.
func kept(clients *expression.Clients, row *jobs.Row, object json.RawMessage) (*jobs.Client, error) {
	client, err := expression.ParseClient(object)
	if err != nil || clients == nil {
		return client, err
	}
	keep, err := clients.Keep(row, client)
	if err != nil || !keep {
		return nil, err
	}
	return client, nil
}

// carried returns what a row of a runbook carries, with the number that it has in the runbook's input.
func carried(o *jobs.Outcome) (jobs.Carry, error) {
	if o.Row.Carry == "" {
		return jobs.Carry{Row: o.Row.Number}, nil
	}
	c, err := jobs.DecodeCarry(o.Row.Carry)
	if c.Row == 0 {
		c.Row = o.Row.Number
	}
	return c, err
}
