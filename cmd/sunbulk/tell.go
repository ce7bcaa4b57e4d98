package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sunbulk/sunbulk/internal/report"
)

func (p *program) writeJSON(v any) error {
	enc := json.NewEncoder(p.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// mostCauses is how many causes a person is shown.
const mostCauses = 8

// describe says what became of a job, for people: the sum of its rows, its calls, and why rows failed.
func describe(w io.Writer, s report.Summary) {
	fmt.Fprintln(w, s.Sum())
	if s.Calls.Total > 0 {
		fmt.Fprintf(w, "%s calls", group(s.Calls.Total))
		if s.Calls.Retries+s.Calls.Throttled+s.Calls.Looks > 0 {
			fmt.Fprintf(w, " (%s again, %s answered 429, %s looks)", group(s.Calls.Retries), group(s.Calls.Throttled), group(s.Calls.Looks))
		}
		if d := s.Times.DurationSeconds; d > 0 {
			fmt.Fprintf(w, " in %s", time.Duration(d*float64(time.Second)).Round(100*time.Millisecond))
		}
		fmt.Fprintln(w)
	}
	for i, c := range s.Causes {
		if i == mostCauses {
			fmt.Fprintf(w, "  … and %d more causes, see summary.json\n", len(s.Causes)-i)
			break
		}
		fmt.Fprintf(w, "  %6s  %-24s row %d: %s\n", group(c.Count), c.Code, c.Row, c.Error)
	}
	for _, in := range s.Inputs {
		if in.Error != "" {
			fmt.Fprintf(w, "warning: %s was not read to its end: %s\n", in.Name, in.Error)
		}
	}
}
