package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// store is the Redis of a session, with what is kept there.
type store struct {
	*service.Service
	rdb    redis.UniversalClient
	codec  *jobs.Codec
	ledger *ledger.Ledger
	queues *queue.Queues
}

func newStore(s *service.Service) *store {
	return &store{s, s.Redis(), s.Codec(), ledger.New(s.Redis(), s.Codec()), queue.New(s.Redis(), s.Codec())}
}

// memory is where a job in this process is kept: the journal around its ledger.
type memory interface {
	enqueue.Ledger
	worker.Deliveries
	Job(ctx context.Context, id string) (jobs.Job, error)
	Seal(ctx context.Context, id string, inputs []jobs.Input, now time.Time) error
	service.Outcomes
}

// session is one job of run: where it is kept, and where its report goes.
type session struct {
	*store
	memory   memory // nil on a real Redis, as is the journal
	journal  *local.Ledger
	embedded bool
	piped    bool // an input can be read only once
	job      string
	created  time.Time // of the job
	batch    int
	canary   []jobs.Row
	out      string
	folder   *folder.Folder // where the report goes
	close    func()

	// On a real Redis:
	submission *service.Submission
	agreed     chan bool // tells a run that its rows are those of the job; closed when it is known that they are not
}

// window is how many batches an embedded run reads ahead: miniredis copies its whole list for each
// batch that is added, and what is queued is in memory.
const window = 300

// openSession starts the job, or goes on with the one whose journal is in the report folder.
func (p *program) openSession(ctx context.Context, o runOptions, order service.Order, reader *input.Reader) (*session, error) {
	canary, err := service.PickCanary(p.drain, order.Files, order.Read, order.Options.Canary)
	if err != nil {
		return nil, p.orInterrupted(err)
	}
	inputs, err := order.Files.Digest()
	if err != nil {
		return nil, err
	}
	head := local.Head{
		Job: jobs.NewID(time.Now()), Options: order.Options, Inputs: journalInputs(inputs), Settings: order.Read.Settings(), Telling: order.Read.Effective(reader), Created: time.Now().UTC(),
		BaseURL: o.access.baseURL, Given: o.given,
	}
	own := func(folder string) string { return folder }
	s, err := p.openEmbedded(ctx, o, newcomer{Head: head, out: outFolder(o.out, head.Job), journal: own, ended: endedJob})
	if err != nil {
		return nil, err
	}
	s.canary = canary
	reader.At(order.Options.Time(s.created))
	return s, nil
}

// journalInputs are the inputs as a journal tells them from others.
func journalInputs(inputs []jobs.Input) []local.Input {
	all := make([]local.Input, len(inputs))
	for i, in := range inputs {
		all[i] = local.Input{Name: in.Name, Size: in.Bytes, SHA256: in.SHA256, Version: in.Version}
	}
	return all
}

// openEmbedded starts the newcomer's job on a Redis in the process, or goes on with the one in the report
// folder.
func (p *program) openEmbedded(ctx context.Context, o runOptions, n newcomer) (*session, error) {
	server, err := localredis.Start()
	if err != nil {
		return nil, cannotRun(err, "")
	}
	svc, err := service.New(server.Client())
	if err != nil {
		server.Close()
		return nil, err
	}
	s := &session{store: newStore(svc), embedded: true, batch: n.Options.BatchSize, close: func() { server.Close() }}
	if err := p.openJournal(ctx, s, o, n); err != nil {
		server.Close()
		return nil, err
	}
	s.memory = s.journal
	s.close = func() { s.journal.Close(); s.folder.Close(); server.Close() }
	return s, nil
}

