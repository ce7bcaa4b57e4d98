package service

import (
	"context"
	"errors"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// Work queues the rows of the submission and makes calls for its job at the same time, beside any workers, until the job ends
// or pauses, or drain ends, which lets calls in flight end; an end of ctx stops them. The order must say that it Works.
func (sub *Submission) Work(ctx, drain context.Context, cfg worker.Config) error {
	w := sub.producer.Worker(cfg)
	defer context.AfterFunc(drain, w.Drain)()
	queued, served := make(chan error, 1), make(chan error, 1)
	go func() {
		defer close(sub.agreed)
		queued <- sub.Queue(drain)
	}()
	go func() {
		if !<-sub.agreed { // an earlier job's rows, which nobody asks for now
			served <- nil
			return
		}
		served <- w.Serve(ctx, sub.Job.ID)
	}()
	var err error
	select {
	case err = <-served:
		err = errors.Join(err, <-queued)
	case err = <-queued:
		if err != nil {
			w.Drain()
		}
		err = errors.Join(err, <-served)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Now returns the job as it is.
func (sub *Submission) Now(ctx context.Context) (jobs.Job, error) {
	return sub.producer.Service.Job(ctx, sub.Job.ID)
}

// OpenReport opens the folder dir for the report of the job. Close closes it.
func (sub *Submission) OpenReport(dir string) (err error) {
	sub.folder, err = report.Open(dir, sub.Job.ID)
	return err
}

// Report writes the report of the job as it is into its open folder. Its errors are those of Service.Report.
func (sub *Submission) Report(ctx context.Context, now jobs.Job) (Report, error) {
	own, closeOwn := sub.order.Own(ctx, now)
	defer closeOwn()
	s := sub.producer.Service
	return WriteReport(ctx, sub.folder, now, s.Source(now, s.ledger), own)
}

// MayReport refuses a folder with a report, unless it is the one of the unfinished job that has the input of the order.
// Its errors are those of report.Look and *Conflict.
func (s *Service) MayReport(ctx context.Context, dir string, o Order) error {
	owner, err := report.Look(dir)
	if err != nil || owner == "" {
		return err
	}
	fingerprint, err := o.fingerprint()
	if err != nil {
		return err
	}
	job, err := s.Job(ctx, owner)
	if same, _ := sameInput(job.Fingerprint, fingerprint); err == nil && same && !job.State.Ended() {
		return nil
	}
	return &Conflict{Kind: OtherReport, ID: owner, text: dir + " holds the report of an earlier job"}
}
