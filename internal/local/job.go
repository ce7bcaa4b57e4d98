package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// Order asks for a job in this process.
type Order struct {
	service.Order
	Out     string                   // the report folder; empty = one in the working directory, named after the job
	BaseURL string                   // of the API that is called
	Given   func(option string) bool // which options are asked for: a job that goes on keeps its others; nil = all

	reader  *input.Reader
	reading context.Context // ends its reading and the queuing of rows
	stop    context.CancelCauseFunc
}

// Open checks the start of the files and the report folder before anything else is done about the order. Its errors: those
// of input.Open, *FolderError.
func (o *Order) Open(ctx context.Context) (err error) {
	o.reading, o.stop = context.WithCancelCause(ctx)
	if o.reader, err = o.Order.Open(o.reading); err != nil || o.Out == "" {
		return err
	}
	out := report.Dir(o.Out, "")
	owner, err := report.Look(out)
	if err != nil || owner == "" {
		return inFolder(out, err)
	}
	if _, there, err := Peek(out); there || err != nil {
		return nil // Begin finds out whose it is
	}
	return inFolder(out, ErrReported)
}

// Close closes the files, also where Open did not end well.
func (o *Order) Close() {
	o.stop(nil)
	if o.reader != nil {
		o.reader.Close()
	}
}

// Job is one in this process, with a journal in its report folder.
type Job struct {
	*backend
	ID  string
	Out string // the report folder

	Progress func() (read, total int64) // of the input, in bytes; total is 0 when it is not known

	order   Order
	created time.Time
	batch   int
	canary  []jobs.Row
	piped   bool    // an input can be read only once
	made    bool    // it has made clients, or may have, by its report
	journal *Ledger // nil where it could not be opened, as is the folder
	folder  *folder.Folder
	reruns  *reruns // nil where nothing is really done
}

// lookahead is how many batches are read before the others are finished: miniredis copies its whole list for each
// batch that is added, and what is queued is in memory.
const lookahead = 300

// Begin starts the job of an order that is open, or continues the one whose journal is in the report folder. Its errors:
// *FolderError, *DuplicateError, *service.Invalid, those of the input.
func Begin(ctx context.Context, o Order) (*Job, error) {
	canary, err := service.PickCanary(ctx, o.Files, o.Read, o.Options.Canary)
	if err != nil {
		return nil, err
	}
	inputs, err := o.Files.Digest()
	if err != nil {
		return nil, err
	}
	head := Head{
		Job: jobs.NewID(time.Now()), Options: o.Options, Inputs: inputsOf(inputs), Settings: o.Read.Settings(), Telling: o.Read.Effective(o.reader), Created: time.Now().UTC(),
		BaseURL: o.BaseURL, Given: o.Given, Who: o.By.Who,
	}
	out := report.Dir(o.Out, head.Job)
	own := func(folder string) string { return folder }
	b, err := newBackend()
	if err != nil {
		return nil, err
	}
	j, err := b.open(ctx, candidate{Head: head, out: out, around: out, journal: own, ended: endedJob, duplicate: o.Read.AllowDuplicates}, o.Note)
	if err != nil {
		b.redis.Close()
		return nil, err
	}
	j.order, j.canary, j.Progress = o, canary, o.reader.Progress
	o.reader.At(o.Options.Time(j.created))
	return j, nil
}

// inputsOf are the inputs as a journal tells them from others.
func inputsOf(inputs []jobs.Input) []Input {
	all := make([]Input, len(inputs))
	for i, in := range inputs {
		all[i] = Input{Name: in.Name, Size: in.Bytes, SHA256: in.SHA256, Version: in.Version}
	}
	return all
}

// Work reads the rows and makes their calls at the same time, until the job ends or pauses, or drain ends, which lets calls in
// flight end; an end of ctx stops them. APIs, names and the like are those of cfg. Its errors: *DiskError, *FolderError, those of the input.
func (j *Job) Work(ctx, drain context.Context, cfg worker.Config) error {
	return j.work(ctx, drain, cfg, j.order.stop, j.queue)
}

