// Package report makes the files of a report folder from the outcomes of a job: a line per row in
// row order, the rows that may be run again, the clients that lists found, a summary, and a page
// for the eye.
//
// Outcomes come in the order of their commits. Write spools them on disk once, with an index by
// row, and then walks the rows in order: its memory does not grow with the job (I6).
package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/jobs"
)

// Source is what a report is made from. Each of its sequences is read once, Chunks first, and
// ends at its first error.
type Source interface {
	// Chunks gives all outcomes and rejections in the order of their commits, which may be any
	// order of rows.
	Chunks(ctx context.Context) iter.Seq2[jobs.Chunk, error]

	// Rows gives the rows of the batches that are not finished, as they were queued. Rows that
	// have an outcome may be among them, and rows that were lost may be missing.
	Rows(ctx context.Context) iter.Seq2[jobs.Row, error]

	// Attempts gives the calls that outcomes do not tell, those that were answered 429 among them.
	Attempts(ctx context.Context) iter.Seq2[jobs.Attempt, error]
}

// ErrSum says that the rows of a job do not add up (I1), or that one has two outcomes (I3).
var ErrSum = errors.New("rows do not add up")

// Write makes the report of job in its folder. Files appear
// whole or not at all; those of an earlier report that no longer have a row are removed. Own is the job's input, where it is at hand: files whose rows are input again have its columns.
// Summary counts what src gave, up to the rows that job had read. An error that wraps ErrSum comes
// after all files are written; any other leaves the folder's files as they were, unless putting
// the finished files in place is what went wrong.
func Write(ctx context.Context, to *folder.Folder, job jobs.Job, src Source, own Own) (Summary, error) {
	f, err := newDraft(to)
	if err != nil {
		return Summary{}, err
	}
	defer f.discard()
	sp, err := openSpool(f.Dir())
	if err != nil {
		return Summary{}, err
	}
	defer sp.close()

	c := newCollector(job, sp)
	if err := c.collect(ctx, src); err != nil {
		return Summary{}, err
	}
	p := &page{job: job}
	if err := writeRecords(ctx, f, c, p, own); err != nil {
		return Summary{}, err
	}
	s := c.summary()
	if err := p.throttles(ctx, src); err != nil {
		return Summary{}, err
	}
	if err := p.write(f.output("report.html"), s); err != nil {
		return Summary{}, err
	}
	if err := writeSummary(f, s); err != nil {
		return Summary{}, err
	}
	if err := f.publish(); err != nil {
		return Summary{}, err
	}
	if !s.AddsUp {
		return s, fmt.Errorf("%w: %s", ErrSum, s.Mismatch)
	}
	return s, nil
}

// section writes what one file holds of a record: often nothing.
type section func(*record) error

func writeRecords(ctx context.Context, f *draft, c *collector, p *page, own Own) error {
	comma, columns := own.delimiter(c.job), newOwnColumns(own)
	defer columns.close()
	sections := []section{
		resultLines(f.sheet("results.csv")),
		rowLines(f.rowSheet("failed.csv", comma), c.job.ID, jobs.Failed, c.used[jobs.Failed], nil, columns),
		rowLines(f.rowSheet("in_doubt.csv", comma), c.job.ID, jobs.InDoubt, c.used[jobs.InDoubt], rerunOfDoubts, columns),
		rowLines(f.rowSheet("unprocessed.csv", comma), c.job.ID, jobs.Unprocessed, c.used[jobs.Unprocessed], c.rerunOfUnprocessed, columns),
		rejectedLines(f.rowSheet("rejected.csv", comma), c.job.ID, &c.headings),
		duplicateLines(f.rowSheet("duplicates.csv", comma), &c.headings),
		clientLines(f.sheet("clients.csv"), c.brands),
		clientObjects(f.output("clients.ndjson")),
		verifyLines(f.sheet("verify.csv"), c.brands),
		p.note,
	}
	for r, err := range c.spool.records(c.scope) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, write := range sections {
			if err := write(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeSummary(f *draft, s Summary) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	if _, err := f.output("summary.json").buf.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write summary.json: %w", err)
	}
	return nil
}
