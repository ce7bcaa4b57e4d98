package service

import (
	"context"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// Report is what a report folder was written with.
type Report struct {
	Job     jobs.Job
	Summary report.Summary
	Clients Clients
	Undo    report.Undo // where it was written
}

// Clients counts those that lists found, and what the job's filter made of them.
type Clients struct {
	Found, Kept int64
	Unjudged    int64 // are in no file
}

// Report writes the report of a job into the folder dir, and with undo what takes back its work. Where files are given, which are the input of
// the job, the report keeps their columns. *ReportError says that nothing was written; report.ErrSum that what was written does not add up;
// *Invalid that the files are others.
func (s *Service) Report(ctx context.Context, id, dir string, undo bool, files *input.Files) (Report, error) {
	job, err := s.Job(ctx, id)
	if err != nil {
		return Report{}, err
	}
	own, closeOwn, err := ownOfJob(ctx, files, job)
	if err != nil {
		return Report{}, err
	}
	defer closeOwn()
	to, err := report.Open(dir, id)
	if err != nil {
		return Report{}, &ReportError{"report", err}
	}
	defer to.Close()
	if undo {
		return writeWithUndo(ctx, to, job, s.Source(job, nil), own, true)
	}
	return writeAlone(ctx, to, job, s.Source(job, nil), own)
}

// WriteReport writes the report of a job from any source, with undo.csv; its errors are those of Report.
func WriteReport(ctx context.Context, to *folder.Folder, job jobs.Job, src report.Source, own report.Own) (Report, error) {
	return writeWithUndo(ctx, to, job, src, own, false)
}

func writeWithUndo(ctx context.Context, to *folder.Folder, job jobs.Job, src report.Source, own report.Own, all bool) (Report, error) {
	r, err := writeAlone(ctx, to, job, src, own)
	if err != nil {
		return r, err
	}
	if r.Undo, err = report.WriteUndo(ctx, to, job, src, all); err != nil {
		return r, &ReportError{"undo", err}
	}
	return r, nil
}

func writeAlone(ctx context.Context, to *folder.Folder, job jobs.Job, src report.Source, own report.Own) (Report, error) {
	r, err := writeReport(ctx, to, job, src, own)
	if err != nil && r.Summary.Job == "" {
		err = &ReportError{"report", err}
	}
	return r, err
}

func writeReport(ctx context.Context, to *folder.Folder, job jobs.Job, src report.Source, own report.Own) (Report, error) {
	r := Report{Job: job}
	filter, err := newFilteredSource(job, src)
	if err != nil {
		return r, err
	}
	if filter != nil {
		src = filter
	}
	r.Summary, err = report.Write(ctx, to, job, src, own)
	if filter != nil {
		r.Clients = filter.counted
	}
	return r, err
}

// ReportError says that a report could not be written.
type ReportError struct {
	what string
	err  error
}

func (e *ReportError) Error() string { return "write " + e.what + ": " + e.err.Error() }

func (e *ReportError) Unwrap() error { return e.err }
