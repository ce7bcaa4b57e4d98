package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/sunbulk/sunbulk/internal/preview"
	"github.com/sunbulk/sunbulk/jobs"
)

func writePlanned(out io.Writer, m *preview.Planned) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	printf(w, "rows of input\t%s\n", group(m.Input.Rows))
	printf(w, "rejected\t%s\n", group(m.Input.Rejected))
	if m.Input.Filtered > 0 {
		printf(w, "left out by where\t%s\n", group(m.Input.Filtered))
	}
	fmt.Fprint(w, "\nSTEP\tNAME\tOP\tROWS\tCALLS\n")
	for i, s := range m.Steps {
		rows, calls := about(m, i, s.Rows), about(m, i, s.Calls)
		if s.Open {
			rows, calls = "a client each", "–"
		}
		printf(w, "%d\t%s\t%s\t%s\t%s\n", i+1, s.Name, s.Op, rows, calls)
	}
	fmt.Fprintln(w)
	if m.Seconds > 0 {
		of := ""
		if m.Open {
			of = " of the first step"
		}
		printf(w, "time of %s %s%s\t%s\n", about(m, len(m.Steps)-1, m.Calls), jobs.Noun(m.Calls, "call"), of, upToSecond(time.Duration(m.Seconds*float64(time.Second))))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	writeNumbers(out, m.Numbers)
	writeRejections(out, m.Input.Rejections)
	writeWarnings(out, m.Input.Warnings)
	if m.Sample != nil {
		writeTrial(out, m.Sample, m.Steps[1].Op)
	}
	if m.Check != nil {
		writeFindings(out, m.Check.Findings)
	}
	if m.Caps != "" {
		printf(out, "problem: %s\n", m.Caps)
	}
	return nil
}

// about writes a number of a step: the exact one, or what it is about or at most.
func about(m *preview.Planned, step int, n int64) string {
	switch {
	case step == 0 || m.Open:
		return group(n)
	case m.Sampled:
		return "about " + group(n)
	}
	return "up to " + group(n)
}

func writeTrial(out io.Writer, s *preview.Sample, next jobs.Op) {
	printf(out, "sample: %s drawn with %s, where keeps %d of them; the next step rejects %d\n", jobs.Count(s.Asked, "row"), jobs.Count(s.Clients, "client"), s.Kept, s.Rejected)
	for _, why := range s.Why {
		printf(out, "  rejected: %s\n", why)
	}
	for _, r := range s.Rows {
		printf(out, "  line %d: %s\n", r.Line, rowWords(r, next))
	}
}
