package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// fingerprint of the work that the flags ask for; empty when it cannot be told from other work.
func (j *jobFlags) fingerprint(files *input.Files) (string, error) {
	inputs, err := files.Digest()
	if err != nil {
		return "", err
	}
	return jobs.Fingerprint(inputs, j.settings()), nil
}

// twins is goesOn of begin, or nil when inputs may be queued twice.
func (j *jobFlags) twins(goesOn func(jobs.Job) bool) func(jobs.Job) bool {
	if j.allowDuplicates {
		return nil
	}
	return goesOn
}

// begin creates a job on a real Redis. An input that the app has been given before is not queued
// twice: the session is then that of the job that has it, when goesOn allows (I9). Without goesOn
// any input is queued.
func (p *program) begin(ctx context.Context, st *store, opt jobs.Options, fingerprint string, goesOn func(jobs.Job) bool) (*session, error) {
	now := time.Now()
	s := &session{store: st, memory: st.ledger, job: jobs.NewID(now), created: now, batch: opt.BatchSize}
	if fingerprint != "" && goesOn != nil {
		holder, err := st.ledger.Claim(ctx, opt.App, fingerprint, s.job)
		if err != nil {
			return nil, err
		}
		if holder != s.job {
			return s, p.takeOver(ctx, s, holder, opt, goesOn)
		}
	}
	return s, st.ledger.Create(ctx, jobs.Job{ID: s.job, Options: opt, Fingerprint: fingerprint, Created: now})
}

// takeOver makes the session one of the job that has the input already, or says why it cannot.
func (p *program) takeOver(ctx context.Context, s *session, holder string, opt jobs.Options, goesOn func(jobs.Job) bool) error {
	job, err := s.ledger.Job(ctx, holder)
	switch {
	case err != nil:
		return err
	case job.State == jobs.Cancelled:
		return usage(fmt.Sprintf("the same input is that of job %s, which was cancelled", job.ID),
			"'sunbulk report "+job.ID+"' writes the rows that it left as unprocessed.csv, which can be queued")
	case !goesOn(job):
		return usage(fmt.Sprintf("the same input is that of job %s, which is %s", job.ID, job.State),
			"'sunbulk status "+job.ID+"' tells what became of it; --allow-duplicates runs every row again")
	case job.Options != opt:
		return usage(fmt.Sprintf("the same input is that of job %s, which was started with other options", job.ID),
			"start it again as it was; --allow-duplicates runs every row again")
	}
	s.job, s.created = job.ID, job.Created
	fmt.Fprintf(p.screen, "going on with job %s\n", job.ID)
	return nil
}

// openRedisSession starts a job on a real Redis, or goes on with the one that has the input.
func (p *program) openRedisSession(ctx context.Context, o runOptions, opt jobs.Options, files *input.Files) (*session, error) {
	fingerprint, err := o.job.fingerprint(files)
	if err != nil {
		return nil, err
	}
	st, err := p.openStore(ctx, o.redis)
	if err != nil {
		return nil, err
	}
	if o.out != "" {
		err = st.refuseOtherReport(ctx, outFolder(o.out, ""), fingerprint)
	}
	var s *session
	if err == nil {
		s, err = p.begin(ctx, st, opt, fingerprint, o.job.twins(func(before jobs.Job) bool { return !before.State.Ended() }))
	}
	if err != nil {
		st.Close()
		return nil, err
	}
	s.close = func() { st.Close() }
	s.out = outFolder(o.out, s.job)
	return s, nil
}

// refuseOtherReport refuses a folder with a report, unless it is the one of the unfinished job that
// has the input.
func (s *store) refuseOtherReport(ctx context.Context, out, fingerprint string) error {
	var summary struct {
		Job string `json:"job"`
	}
	data, err := os.ReadFile(filepath.Join(out, "summary.json"))
	if err == nil && fingerprint != "" && json.Unmarshal(data, &summary) == nil {
		job, err := s.ledger.Job(ctx, summary.Job)
		if err == nil && job.Fingerprint == fingerprint && !job.State.Ended() {
			return nil
		}
	}
	return refuseOldReport(out)
}
