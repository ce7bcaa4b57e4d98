package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// rowTrace is all that is known of a row, for people.
type rowTrace struct{ service.Row }

func (h rowTrace) write(w io.Writer) error {
	printf(w, "row %s of job %s is %s\n", group(h.Row.Row), h.Job, h.Outcome)
	var place []string
	if h.Line > 0 {
		place = append(place, fmt.Sprintf("line %d", h.Line))
	}
	if h.Batch != nil {
		place = append(place, fmt.Sprintf("batch %d", *h.Batch))
	}
	if h.Op != "" {
		place = append(place, string(h.Op))
	}
	if len(place) > 0 {
		printf(w, "%s\n", strings.Join(place, ", "))
	}
	if err := h.writeCalls(w); err != nil {
		return err
	}
	h.writeEnd(w)
	return nil
}

func (h rowTrace) writeCalls(out io.Writer) error {
	if len(h.Attempts) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CALL\tWAITED\tTOOK\tANSWER")
	for _, a := range h.Attempts {
		if a.Omitted > 0 {
			printf(w, "…\t\t\t%s not kept\n", jobs.Count(a.Omitted, "call"))
		}
		waited := "-"
		if a.WaitedMs != nil {
			waited = short(*a.WaitedMs)
		}
		printf(w, "%s\t%s\t%s\t%s\n", a.At.Local().Format("2006-01-02 15:04:05.000"), waited, short(a.TookMs), answer(a))
	}
	return w.Flush()
}

// answer is what came back, in words.
func answer(a service.Call) string {
	text := "none"
	if a.HTTPStatus > 0 {
		text = strconv.Itoa(a.HTTPStatus)
	}
	if a.Look {
		text = "look " + text
	}
	if a.ErrorCode != "" {
		text += " " + a.ErrorCode
	}
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return text
}

// writeEnd says what the row came to, or what it waits for.
func (h rowTrace) writeEnd(w io.Writer) {
	if h.Standing != "" {
		printf(w, "%s\n", h.Standing)
	}
	if h.InDoubt {
		fmt.Fprintln(w, "a create of it was sent and not answered: it is looked for before anything is sent again")
	}
	if h.Outcome == jobs.Unprocessed {
		if h.AttemptsUsed > 0 {
			printf(w, "attempts used: %d\n", h.AttemptsUsed)
		}
		return
	}
	end := string(h.Outcome)
	if !h.FinishedAt.IsZero() {
		end += " at " + h.FinishedAt.Local().Format(time.DateTime)
	}
	if h.AttemptsUsed > 0 {
		end += fmt.Sprintf(", attempts used: %d", h.AttemptsUsed)
	}
	for _, part := range []string{h.Detail, h.ClientStatus} {
		if part != "" {
			end += ", " + part
		}
	}
	if h.ClientID != "" {
		end += ", client " + h.ClientID
	}
	if why := strings.TrimSpace(h.Column + " " + h.ErrorCode); why != "" {
		end += ", " + why
	}
	if h.Error != "" {
		end += ": " + h.Error
	}
	printf(w, "%s\n", end)
	if h.Link != "" {
		end = fmt.Sprintf("link %s since %s", h.Link, h.LinkAt.Local().Format(time.DateTime))
		if h.LinkError != "" {
			end += ": " + h.LinkError
		}
		printf(w, "%s\n", end)
	}
	if h.Advice != "" {
		wrap(w, "", h.Advice)
	}
}

// short writes milliseconds as people read them.
func short(ms float64) string {
	d := time.Duration(ms * float64(time.Millisecond))
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
