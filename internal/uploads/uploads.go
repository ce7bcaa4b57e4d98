// Package uploads keeps files that people send to a console: on its disk, in a folder of its own, until they are old.
package uploads

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/osfile"
)

// Upload is a file that was sent whole.
type Upload struct {
	ID     string    `json:"upload"`
	Name   string    `json:"name"` // as its sender calls it; no file is named by it
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"`
	Who    string    `json:"who"` // sent it
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"` // it is kept
}

// Config says how much is kept, and how long. A zero field means the default that its comment states.
type Config struct {
	MaxBytes int64         // of a file; default: 1 GiB
	MaxTotal int64         // of all; default: 8 GiB
	Keep     time.Duration // default: 72 hours
}

// Errors of Put and Get.
var (
	ErrNone     = errors.New("there is no such upload, or it was too old")
	ErrTooLarge = errors.New("the file is too large")
	ErrFull     = errors.New("there is no room for another upload")
)

// Store is the folder. It is safe for concurrent use, also by several processes.
type Store struct {
	dir string
	Config
	mu sync.Mutex // of counting what is there
	in int64      // bytes that are coming in
}

// abandoned is the age at which a part of an upload is nobody's any more.
const abandoned = 6 * time.Hour

// Open makes the folder where there is none. One that others may read is refused.
func Open(dir string, cfg Config) (*Store, error) {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 1 << 30
	}
	if cfg.MaxTotal == 0 {
		cfg.MaxTotal = 8 << 30
	}
	if cfg.Keep == 0 {
		cfg.Keep = 72 * time.Hour
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder", dir)
	}
	switch others, err := osfile.OthersOf(dir); {
	case err != nil:
		return nil, err
	case others.Read:
		return nil, fmt.Errorf("%s is no folder that its owner alone may enter (%s)", dir, others.Who)
	}
	s := &Store{dir: dir, Config: cfg}
	_, err = s.Sweep(time.Now())
	return s, err
}

const (
	dataSuffix = ".data"
	headSuffix = ".json"
	partPrefix = "part-"
)

// Put takes a file in, whole or not at all.
func (s *Store) Put(name, who string, r io.Reader) (u Upload, err error) {
	if err := s.reserve(s.MaxBytes); err != nil {
		return u, err
	}
	defer s.release(s.MaxBytes)
	f, err := os.CreateTemp(s.dir, partPrefix)
	if err != nil {
		return u, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // where it was not renamed
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(r, s.MaxBytes+1))
	if err == nil && n > s.MaxBytes {
		err = ErrTooLarge
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return u, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	u = Upload{ID: strings.ToLower(rand.Text()), Name: name, Bytes: n, SHA256: hex.EncodeToString(hash.Sum(nil)), Who: who, At: now, Until: now.Add(s.Keep)}
	if err := os.Rename(f.Name(), s.Path(u.ID)); err != nil {
		return u, err
	}
	return u, s.writeHead(u)
}

// writeHead makes an upload one: its file alone is none.
func (s *Store) writeHead(u Upload) error {
	data, err := json.Marshal(u)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, partPrefix)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.dir, u.ID+headSuffix))
	}
	return err
}

var idForm = lazyregexp.New(`^[a-z2-7]{26}$`)

// Get returns an upload, or ErrNone.
func (s *Store) Get(id string) (u Upload, err error) {
	if !idForm().MatchString(id) {
		return u, ErrNone
	}
	data, err := os.ReadFile(filepath.Join(s.dir, id+headSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return u, ErrNone
	}
	if err == nil {
		err = json.Unmarshal(data, &u)
	}
	if err == nil && time.Now().After(u.Until) {
		err = ErrNone
	}
	return u, err
}

// Path is where the bytes of an upload lie.
func (s *Store) Path(id string) string { return filepath.Join(s.dir, id+dataSuffix) }

// Sweep removes what is old, and returns how many bytes the uploads that are left have.
func (s *Store) Sweep(now time.Time) (left int64, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // it is gone
		}
		id, isData := strings.CutSuffix(e.Name(), dataSuffix)
		id, isHead := strings.CutSuffix(id, headSuffix)
		if s.isOld(e.Name(), id, now.Sub(info.ModTime()), isData, isHead) {
			if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return left, err
			}
		} else if isData {
			left += info.Size()
		}
	}
	return left, nil
}

// isOld tells whether a file can be removed: a part that was left, an upload whose time is over, or the bytes of one that never
// became an upload.
func (s *Store) isOld(name, id string, age time.Duration, isData, isHead bool) bool {
	if strings.HasPrefix(name, partPrefix) {
		return age > abandoned
	}
	if !isData && !isHead || !idForm().MatchString(id) {
		return false
	}
	if isData && age > abandoned && age <= s.Keep {
		_, none := os.Stat(filepath.Join(s.dir, id+headSuffix))
		return errors.Is(none, fs.ErrNotExist)
	}
	return age > s.Keep
}

// reserve keeps room for so many bytes, or returns ErrFull.
func (s *Store) reserve(n int64) error {
	kept, err := s.Sweep(time.Now())
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept+s.in+n > s.MaxTotal {
		return ErrFull
	}
	s.in += n
	return nil
}

func (s *Store) release(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in -= n
}
