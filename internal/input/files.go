package input

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/sunbulk/sunbulk/jobs"
)

// Files are the inputs of a command. They are found once: reading them again gives the same ones.
type Files struct {
	places  []*place
	network *network
}

// Find returns the files that the arguments of a command line name: paths, "-", patterns, and URLs, of which
// each is asked once for its version. Its error is an *Error, or an *fs.PathError. That a path leads
// nowhere is Open's to say.
func Find(ctx context.Context, names []string) (*Files, error) {
	return Finder{}.Find(ctx, names)
}

// Finder finds what a command line names, wherever it lies. A zero field means the default that its comment states.
type Finder struct {
	AllowHTTP bool // also over http, from any host; default: from this machine alone
}

// Find is what the function of that name is.
func (f Finder) Find(ctx context.Context, names []string) (*Files, error) {
	n := newNetwork()
	n.allowHTTP = f.AllowHTTP
	return n.findAll(ctx, names)
}

func (n *network) findAll(ctx context.Context, names []string) (*Files, error) {
	fs := &Files{network: n}
	for _, name := range names {
		places, err := n.find(ctx, name)
		if err != nil {
			return nil, err
		}
		fs.places = append(fs.places, places...)
	}
	for _, p := range fs.places {
		if err := p.look(ctx, n); err != nil {
			return nil, err
		}
	}
	return fs, nil
}

// look asks an object on the network for its version, and holds on to the answer if it tells none.
func (p *place) look(ctx context.Context, n *network) error {
	if p.get == nil {
		return nil
	}
	r, err := openRemote(ctx, n, p)
	if err != nil {
		return err
	}
	if p.version = r.version; p.version.known() {
		return r.close()
	}
	p.first = r
	return nil
}

// Pipe returns the name of the first of the files that can be read only once, empty when there is none.
func (fs *Files) Pipe() string {
	for _, p := range fs.places {
		if p.isPipe() {
			return p.name
		}
	}
	return ""
}

func (p *place) isPipe() bool {
	if p.get != nil {
		return !p.version.known()
	}
	if p.open != nil {
		return false
	}
	info, err := os.Stat(p.name)
	return p.name == "-" || err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// Digest tells each input from others before any row is queued: a regular file by its size and SHA-256,
// for which it is read once, and an object on the network by its size and version. A pipe can be
// read only once: it gets its name alone.
func (fs *Files) Digest() ([]jobs.Input, error) {
	inputs := make([]jobs.Input, len(fs.places))
	for i, p := range fs.places {
		inputs[i].Name = p.name
		switch {
		case p.isPipe():
		case p.get != nil:
			inputs[i].Bytes, inputs[i].Version = p.version.size, p.version.String()
		default:
			if err := p.digest(); err != nil {
				return nil, err
			}
			inputs[i] = *p.digested
		}
	}
	return inputs, nil
}

// openFile opens what lies on this machine.
func (p *place) openFile() (*os.File, error) {
	if p.open != nil {
		return p.open()
	}
	return os.Open(p.name)
}

func (p *place) digest() error {
	if p.digested != nil {
		return nil
	}
	f, err := p.openFile()
	if err != nil {
		return fmt.Errorf("open input: %w", err)
	}
	defer f.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	if err != nil {
		return fmt.Errorf("read %s: %w", p.name, err)
	}
	p.digested = &jobs.Input{Name: p.name, Bytes: n, SHA256: hex.EncodeToString(hash.Sum(nil))}
	return nil
}
