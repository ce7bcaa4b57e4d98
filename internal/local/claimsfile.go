package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sunbulk/sunbulk/internal/osfile"
	"github.com/sunbulk/sunbulk/jobs"
)

// claimsName is the file in a report folder that says which rows of its job are run again, and by whom: a line `ROW JOB:ROW` for each claim,
// in the order in which they were made. Lines are only added.
const claimsName = ".sunbulk-reruns"

// claimsFile is open for several goroutines and several processes. Claims that wait for the disk at the same time share one fsync.
type claimsFile struct {
	path string
	file *os.File

	writing sync.Mutex // held by the one who writes; guards held and end
	held    map[int64]jobs.RowRef
	end     int64 // offset behind the last whole line that was read or written

	mu   sync.Mutex
	next *claimGroup
}

// claimGroup is the claims that are made together.
type claimGroup struct {
	claims []rowClaim
	done   bool
	err    error
}

type rowClaim struct {
	row    int64
	before []jobs.RowRef // who may have had it
	by     jobs.RowRef
	holder jobs.RowRef // the answer
}

// openClaims opens the file in a report folder, and makes it where there is none.
func openClaims(dir string) (*claimsFile, error) {
	path := filepath.Join(dir, claimsName)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("claim rows in %s: %w", path, err)
	}
	defer root.Close()
	f, err := root.OpenFile(claimsName, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if f, err = openOwn(root, claimsName, os.O_RDWR); errors.Is(err, ErrAlien) {
			err = errors.New("it is not a plain file of this user's")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("claim rows in %s: %w", path, err)
	}
	return &claimsFile{path: path, file: f, held: map[int64]jobs.RowRef{}, next: new(claimGroup)}, nil
}

// claim returns who has the claim on a row from now on: by, unless somebody else has it who is not among those before.
func (f *claimsFile) claim(row int64, before []jobs.RowRef, by jobs.RowRef) (jobs.RowRef, error) {
	f.mu.Lock()
	g, i := f.next, len(f.next.claims)
	g.claims = append(g.claims, rowClaim{row: row, before: before, by: by})
	f.mu.Unlock()

	f.writing.Lock()
	defer f.writing.Unlock()
	if !g.done {
		f.mu.Lock()
		f.next = new(claimGroup)
		f.mu.Unlock()
		g.done = true
		if err := f.settle(g); err != nil {
			g.err = fmt.Errorf("claim rows in %s: %w", f.path, err)
		}
	}
	return g.claims[i].holder, g.err
}

// settle answers all claims of a group, with the file locked against other processes.
func (f *claimsFile) settle(g *claimGroup) (err error) {
	if err := osfile.Lock(f.file); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, osfile.Unlock(f.file)) }()
	if err := f.read(); err != nil {
		return err
	}
	var lines []byte
	made := map[int64]jobs.RowRef{}
	for i := range g.claims {
		c := &g.claims[i]
		var has bool
		if c.holder, has = made[c.row]; !has {
			c.holder, has = f.held[c.row]
		}
		if !has || c.holder != c.by && slices.Contains(c.before, c.holder) {
			c.holder, made[c.row] = c.by, c.by
			lines = fmt.Appendf(lines, "%d %s\n", c.row, c.by)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	if _, err := f.file.WriteAt(lines, f.end); err != nil {
		return err
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	f.end += int64(len(lines))
	for row, by := range made {
		f.held[row] = by
	}
	return nil
}

// read learns what was added since. What a process that died has left of a line is cut off.
func (f *claimsFile) read() error {
	info, err := f.file.Stat()
	if err != nil || info.Size() == f.end {
		return err
	}
	if info.Size() < f.end { // somebody has cut or emptied it
		clear(f.held)
		f.end = 0
	}
	data, err := io.ReadAll(io.NewSectionReader(f.file, f.end, info.Size()-f.end))
	if err != nil {
		return err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	job := "" // most lines name that of the line before, and share it
	for line := range strings.Lines(string(whole)) {
		row, by, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		number, err := strconv.ParseInt(row, 10, 64)
		if ref, ok := jobs.ParseRowRef(by); ok && err == nil {
			if ref.Job != job {
				job = strings.Clone(ref.Job)
			}
			f.held[number] = jobs.RowRef{Job: job, Row: ref.Row}
		}
	}
	f.end += int64(len(whole))
	if len(whole) < len(data) {
		return f.file.Truncate(f.end)
	}
	return nil
}

func (f *claimsFile) close() { f.file.Close() }
