package main

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/internal/notify"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// runJobOnRedis runs a job on a real Redis, or continues the one that has the input.
func (p *program) runJobOnRedis(ctx context.Context, o runOptions, order service.Order, hook *notify.Hook, w worker.Config) error {
	reader, err := order.Open(p.drain)
	if err != nil {
		return p.orInterrupted(err)
	}
	defer reader.Close()
	if o.out != "" {
		out := report.Dir(o.out, "")
		if _, err := report.Look(out); err != nil {
			return noFolder(out, err)
		}
	}
	if err := o.access.ask(ctx, w.APIs[order.Options.App]); err != nil {
		return err
	}
	s, err := p.open(ctx, o.redis)
	if err != nil {
		return err
	}
	defer s.Close()
	sub, out, err := p.beginOnRedis(ctx, s, o, order)
	if err != nil {
		return p.orInterrupted(err)
	}
	defer sub.Close()
	if err := p.warnOfOverride(ctx, s, order.Options.App); err != nil {
		return err
	}
	defer p.notices(ctx, s, hook, notify.Config{Apps: []string{order.Options.App}, Job: sub.Job.ID, StalledAfter: o.notify.stalledAfter}, w.Logger)()
	defer p.saysStopping()()
	progress := p.watch(ctx, sub.Job.ID, s, sub.Progress)
	err = sub.Work(ctx, p.drain, w)
	progress.stop()
	if err != nil {
		return err
	}
	now, err := p.reportOf(ctx, sub, out)
	if err != nil {
		return err
	}
	return runEnd(sub, now, ctx.Err() != nil)
}

// beginOnRedis finds or makes the job, and opens the folder of its report.
func (p *program) beginOnRedis(ctx context.Context, s *service.Service, o runOptions, order service.Order) (sub *service.Submission, out string, err error) {
	order.Works = true
	if o.out != "" {
		out = report.Dir(o.out, "")
		if err := s.MayReport(ctx, out, order); err != nil {
			return nil, out, noFolder(out, err)
		}
	}
	if sub, err = s.Begin(p.drain, order); err != nil {
		return nil, out, err
	}
	out = report.Dir(o.out, sub.Job.ID)
	if err := sub.OpenReport(out); err != nil {
		sub.Close()
		return nil, out, noFolder(out, err)
	}
	return sub, out, nil
}

// runEnd is the exit code of a job on Redis, and what to do where it stands.
func runEnd(sub *service.Submission, job jobs.Job, stopped bool) error {
	interrupted := fmt.Errorf("job %s is interrupted", job.ID)
	hint := again(sub.Piped, sub.ByName, job.ID) + " goes on, or 'sunbulk worker' with what is queued"
	switch {
	case stopped:
	case job.State == jobs.Finished:
		return result(job)
	case job.WaitsForWindow():
		interrupted = fmt.Errorf("%w as it waits for its window: %s", interrupted, job.Reason)
	case job.State == jobs.Paused:
		hint = "mend the cause, then 'sunbulk resume " + job.ID + "'; a worker goes on"
		if job.CanaryFailed() {
			hint = lookFirst(job)
		}
		return endWith(exitPaused, fmt.Errorf("job %s is paused: %s", job.ID, job.Reason), hint)
	case job.State == jobs.Cancelled:
		return endWith(exitNotAllOK, fmt.Errorf("job %s was cancelled: %s", job.ID, job.Reason), "")
	}
	return endWith(exitInterrupted, interrupted, hint)
}
