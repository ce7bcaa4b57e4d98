// Package local is a job, or a run of a runbook, in this process alone: a Redis inside, a journal in the report folder for all that must
// survive the process, and a worker. It prints nothing and knows no flags; its errors are typed, and a front end says what to do about them.
//
// Redis keeps what is queued and how far the job is; the journal alone keeps outcomes, so memory does not grow with the job (I6).
// The journal is locked while a process works on it.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/osfile"
	"github.com/sunbulk/sunbulk/jobs"
)

// FileName is the file of the journal in its folder. The file is the owner's alone to read: it holds rows.
const FileName = "journal.ndjson"

// Create begins a journal in dir, which it makes when missing, and locks it until Close or the end
// of the process. The job itself is then created with the Ledger's Create. ErrExists when there is
// a journal, ErrLocked when another process is at it, ErrAlien when something else has its name.
func Create(dir string, head Head, l *ledger.Ledger, codec *jobs.Codec) (*Ledger, error) {
	if err := jobs.CheckID(head.Job); err != nil {
		return nil, err
	}
	head.Version, head.Rules = version, input.Rules
	if !head.Options.Simulated {
		head.Mark = mark(head.Job, head.BaseURL)
	}
	line, err := encodeLine(head)
	if err != nil {
		return nil, err
	}
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	f, err := makeFile(dir)
	if err != nil {
		return nil, err
	}
	if err := begin(f, dir, line); err != nil {
		f.Close()
		return nil, err
	}
	return newLedger(l, codec, head.Job, f, int64(len(line))), nil
}

// headStart begins every head.
const headStart = `{"version":`

// begin makes line the first one of an empty journal and puts it and the folder on the disk.
func begin(f *os.File, dir string, line []byte) error {
	switch _, there, err := readHead(f); {
	case err != nil:
		return err
	case there:
		return ErrExists
	}
	// A head that is not whole is one whose run had not begun; anything else is not ours to cut.
	start := make([]byte, len(headStart))
	n, err := f.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read journal: %w", err)
	}
	if string(start[:n]) != headStart[:n] {
		return ErrAlien
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if _, err := f.WriteAt(line, 0); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return syncFolder(dir)
}

func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	err := syncFolder(filepath.Dir(filepath.Clean(dir)))
	if errors.Is(err, fs.ErrPermission) { // then dir was there before
		return nil
	}
	return err
}

func syncFolder(dir string) error {
	if err := osfile.SyncFolder(dir); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// Resume goes on from the journal in dir: it puts the job, under its old id, into l, which must not
// know it. Options that say when and how fast it calls may be others than before. The whole input is to be queued again, with the same cuts, and sealed. ErrNone when there
// is no journal, ErrLocked when another process is at it, a *ChangedError when head asks for
// something else, ErrSimulated, ErrReal or ErrElsewhere when it calls another API, a *LineError when the journal is damaged.
func Resume(ctx context.Context, dir string, head Head, l *ledger.Ledger, codec *jobs.Codec) (*Ledger, Head, error) {
	f, err := lockFile(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Head{}, ErrNone
	}
	if err != nil {
		return nil, Head{}, err
	}
	resumed, before, err := resume(ctx, f, head, l, codec)
	if err != nil {
		f.Close()
		return nil, Head{}, err
	}
	return resumed, before, nil
}

func resume(ctx context.Context, f *os.File, head Head, l *ledger.Ledger, codec *jobs.Codec) (*Ledger, Head, error) {
	before, there, err := readHead(f)
	if err != nil {
		return nil, Head{}, err
	}
	if !there {
		return nil, Head{}, ErrNone
	}
	if err := before.compare(head); err != nil {
		return nil, Head{}, err
	}
	m, end, err := replay(contents(f), before)
	if err != nil {
		return nil, Head{}, err
	}
	// What is torn must not stand behind a line that is shorter.
	if err := f.Truncate(end); err != nil {
		return nil, Head{}, fmt.Errorf("cut torn line: %w", err)
	}
	resumed := newLedger(l, codec, before.Job, f, end)
	resumed.past = m.past
	if err := resumed.amend(&m, head); err != nil {
		return nil, Head{}, err
	}
	before.Options = m.Job.Options
	return resumed, before, l.Restore(ctx, m.Memory)
}

// amend notes the options that are new before anything is done by them.
func (l *Ledger) amend(m *replayState, now Head) error {
	changes, r, err := m.amend(now, time.Now().UTC())
	if err != nil || len(changes) == 0 {
		return err
	}
	line, err := encodeLine(r)
	if err != nil {
		return err
	}
	l.changes = changes
	return l.journal.settle(l.journal.add(line))
}

// Peek tells whether dir holds a journal that can be gone on from, and returns its head.
func Peek(dir string) (Head, bool, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return Head{}, false, nil
	}
	if err != nil {
		return Head{}, false, fmt.Errorf("open journal: %w", err)
	}
	defer root.Close()
	f, err := openFile(root, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return Head{}, false, nil
	}
	if err != nil {
		return Head{}, false, err
	}
	defer f.Close()
	return readHead(f)
}

// readHead returns the journal's head; false when its first line is not whole.
func readHead(f *os.File) (Head, bool, error) {
	for line, err := range lines(contents(f)) {
		if err != nil {
			return Head{}, false, err
		}
		head, err := decodeHead(line.data)
		if err != nil {
			return Head{}, false, &LineError{line.number, err}
		}
		return head, true, nil
	}
	return Head{}, false, nil
}

// contents reads the file from its start, whatever else reads it.
func contents(f *os.File) io.Reader { return io.NewSectionReader(f, 0, 1<<62) }

// Close writes what is not on the disk yet, and gives the folder free for the next run.
func (l *Ledger) Close() error {
	return errors.Join(l.journal.flush(), l.file.Close())
}

// Discard deletes the journal, after a finished report, and closes it.
func (l *Ledger) Discard() error {
	path := l.file.Name()
	opened, err := l.file.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = os.Lstat(path); err == nil && os.SameFile(opened, there) {
			err = os.Remove(path)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("discard journal: %w", err), l.Close())
	}
	return l.file.Close()
}
