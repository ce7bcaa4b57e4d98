package service

import (
	"context"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/jobs"
)

// VerifyOrder asks for a job that follows the links of another which are pending.
type VerifyOrder struct {
	Of     string        // the job whose creates made them
	Within time.Duration // how long each is waited for
	By     By            // is kept with the start of the job
}

// Verify queues a verify for each link of a job that is pending. What its workers learn, by events of a webhook where those come and by lists
// elsewhere, is noted in the links of the job that made them. Without any it returns a job without id. Its errors: *NotFound, *jobs.OptionError,
// *Interrupted; what was queued by then can be cancelled, and asked for again.
func (s *Service) Verify(ctx context.Context, o VerifyOrder) (jobs.Job, error) {
	of, err := s.Job(ctx, o.Of)
	if err != nil {
		return jobs.Job{}, err
	}
	rows := &pendingRows{Service: s, of: of.ID}
	if of.Links.Pending == 0 || !rows.any(ctx) {
		return jobs.Job{}, rows.err
	}
	sub := &Submission{Job: jobs.Job{ID: jobs.NewID(time.Now()), Options: verifyOptions(of, o.Within), Created: time.Now()}, producer: s.producer(Order{}, false, nil)}
	if wrong := sub.Job.Options.Check(); len(wrong) > 0 {
		return jobs.Job{}, wrong[0]
	}
	if err := s.create(ctx, sub); err != nil {
		return sub.Job, err
	}
	if err := s.Record(ctx, o.By, audit.Entry{What: audit.Start, App: of.Options.App, Job: sub.Job.ID, Of: of.ID}); err != nil {
		return sub.Job, err
	}
	return s.queueKept(ctx, sub, func() enqueue.Records { return rows.all(ctx) }, rows.inputs)
}

// verifyOptions are those of a job that follows the links of another: as that one calls, but a link that came to nothing is no failure to stop for.
func verifyOptions(of jobs.Job, within time.Duration) jobs.Options {
	o := of.Options
	o.Within, o.MaxFailures = within, jobs.Threshold{Percent: 100}
	o.Canary, o.Filter, o.FinishBy = jobs.Canary{}, jobs.Filter{}, ""
	if o.Window == "" {
		o.Timezone = ""
	}
	o.Origin = jobs.Origin{Made: of.ID}
	return o
}

// pendingRows are a verify for each link of a job that is pending, numbered from 1.
type pendingRows struct {
	*Service
	of   string
	read int64
	err  error // that ended the reading
}

func (p *pendingRows) any(ctx context.Context) bool {
	for range p.all(ctx) {
		return true
	}
	return false
}

func (p *pendingRows) all(ctx context.Context) enqueue.Records {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		p.read = 0
		for chunk, err := range p.withLinks(ctx, p.of, p.ledger.Chunks(ctx, p.of)) {
			if err != nil {
				p.err = err
				return
			}
			for i := range chunk.Outcomes {
				row, ok := chunk.Outcomes[i].Verification()
				if !ok {
					continue
				}
				p.read++
				row.Carry, row.Number = jobs.Carry{Row: row.Number}.Encode(), p.read
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

func (p *pendingRows) inputs() []jobs.Input {
	in := jobs.Input{Name: "pending links of job " + p.of, Format: jobs.InputOfJob, FirstRow: 1, Rows: p.read}
	if p.err != nil {
		in.Error = p.err.Error()
	}
	return []jobs.Input{in}
}
