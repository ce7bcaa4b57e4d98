package input

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/sunbulk/sunbulk/jobs"
)

// Digest tells each input from others before any row is queued: a regular file by its size and SHA-256,
// for which it is read once, and an object on the network by its size and version. A pipe can be
// read only once: it gets its name alone.
func (r *Reader) Digest() ([]jobs.Input, error) {
	inputs := make([]jobs.Input, len(r.files))
	for i, f := range r.files {
		inputs[i] = jobs.Input{Name: f.name, Version: f.version.String()}
		switch {
		case f.version.known():
			inputs[i].Bytes = f.size
		case f.src == nil: // it could be let go of, so it can be read again
			if err := digest(&inputs[i]); err != nil {
				return nil, err
			}
		}
	}
	return inputs, nil
}

func digest(in *jobs.Input) error {
	f, err := os.Open(in.Name)
	if err != nil {
		return fmt.Errorf("open input: %w", err)
	}
	defer f.Close()
	hash := sha256.New()
	if in.Bytes, err = io.Copy(hash, f); err != nil {
		return fmt.Errorf("read %s: %w", in.Name, err)
	}
	in.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return nil
}
