package input

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/sunbulk/sunbulk/jobs"
)

// Digest reads each regular file once and returns its size and SHA-256, so that the same input can
// be told from another before any row is queued. A pipe can be read only once: it gets its name alone.
func Digest(names []string) ([]jobs.Input, error) {
	inputs := make([]jobs.Input, len(names))
	for i, name := range names {
		inputs[i].Name = name
		if name == "-" {
			continue
		}
		if err := digest(&inputs[i]); err != nil {
			return nil, err
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
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open input: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	hash := sha256.New()
	if in.Bytes, err = io.Copy(hash, f); err != nil {
		return fmt.Errorf("read %s: %w", in.Name, err)
	}
	in.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return nil
}
