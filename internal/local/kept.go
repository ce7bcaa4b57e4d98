package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// KeptName is the file in the report folder of a job that has ended and has made clients: its journal, by which its links are followed and its work is
// taken back. It is the owner's alone to read.
const KeptName = "outcomes.ndjson"

// ErrNotKept says that a folder has no outcomes of a job that has ended.
var ErrNotKept = errors.New("has no " + KeptName + ": it is no report folder of a run without Redis that has ended and made clients")

// Keep keeps the journal of a job that has ended, and closes it.
func (l *Ledger) Keep() error {
	dir := filepath.Dir(l.file.Name())
	err := os.Rename(l.file.Name(), filepath.Join(dir, KeptName))
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep journal: %w", err), l.Close())
	}
	return l.Close()
}

// Kept is a job that has ended, as its report folder keeps it, on a Redis in this process: the Service's use cases serve it. Its outcomes are
// in memory, some 300 bytes a row.
type Kept struct {
	*backend
	Head
	Out string // the report folder

	journal *Ledger
}

// OpenKept opens the job that a report folder keeps; a *FolderError when there is none, or another process has it.
func OpenKept(ctx context.Context, dir string) (*Kept, error) {
	f, err := lockNamed(dir, KeptName)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotKept
	}
	if err != nil {
		return nil, inFolder(dir, err)
	}
	b, err := newBackend()
	if err != nil {
		f.Close()
		return nil, err
	}
	k := &Kept{backend: b, Out: dir}
	if err := k.read(ctx, f); err != nil {
		f.Close()
		b.redis.Close()
		return nil, inFolder(dir, err)
	}
	return k, nil
}

// read puts the job into Redis, with its outcomes and what is known of its links.
func (k *Kept) read(ctx context.Context, f *os.File) error {
	head, there, err := readHead(f)
	if err != nil {
		return err
	}
	if !there {
		return ErrNotKept
	}
	m, end, err := replay(contents(f), head)
	if err != nil {
		return err
	}
	if err := f.Truncate(end); err != nil {
		return fmt.Errorf("cut torn line: %w", err)
	}
	k.Head, k.journal = head, newLedger(k.ledger, k.Codec(), head.Job, f, end)
	if err := k.ledger.Restore(ctx, m.Memory); err != nil {
		return err
	}
	last := m.Job.Started
	for chunk, err := range k.journal.Chunks(ctx, head.Job) {
		if err != nil {
			return err
		}
		for i := range chunk.Outcomes {
			if at := chunk.Outcomes[i].FinishedAt; at.After(last) {
				last = at
			}
		}
		if err := k.ledger.Put(ctx, head.Job, chunk); err != nil {
			return err
		}
	}
	for data, err := range k.journal.reread(ctx, head.Job, record.attempts) {
		if err == nil {
			err = k.ledger.PutAttempts(ctx, head.Job, data, m.Job.Tally.Read)
		}
		if err != nil {
			return err
		}
	}
	if err := k.ledger.Seal(ctx, head.Job, m.Job.Inputs, last); err != nil {
		return err
	}
	return k.ledger.PutLinks(ctx, head.Job, m.links)
}

// Save writes what is known of the links to the folder, and the report of the job with it; with undo also what takes back its work.
func (k *Kept) Save(ctx context.Context, undo bool, note func(string)) (service.Report, error) {
	texts, err := k.ledger.LinkTexts(ctx, k.Job)
	if err != nil {
		return service.Report{}, err
	}
	line, err := encodeLine(record{Links: &linksRecord{Texts: texts}})
	if err == nil {
		err = k.journal.journal.settle(k.journal.journal.add(line))
	}
	if err != nil {
		return service.Report{}, err
	}
	job, err := k.Service.Job(ctx, k.Job)
	if err != nil {
		return service.Report{}, err
	}
	r, err := k.Service.Report(ctx, k.Job, k.Out, undo, k.files(ctx, job, note))
	if err != nil && r.Summary.Job == "" {
		err = inFolder(k.Out, err)
	}
	return r, err
}

// files are the input of the job, whose columns its report has; nil where it is not what it was.
func (k *Kept) files(ctx context.Context, job jobs.Job, note func(string)) *input.Files {
	var names []string
	for _, in := range job.Inputs {
		names = append(names, in.Name)
	}
	files, err := input.Find(ctx, names)
	if err == nil && files.Again() {
		same := func(a, b jobs.Input) bool { return a.SHA256 == b.SHA256 }
		if now, err := files.Digest(); err == nil && slices.EqualFunc(now, job.Inputs, same) {
			return files
		}
	}
	note("the input is not where it was, or has changed: failed.csv and the like have the columns that sunbulk reads")
	return nil
}

// Follow follows the links that are pending, by asking the API, until they are settled or within is over, or drain ends; an end of ctx stops calls in
// flight. The job that did so has no ID where none was pending.
func (k *Kept) Follow(ctx, drain context.Context, cfg worker.Config, within time.Duration) (jobs.Job, error) {
	job, err := k.Verify(drain, service.VerifyOrder{Of: k.Job, Within: within})
	if err != nil || job.ID == "" {
		return job, err
	}
	w := k.Worker(cfg)
	defer context.AfterFunc(drain, w.Drain)()
	if err := w.Serve(ctx, job.ID); err != nil && !errors.Is(err, context.Canceled) {
		return job, err
	}
	return k.Service.Job(context.WithoutCancel(ctx), job.ID)
}

// Close lets go of the folder.
func (k *Kept) Close() {
	k.journal.Close()
	k.redis.Close()
}

// CheckAPI tells whether links may be followed by an API: a *FolderError when the job was run on another.
func (k *Kept) CheckAPI(baseURL string, simulated bool) error {
	now := Head{BaseURL: baseURL}
	now.Options.Simulated = simulated
	return inFolder(k.Out, k.sameAPI(now))
}
