package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// maxApproval bounds the size of a file of thresholds, in bytes.
const maxApproval = 1 << 20

// ReadApproval reads a file of thresholds: {"default": {"rows": 1000}, "apps": {"APP": {"people": 0, "removes": 100}}}.
func ReadApproval(name string) (a service.Approval, err error) {
	f, err := os.Open(name)
	if err != nil {
		return a, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxApproval+1))
	if err != nil {
		return a, err
	}
	if len(data) > maxApproval {
		return a, fmt.Errorf("it has more than %d bytes", maxApproval)
	}
	var file struct {
		Default service.Thresholds            `json:"default"`
		Apps    map[string]service.Thresholds `json:"apps"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err = d.Decode(&file)
	if err == nil && d.Decode(new(any)) != io.EOF {
		err = errors.New("something follows the JSON")
	}
	if err != nil {
		return a, fmt.Errorf("it cannot be read: %s", jobs.Line(err.Error()))
	}
	a = service.Approval{Default: file.Default, Apps: file.Apps}
	if a.Default == (service.Thresholds{}) && len(a.Apps) == 0 {
		return a, errors.New("it has no threshold, so nothing would need an approval")
	}
	for _, t := range append(slices.Collect(maps.Values(a.Apps)), a.Default) {
		for _, n := range []*int64{t.Rows, t.People, t.Removes} {
			if n != nil && *n < 0 {
				return a, fmt.Errorf("%d is not the number of anything: leave the threshold out where there is none", *n)
			}
		}
	}
	return a, nil
}