// openJournal goes on with the journal in the report folder, or begins one.
func (p *program) openJournal(ctx context.Context, s *session, o runOptions, n newcomer) (err error) {
	head := n.Head
	s.out = outFolder(o.out, head.Job)
	before, there, err := local.Peek(s.out)
	switch {
	case err != nil:
		return explainJournal(err, s.out)
	case there:
		if s.folder, err = report.Open(s.out, before.Job); err != nil {
			return noFolder(s.out, err)
		}
		defer closeOnError(s.folder, &err)
		head.Who = operator()
		s.journal, head, err = local.Resume(ctx, s.out, head, s.ledger, s.codec)
		if err != nil {
			return explainJournal(err, s.out)
		}
		printf(p.screen, "going on with job %s in %s\n", head.Job, s.out)
		for _, c := range s.journal.Changes() {
			printf(p.screen, "%s\n", c)
		}
	default:
		if err := refuseOldReport(s.out); err != nil {
			return err
		}
		if err := s.beginJournal(n, o.job.read.AllowDuplicates); err != nil {
			return err
		}
		defer closeOnError(s.folder, &err)
		err = s.ledger.Create(ctx, jobs.Job{ID: head.Job, Options: head.Options, Fingerprint: head.Fingerprint(), Created: head.Created})
	}
	s.job, s.created = head.Job, head.Created
	s.piped = slices.ContainsFunc(head.Inputs, func(in local.Input) bool { return !in.Known() })
	return err
}

// beginJournal begins the newcomer's journal, beside no run of the same work unless it is again: none can begin one meanwhile.
func (s *session) beginJournal(n newcomer, again bool) (err error) {
	if !again {
		defer keepOut(n.out)()
		if err := n.refuseTwin(); err != nil {
			return err
		}
	}
	if s.folder, err = report.Open(s.out, n.Job); err != nil {
		return noFolder(s.out, err)
	}
	if s.journal, err = local.Create(s.out, n.Head, s.ledger, s.codec); err != nil {
		s.folder.Close()
		return explainJournal(err, s.out)
	}
	return nil
}

// closeOnError is for defer: what opened the folder ends with an error.
func closeOnError(f *folder.Folder, err *error) {
	if *err != nil {
		f.Close()
	}
}

func refuseOldReport(out string) error {
	owner, err := report.Look(out)
	if err == nil && owner != "" {
		err = oldReport(out)
	}
	return noFolder(out, err)
}

func explainJournal(err error, out string) error {
	if changed, ok := errors.AsType[*local.ChangedError](err); ok {
		return usage(fmt.Sprintf("%s holds an unfinished run, and this is not the same one: %s", out, changed), "run it again as it was, or give another --out")
	}
	switch {
	case isFolderError(err):
		return err
	case errors.Is(err, local.ErrLocked):
		return usage("another sunbulk works in "+out, "wait for it, or give another --out")
	case errors.Is(err, local.ErrSimulated):
		return usage(out+" holds a simulated run, and this one would call the API: rows that are done there were done to nobody", "give another --out; with --simulate it goes on")
	case errors.Is(err, local.ErrReal):
		return usage(out+" holds a run on the API, and this one is simulated", "give another --out; without --simulate it goes on")
	case errors.Is(err, local.ErrElsewhere):
		return usage(out+" holds a run on another base URL: rows that are done there were not done here", "give the --base-url that it was started with, or another --out")
	}
	return cannotRun(err, "check "+out+", or give another --out")
}

// read queues all records and seals the job; inputs is asked after the last record.
func (s *session) read(ctx context.Context, rows enqueue.Records, inputs func() []jobs.Input) error {
	if !s.embedded {
		defer close(s.agreed)
		return s.submission.Queue(ctx)
	}
	cfg := enqueue.Config{BatchSize: s.batch, Canary: s.canary, Witness: s.piped, Window: window}
	err := enqueue.New(s.memory, s.queues, cfg).Add(ctx, s.job, rows)
	if err == nil {
		err = s.memory.Seal(ctx, s.job, inputs(), time.Now())
	}
	if errors.As(err, new(*local.ChangedError)) {
		return explainJournal(err, s.out)
	}
	return err
}

// discard removes the journal of a job whose report is written.
func (s *session) discard() error {
	if s.journal == nil {
		return nil
	}
	return s.journal.Discard()
}

// source is what a report of the session's job is made from.
func (s *session) source(job jobs.Job) report.Source {
	if s.embedded {
		return s.Source(job, s.memory)
	}
	return s.Source(job, nil)
}

// deliveries are where a worker opens batches; nil is the ledger on Redis.
func (s *session) deliveries() worker.Deliveries {
	if s.embedded {
		return s.memory
	}
	return nil
}
