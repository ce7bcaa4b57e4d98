package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// work is what tells the work that a command is given from other work.
type work struct {
	fingerprint string // of the input and of how it is read: a job goes on with the same only
	claim       string // under which an app's input is not queued twice
	piped       bool   // a part of the input can be read only once, and is told by its records as they come
}

// work that the flags ask for.
func (j *jobFlags) work(files *input.Files) (work, error) {
	inputs, err := files.Digest()
	if err != nil {
		return work{}, err
	}
	fingerprint := jobs.Fingerprint
	if files.Pipe() != "" {
		fingerprint = jobs.PipeFingerprint
	}
	return work{fingerprint(inputs, j.settings()), fingerprint(inputs, j.telling()), files.Pipe() != ""}, nil
}

// telling are the settings without those that change no row of the opened files: they make no other input.
func (j *jobFlags) telling() map[string]string {
	s := j.settings()
	if j.namesOps {
		s["op"] = ""
	}
	if !j.uses.Time {
		s["now"] = ""
	}
	s["var"] = strings.Join(slices.DeleteFunc(slices.Clone(j.expressions.vars), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return !slices.Contains(j.uses.Vars, name)
	}), "\n")
	return s
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
func (p *program) begin(ctx context.Context, st *store, opt jobs.Options, w work, goesOn func(jobs.Job) bool) (*session, error) {
	s := st.session(opt)
	if s.piped = w.piped; s.piped {
		s.again = "the same command with the same rows"
	}
	if goesOn == nil {
		s.again = fmt.Sprintf("'sunbulk enqueue FILE… --resume %s' with the same flags and rows", s.job)
	} else {
		holder, err := s.claim(ctx, opt.App, w, goesOn)
		if err != nil {
			return nil, err
		}
		if holder != s.job {
			return s, p.takeOver(ctx, s, holder, opt, w, goesOn)
		}
	}
	return s, s.create(ctx, opt, w.fingerprint)
}

// claim returns the job that has the input: the session's, or an earlier one. A pipe may be another one each
// time: its claim ends with the job that could go on with it.
func (s *session) claim(ctx context.Context, app string, w work, goesOn func(jobs.Job) bool) (string, error) {
	for {
		holder, err := s.ledger.Claim(ctx, app, w.claim, s.job)
		if err != nil || holder == s.job || !w.piped {
			return holder, err
		}
		job, err := s.ledger.Job(ctx, holder)
		if err != nil || goesOn(job) {
			return holder, err
		}
		moved, err := s.ledger.Reclaim(ctx, app, w.claim, holder, s.job)
		if moved || err != nil {
			return s.job, err
		}
	}
}

// takeOver makes the session one of the job that has the input already, or says why it cannot.
func (p *program) takeOver(ctx context.Context, s *session, holder string, opt jobs.Options, w work, goesOn func(jobs.Job) bool) error {
	job, err := s.ledger.Job(ctx, holder)
	if err != nil {
		return err
	}
	what, anew := "the same input", "--allow-duplicates runs every row again"
	if w.piped {
		what, anew = "a pipe that is read in the same way", "'sunbulk cancel "+job.ID+"' ends that job, and --allow-duplicates makes another beside it"
	}
	switch {
	case job.State == jobs.Cancelled:
		return usage(fmt.Sprintf("%s is that of job %s, which was cancelled", what, job.ID),
			"'sunbulk report "+job.ID+"' writes the rows that it left as unprocessed.csv, which can be queued")
	case !goesOn(job):
		return usage(fmt.Sprintf("%s is that of job %s, which is %s", what, job.ID, job.State),
			"'sunbulk status "+job.ID+"' tells what became of it; "+anew)
	case job.Options != opt || job.Fingerprint != w.fingerprint:
		return usage(fmt.Sprintf("%s is that of job %s, which was started with other options", what, job.ID),
			"start it again as it was; "+anew)
	}
	return p.goOn(ctx, s, job)
}

// openRedisSession starts a job on a real Redis, or goes on with the one that has the input.
func (p *program) openRedisSession(ctx context.Context, o runOptions, opt jobs.Options, files *input.Files) (*session, error) {
	w, err := o.job.work(files)
	if err != nil {
		return nil, err
	}
	st, err := p.openStore(ctx, o.redis)
	if err != nil {
		return nil, err
	}
	if o.out != "" {
		err = st.refuseOtherReport(ctx, outFolder(o.out, ""), w.fingerprint)
	}
	var s *session
	if err == nil {
		s, err = p.begin(ctx, st, opt, w, o.job.twins(func(before jobs.Job) bool { return !before.State.Ended() }))
	}
	if err != nil {
		st.Close()
		return nil, err
	}
	s.agreed = make(chan bool, 1)
	s.out = outFolder(o.out, s.job)
	if s.folder, err = report.Open(s.out, s.job); err != nil {
		st.Close()
		return nil, noFolder(s.out, err)
	}
	s.close = func() { s.folder.Close(); st.Close() }
	return s, nil
}

// refuseOtherReport refuses a folder with a report, unless it is the one of the unfinished job that
// has the input.
func (s *store) refuseOtherReport(ctx context.Context, out, fingerprint string) error {
	owner, err := report.Look(out)
	if err != nil || owner == "" {
		return noFolder(out, err)
	}
	job, err := s.ledger.Job(ctx, owner)
	if err == nil && job.Fingerprint == fingerprint && !job.State.Ended() {
		return nil
	}
	return oldReport(out)
}
