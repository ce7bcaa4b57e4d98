package folder

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/osfile"
)

// FileName is the file of the manifest in its folder.
const FileName = ".sunbulk.json"

// lockFile is the file that is locked where the manifest cannot be.
const lockFile = ".sunbulk.lock"

// version is that of the manifest's layout.
const version = 1

// maxRead is how much is read of a file that may name an owner, in bytes.
const maxRead = 4 << 20

// manifest is what FileName holds. A folder whose manifest lists no file is nobody's unless a journal is in it:
// its owner came to nothing.
type manifest struct {
	Version int                `json:"version"`
	Owner   string             `json:"owner"` // id of the job or run
	Files   map[string][]Stamp `json:"files"` // two stamps while a new report takes the place of the last

	there bool
}

// Stamp tells a file from others.
type Stamp struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // in hex
}

// Stamper passes on what is written to it, and knows the Stamp of it all.
type Stamper struct {
	to    io.Writer
	hash  hash.Hash
	bytes int64
}

// NewStamper returns a Stamper in front of w.
func NewStamper(w io.Writer) *Stamper { return &Stamper{to: w, hash: sha256.New()} }

func (s *Stamper) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.hash.Write(p[:n])
	s.bytes += int64(n)
	return n, err
}

// Stamp is that of what was written so far.
func (s *Stamper) Stamp() Stamp { return Stamp{s.bytes, hex.EncodeToString(s.hash.Sum(nil))} }

func (m *manifest) add(name string, s Stamp) {
	if m.Files == nil {
		m.Files = map[string][]Stamp{}
	}
	if !slices.Contains(m.Files[name], s) {
		m.Files[name] = append(m.Files[name], s)
	}
}

func (m *manifest) encode() ([]byte, error) {
	m.Version = version
	if m.Files == nil {
		m.Files = map[string][]Stamp{}
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return append(data, '\n'), nil
}

// survey reads the manifest, and tells whose folder it is. Where an older release left no manifest, the report or
// the journal of the owner tells, and written is the time of that report.
func (f *Folder) survey() (owner string, written time.Time, err error) {
	if f.manifest, err = f.readManifest(); err != nil {
		return "", time.Time{}, err
	}
	if len(f.manifest.Files) > 0 {
		return f.manifest.Owner, time.Time{}, nil
	}
	if owner, written = f.trace(); owner != "" || f.manifest.there {
		return owner, written, nil
	}
	names, err := f.entries()
	if err != nil {
		return "", time.Time{}, err
	}
	if len(names) > 0 {
		return "", time.Time{}, &ForeignError{f.dir, "is not empty, and holds no report of this job"}
	}
	return "", time.Time{}, nil
}

// entries lists what the folder holds beside its lock.
func (f *Folder) entries() ([]fs.DirEntry, error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("read folder: %w", err)
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("read folder: %w", err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == lockName() }), nil
}

// readManifest returns the manifest; one that is empty was being made.
func (f *Folder) readManifest() (manifest, error) {
	data, _, err := f.read(FileName)
	path := filepath.Join(f.dir, FileName)
	var m manifest
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, nil
	case err != nil:
		return m, &ForeignError{path, "cannot be read: " + err.Error()}
	case len(data) == 0:
	case json.Unmarshal(data, &m) != nil || m.Version == 0:
		return m, &ForeignError{path, "is no manifest of sunbulk"}
	case m.Version != version:
		return m, &ForeignError{path, fmt.Sprintf("has version %d, and this sunbulk knows %d", m.Version, version)}
	}
	m.there = true
	return m, nil
}

// read returns the start of a regular file.
func (f *Folder) read(name string) ([]byte, fs.FileInfo, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("it is no regular file")
	}
	file, err := f.root.OpenFile(name, os.O_RDONLY|osfile.NoWait, 0)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxRead))
	return data, info, err
}

// trace finds the owner by what reports and journals hold, those of older releases too. Written is zero where
// no report tells.
func (f *Folder) trace() (owner string, written time.Time) {
	var told struct{ Job, Run string }
	for _, name := range []string{"summary.json", "run.json"} {
		data, info, err := f.read(name)
		if err == nil && json.Unmarshal(data, &told) == nil && told.Job+told.Run != "" {
			return told.Job + told.Run, info.ModTime()
		}
	}
	if job, _ := f.head("journal.ndjson"); job != "" {
		return job, time.Time{}
	}
	entries, _ := f.entries()
	for _, e := range entries { // a run keeps its journals in the folders of its steps
		if e.IsDir() && strings.HasPrefix(e.Name(), "1-") {
			if _, run := f.head(filepath.Join(e.Name(), "journal.ndjson")); run != "" {
				return run, time.Time{}
			}
		}
	}
	return "", time.Time{}
}

// head reads of which job and run a journal is.
func (f *Folder) head(name string) (job, run string) {
	data, _, err := f.read(name)
	line, _, whole := bytes.Cut(data, []byte("\n"))
	var head struct {
		Job     string
		Options struct{ Run string }
	}
	if err != nil || !whole || json.Unmarshal(line, &head) != nil {
		return "", ""
	}
	return head.Job, head.Options.Run
}

// overwrite writes the manifest over the one that is there, which lists no file.
func (f *Folder) overwrite() error {
	data, err := f.manifest.encode()
	if err != nil {
		return err
	}
	file, err := f.root.OpenFile(FileName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	_, err = file.WriteAt(data, 0)
	if err = errors.Join(err, file.Truncate(int64(len(data))), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}
