package service

import (
	"context"
	"iter"

	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
)

// Settled is what events of the vendor's webhooks did to the links of a job.
type Settled struct {
	Job      string                 `json:"job"`
	Payloads int64                  `json:"payloads"`
	Events   int64                  `json:"events"`  // about links, read from the payloads
	Changed  int64                  `json:"changed"` // rows about which more became known, counted each time
	Known    int64                  `json:"known"`   // events that said nothing new
	Foreign  int64                  `json:"foreign"` // events about clients that the job did not make
	Adopted  int64                  `json:"adopted"` // creates in doubt whose client became known
	Renamed  int64                  `json:"renamed"` // users of the job that were merged into others without a client: list those to know
	Taken    int64                  `json:"takenFromOthers"`
	Merged   int64                  `json:"mergedFromOthers"`
	Skipped  map[webhook.Skip]int64 `json:"skipped"` // payloads and events that were not used, by reason
	Links    jobs.Links             `json:"links"`   // of the job, then
}

// Unread counts the payloads and events that could not be understood.
func (s Settled) Unread() (n int64) {
	for reason, count := range s.Skipped {
		if !reason.Harmless() {
			n += count
		}
	}
	return n
}

const (
	eventsAtATime = 500
	mostHeld      = 10_000 // events that wait for one that names their row
)

// Settle applies recorded payloads of the vendor's webhooks to the links of a job. They may come in any order, and any number of times. It ends
// at the first error of the payloads; what was applied by then stays. *NotFound says that there is no such job.
func (s *Service) Settle(ctx context.Context, id string, payloads iter.Seq2[[]byte, error]) (Settled, error) {
	job, err := s.Job(ctx, id)
	if err != nil {
		return Settled{}, err
	}
	st := settler{Service: s, job: job, done: Settled{Job: id, Skipped: map[webhook.Skip]int64{}}}
	var events, held []webhook.Event
	// apply keeps what may be about a create in doubt: the event that names its client may follow.
	apply := func() error {
		adopted := st.done.Adopted
		rest, err := st.apply(ctx, events)
		events, held = events[:0], append(held, rest.held...)
		if err == nil && adopted != st.done.Adopted {
			rest, err = st.apply(ctx, held)
			held = rest.held
		}
		if more := len(held) - mostHeld; more > 0 {
			held = held[more:]
			st.done.Foreign += int64(more)
		}
		return err
	}
	for payload, err := range payloads {
		if err != nil {
			return st.done, err
		}
		st.done.Payloads++
		read, skipped := webhook.Decode(payload)
		for reason, n := range skipped {
			st.done.Skipped[reason] += n
		}
		if events = append(events, read...); len(events) >= eventsAtATime {
			if err := apply(); err != nil {
				return st.done, err
			}
		}
	}
	if err := apply(); err != nil {
		return st.done, err
	}
	st.done.Foreign += int64(len(held))
	job, err = s.Job(ctx, id)
	st.done.Links = job.Links
	return st.done, err
}
