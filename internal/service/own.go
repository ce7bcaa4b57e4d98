package service

import (
	"context"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// Own opens the input of a job once more, for a report that keeps its columns: files on this machine that are what they were when the order
// was opened. Where no row is left to be run again it opens none, and where that cannot be done the note says so. Call close at the end.
func (o *Order) Own(ctx context.Context, now jobs.Job) (own report.Own, close func()) {
	t := now.Tally
	if o.Files == nil || !o.Files.Again() || t.Failed+t.InDoubt+t.Unprocessed == 0 {
		return own, func() {}
	}
	note := o.Note
	if note == nil {
		note = func(string) {}
	}
	if !o.Files.Same() {
		note("the input has changed since: the report's files have only the columns that sunbulk reads")
		return own, func() {}
	}
	own, close, err := openOwn(ctx, o.Files, o.Read)
	if err != nil {
		note("the report's files have only the columns that sunbulk reads: " + err.Error())
	}
	return own, close
}

func openOwn(ctx context.Context, files *input.Files, read input.Spec) (report.Own, func(), error) {
	none := func() {}
	cfg, err := read.Config()
	if err != nil {
		return report.Own{}, none, err
	}
	originals, err := input.OpenOriginals(ctx, files, cfg)
	if err != nil {
		return report.Own{}, none, err
	}
	names, paths := originals.Headers()
	return report.Own{Delimiter: originals.Delimiter(), Names: names, Paths: paths, Records: originals.Records()}, func() { originals.Close() }, nil
}

// ownOfJob opens copies of a job's input, of which it knows the digests. The error is an *Invalid where they are others.
func ownOfJob(ctx context.Context, files *input.Files, job jobs.Job) (report.Own, func(), error) {
	none := func() {}
	if files == nil {
		return report.Own{}, none, nil
	}
	if !files.Again() {
		return report.Own{}, none, &Invalid{"input", "--input takes files on this machine"}
	}
	inputs, err := files.Digest()
	if err != nil {
		return report.Own{}, none, err
	}
	if !slices.EqualFunc(inputs, job.Inputs, func(a, b jobs.Input) bool { return a.SHA256 == b.SHA256 }) {
		return report.Own{}, none, &Invalid{"input", "--input: these are not the files that job " + job.ID + " has read"}
	}
	return openOwn(ctx, files, specOf(job.Inputs))
}

// specOf is how files were read that have become these inputs, so far as it matters for their columns.
func specOf(inputs []jobs.Input) (read input.Spec) {
	for _, in := range inputs {
		if in.Delimiter != "" {
			read.Delimiter = in.Delimiter
		}
		for part := range strings.SplitSeq(in.Format, "+") { // such as csv+windows-1252+gzip
			if name, err := input.ParseEncoding(part); err == nil && name != "" {
				read.Encoding = name
			}
		}
		if in.Sheet != "" {
			read.Sheet = in.Sheet
		}
	}
	return read
}