// work makes calls while queue queues the rows, which stop stops.
func (j *Job) work(ctx, drain context.Context, cfg worker.Config, stop context.CancelCauseFunc, queue func() error) error {
	cfg.Deliveries, cfg.Alone = j.journal, true
	var w *worker.Worker
	if j.reruns != nil {
		cfg.Reruns, j.reruns.stop = j.reruns, func() { w.Drain() }
	}
	w = j.Worker(cfg)
	defer context.AfterFunc(drain, w.Drain)()
	queued, served := make(chan error, 1), make(chan error, 1)
	go func() { queued <- queue() }()
	go func() { served <- w.Serve(ctx, j.ID) }()
	var err error
	select {
	case err = <-served:
		stop(errNoLonger) // no batch would be finished any more, and make place for another
		err = errors.Join(err, <-queued)
	case err = <-queued:
		if err != nil {
			w.Drain()
		}
		err = errors.Join(err, <-served)
	}
	if full, ok := errors.AsType[*DiskError](err); ok {
		return full
	}
	if err := j.reruns.failure(); err != nil {
		return err
	}
	if errors.Is(err, errNoLonger) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// errNoLonger ends the reading of a job that is paused.
var errNoLonger = errors.New("the job no longer runs")

// queue queues all records and seals the job.
func (j *Job) queue() error {
	ctx, reader := j.order.reading, j.order.reader
	cfg := enqueue.Config{BatchSize: j.batch, Canary: j.canary, Witness: j.piped, Window: lookahead}
	err := enqueue.New(j.journal, j.queues, cfg).Add(ctx, j.ID, reader.Rows(ctx))
	if err == nil {
		err = j.journal.Seal(ctx, j.ID, reader.Inputs(), time.Now())
	}
	if errors.As(err, new(*ChangedError)) {
		return inFolder(j.Out, err)
	}
	return err
}

// Now returns the job as it is.
func (j *Job) Now(ctx context.Context) (jobs.Job, error) { return j.Service.Job(ctx, j.ID) }

// Report writes the report of the job as it is. Its errors are those of service.Report.
func (j *Job) Report(ctx context.Context, now jobs.Job) (service.Report, error) {
	own, closeOwn := j.order.Own(ctx, now)
	defer closeOwn()
	r, err := service.WriteReport(ctx, j.folder, now, j.source(now), own)
	j.made = r.Summary.Links.Total() > 0 || r.Summary.Creates > 0
	return r, err
}

func (j *Job) source(now jobs.Job) report.Source { return j.Source(now, j.journal) }

// Settle is called when the report of the job is written. It removes the journal of one that has finished, or keeps it where that has made clients, and says
// in a *Stop why another makes no more calls.
func (j *Job) Settle(ctx context.Context, now jobs.Job) error {
	switch {
	case now.State == jobs.Finished:
		if j.made {
			return j.journal.Keep()
		}
		return j.journal.Discard()
	case now.WaitsForWindow():
		return &Stop{Interrupted, j.Out, fmt.Sprintf("job %s is interrupted as it waits for its window: %s", j.ID, now.Reason)}
	case now.State == jobs.Paused:
		kind, err := j.paused(ctx, now, JobPaused)
		if err != nil {
			return err
		}
		return &Stop{kind, j.Out, fmt.Sprintf("job %s is paused: %s", j.ID, now.Reason)}
	}
	return j.Interrupted()
}

// Interrupted is the *Stop of a job that is broken off.
func (j *Job) Interrupted() error {
	return &Stop{Interrupted, j.Out, fmt.Sprintf("job %s is interrupted", j.ID)}
}

// paused tells how a job is paused. After a failed canary the other rows are called when it is begun again: the one who
// does that has looked.
func (j *Job) paused(ctx context.Context, now jobs.Job, kind StopKind) (StopKind, error) {
	if !now.CanaryFailed() {
		return kind, nil
	}
	return CanaryFailed, j.journal.EndCanary(ctx, j.ID)
}

// Close lets go of the folder. What the job remembers of its calls is in the journal.
func (j *Job) Close() {
	j.closeFolder()
	j.redis.Close()
}

func (j *Job) closeFolder() {
	if j.journal != nil {
		j.journal.Close()
	}
	if j.folder != nil {
		j.folder.Close()
	}
	if j.reruns != nil {
		j.reruns.close()
	}
}
