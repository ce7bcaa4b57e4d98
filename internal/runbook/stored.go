package runbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Decode reads what Text has made of a runbook. That was checked when its run began or its schedule was applied: what a later release finds
// wrong in a file is not wrong here. Its error is an *Error, in which name is the file, about keys and operations that this release
// does not know, and names that nothing can be called by.
func Decode(name string, text []byte) (*Runbook, error) {
	r := &Runbook{file: name}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(r)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows it")
		}
	}
	if err == nil {
		err = r.known()
	}
	if err != nil {
		return nil, newError(name, []Problem{{Cause: fmt.Sprintf("what is stored cannot be read, it may be of a newer release: %s", err)}})
	}
	return r, nil
}

// known returns what of a runbook can be nothing that this release runs.
func (r *Runbook) known() error {
	if err := checkName(r.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if n := len(r.Steps); n == 0 || n > maxSteps {
		return fmt.Errorf("it has %d steps", n)
	}
	for i, s := range r.Steps {
		if err := checkName(s.Name); err != nil { // it names a folder
			return fmt.Errorf("%s.name: %w", stepPath(i), err)
		}
		if o, err := jobs.FindOperation(string(s.Op)); err != nil || o.Name != s.Op {
			return fmt.Errorf("%s.op: %q is not known", stepPath(i), s.Op)
		}
	}
	return nil
}

// UnmarshalText reads what MarshalText has written.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}
