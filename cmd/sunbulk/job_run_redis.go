package main

import (
	"context"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
)

// openRedisSession starts a job on a real Redis, or goes on with the one that has the input.
func (p *program) openRedisSession(ctx context.Context, o runOptions, order service.Order, _ *input.Reader) (*session, error) {
	svc, err := p.open(ctx, o.redis)
	if err != nil {
		return nil, err
	}
	s := &session{store: &store{Service: svc}, agreed: make(chan bool, 1)}
	if err := p.beginOnRedis(ctx, s, o, order); err != nil {
		svc.Close()
		return nil, p.orInterrupted(err)
	}
	s.close = func() { s.folder.Close(); svc.Close() }
	return s, nil
}

func (p *program) beginOnRedis(ctx context.Context, s *session, o runOptions, order service.Order) (err error) {
	order.Works, order.Agreed = true, func() { s.agreed <- true }
	if o.out != "" {
		if err := refuseOtherReport(ctx, s.Service, outFolder(o.out, ""), order); err != nil {
			return err
		}
	}
	if s.submission, err = s.Begin(p.drain, order); err != nil {
		return err
	}
	s.job = s.submission.Job.ID
	s.out = outFolder(o.out, s.job)
	if s.folder, err = report.Open(s.out, s.job); err != nil {
		return noFolder(s.out, err)
	}
	return nil
}

// refuseOtherReport refuses a folder with a report, unless it is the one of the unfinished job that
// has the input.
func refuseOtherReport(ctx context.Context, s *service.Service, out string, o service.Order) error {
	owner, err := report.Look(out)
	if err != nil || owner == "" {
		return noFolder(out, err)
	}
	fingerprint, err := o.Files.Fingerprint(o.Read.Settings())
	if err != nil {
		return err
	}
	job, err := s.Job(ctx, owner)
	if err == nil && job.Fingerprint == fingerprint && !job.State.Ended() {
		return nil
	}
	return oldReport(out)
}
