package service

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// Order asks for a job.
type Order struct {
	Files   *input.Files
	Read    input.Spec   // how rows are made of them; with AllowDuplicates an input may be queued that was queued before
	Options jobs.Options // of a new job
	Stdin   io.Reader    // what the file - reads

	ID     string // of a new job; empty = one is drawn
	Resume string // the job to which what is missing of it is added, whatever the options; empty = a new one, or the one that was begun with this order
	Works  bool   // who asks makes the job's calls, too: a job that is queued to its end can be continued

	By     By           // asks, for what is kept of it
	Remark func(string) // hears what is odd about the input; nil = nobody does
	Note   func(string) // hears how it goes
	Agreed func()       // is called when the rows are known to be those of the job; nil = nobody wants to know

	reader  *input.Reader
	planned bool // who asks is kept with the start of a plan
}

// Open checks the start of the files before anything else is done about the order. Begin does it where it was not done, and the
// Submission closes them.
func (o *Order) Open(ctx context.Context) (*input.Reader, error) {
	if o.reader != nil {
		return o.reader, nil
	}
	cfg, err := o.Read.Config()
	if err != nil {
		return nil, err
	}
	cfg.Stdin, cfg.Warn = o.Stdin, o.Remark
	o.reader, err = input.Open(ctx, o.Files, cfg)
	return o.reader, err
}

// Submission is a job whose rows can be queued.
type Submission struct {
	Job    jobs.Job
	Piped  bool // its input can be read only once
	ByName bool // only by its id it can be continued: without a key others may have the same input

	mu       sync.Mutex
	reader   *input.Reader
	producer *producer
	order    Order
	made     bool           // the job was created just now
	whole    bool           // all of its rows are queued, by rules that are not those of this release
	agreed   chan bool      // says that the rows are those of the job; closed when it is known that they are not
	folder   *folder.Folder // of the report; nil before it is open
}

// Submit queues the rows of an order for workers, and returns the job when all are queued. After an interruption the same
// order continues the same job. Its errors: *jobs.OptionError, those of input.Open, *Invalid, *Conflict, *NotFound, *Interrupted.
func (s *Service) Submit(ctx context.Context, o Order) (jobs.Job, error) {
	sub, err := s.Begin(ctx, o)
	if err != nil {
		return jobs.Job{}, err
	}
	defer sub.Close()
	if err := sub.Queue(ctx); err != nil {
		return sub.Job, err
	}
	return s.Job(ctx, sub.Job.ID)
}

// Begin is the first half of Submit: it creates the job, or finds the one that goes on.
func (s *Service) Begin(ctx context.Context, o Order) (*Submission, error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if wrong := o.Options.Check(); o.Resume == "" && len(wrong) > 0 {
		return nil, wrong[0]
	}
	reader, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	sub := &Submission{Piped: o.Files.Pipe() != "", ByName: o.Resume == "" && o.Read.AllowDuplicates, reader: reader, order: o, agreed: make(chan bool, 1)}
	agreed := o.Agreed
	o.Agreed = func() {
		sub.agreed <- true
		if agreed != nil {
			agreed()
		}
	}
	if o.Resume != "" {
		err = s.reopen(ctx, sub, o)
	} else {
		err = s.open(ctx, sub, o)
	}
	if err != nil {
		sub.Close()
		return nil, err
	}
	sub.reader.At(sub.Job.Options.Time(sub.Job.Created))
	if err := s.begun(ctx, sub, o); err != nil {
		sub.Close()
		return nil, err
	}
	return sub, nil
}

// begun records who began or continued the job.
func (s *Service) begun(ctx context.Context, sub *Submission, o Order) error {
	if o.planned {
		return nil
	}
	e := audit.Entry{What: audit.Start, App: sub.Job.Options.App, Job: sub.Job.ID}
	if !sub.made {
		e.What = audit.Continue
	}
	return s.Record(ctx, o.By, e)
}

// open creates the job, or takes the one that has the same input.
func (s *Service) open(ctx context.Context, sub *Submission, o Order) error {
	canary, err := PickCanary(ctx, o.Files, o.Read, o.Options.Canary)
	if err != nil {
		return err
	}
	key, err := o.key(sub.reader)
	if err != nil {
		return err
	}
	now := time.Now()
	sub.Job = jobs.Job{ID: cmp.Or(o.ID, jobs.NewID(now)), Options: o.Options, Fingerprint: key.fingerprint, Created: now}
	sub.producer = s.producer(o, sub.Piped, canary)
	if sub.ByName {
		return s.createOnce(ctx, sub)
	}
	holder, err := s.claim(ctx, sub.Job, key, o)
	switch {
	case err != nil:
		return err
	case holder == sub.Job.ID:
		return s.createOnce(ctx, sub)
	}
	before, err := s.ledger.Job(ctx, holder)
	if err != nil {
		return err
	}
	if err := key.refuses(before, o); err != nil {
		return err
	}
	_, sameRows := sameInput(before.Fingerprint, key.fingerprint)
	sub.whole = !sameRows
	return s.goOn(ctx, sub, before, o.Note)
}

// createOnce creates the job, or continues it where another process has created it meanwhile.
func (s *Service) createOnce(ctx context.Context, sub *Submission) error {
	err := s.create(ctx, sub)
	sub.made = err == nil
	if sub.order.ID == "" || !errors.Is(err, ledger.ErrExists) {
		return err
	}
	before, err := s.ledger.Job(ctx, sub.Job.ID)
	if err != nil {
		return err
	}
	return s.goOn(ctx, sub, before, sub.order.Note)
}

// create makes the job, and waits until all replicas have it: one that is lost while workers call for it would be made, and called for, again.
func (s *Service) create(ctx context.Context, sub *Submission) error {
	job := sub.Job
	job.Enqueuer = jobs.Enqueuer{Name: sub.producer.name}
	if err := s.ledger.Create(ctx, job); err != nil {
		return err
	}
	if err := s.replicate(ctx, job.ID, func(context.Context, string) error { return nil }); err != nil {
		return err
	}
	if _, _, err := s.ledger.Standing(ctx, job.ID); !errors.Is(err, ledger.ErrNoJob) {
		return err
	}
	return s.ledger.Create(ctx, job)
}

// goOn makes the submission one of a job that is there. The producer of a pipe's job is taken over from when it is gone:
// two pipes may differ where neither was read yet.
func (s *Service) goOn(ctx context.Context, sub *Submission, job jobs.Job, note func(string)) error {
	sub.Job = job
	if sub.Piped {
		if err := sub.producer.takeOver(ctx, job.ID, note); err != nil {
			return sub.explain(ctx, err)
		}
	}
	note("going on with job " + job.ID)
	return nil
}

// PickCanary reads the files once for the rows of a canary. Who cannot read them twice gets *Invalid.
func PickCanary(ctx context.Context, files *input.Files, read input.Spec, c jobs.Canary) ([]jobs.Row, error) {
	if c.Rows == 0 {
		return nil, nil
	}
	switch name := files.Pipe(); {
	case name != "":
		return nil, &Invalid{"canary", "takes its rows from the whole input, and " + name + " can be read only once"}
	case read.Evaluates() && read.Now == "":
		return nil, &Invalid{"now", "a canary reads the input twice, and expressions need the same time for both"}
	}
	cfg, err := read.Config() // its remarks are those of the reading that queues the rows
	if err != nil {
		return nil, err
	}
	reader, err := input.Open(ctx, files, cfg)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	reader.At(jobs.Filter{Now: read.Now}.Time(time.Now()))
	rows := enqueue.Pick(reader.Rows(ctx), c.Rows)
	return rows, ctx.Err()
}
