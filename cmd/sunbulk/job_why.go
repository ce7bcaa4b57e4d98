package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) whyCommand() *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:   "why JOB ROW",
		Short: "One row: each call that was made for it, and what became of it",
		Long: `Why tells all that is known of one row of a job: its line in the input, its batch, the calls that
were made for it, each with time, wait, answer and reason, and its outcome, or what it waits for.
Rows are numbered from 1 over all files of the job, as in results.csv.`,
		Example: `  sunbulk why 20261122-153012-k3f9 1203944
  sunbulk why 20261122-153012-k3f9 1203944 --json | jq .attempts`,
		Args: needJobAndRow,
		RunE: func(_ *cobra.Command, args []string) error { return p.why(p.drain, redis, args[0], args[1]) },
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func needJobAndRow(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usage("give a job id and the number of a row", "e.g. sunbulk why 20261122-153012-k3f9 1203944")
	}
	if err := needJob(cmd, args[:1]); err != nil {
		return err
	}
	_, err := parseRow(args[1])
	return err
}

// parseRow takes the number of a row as people read it, with commas at the thousands, or without.
func parseRow(s string) (int64, error) {
	row, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	if err != nil || row < 1 {
		return 0, usage(fmt.Sprintf("%q is not the number of a row", s), "rows are numbered from 1")
	}
	return row, nil
}

func (p *program) why(ctx context.Context, redis, id, number string) error {
	row, err := parseRow(number)
	if err != nil {
		return err
	}
	st, job, err := p.openJob(ctx, redis, id)
	if err != nil {
		return err
	}
	defer st.Close()
	if row > job.Tally.Read && (job.Sealed || !job.InCanary()) { // rows of a canary may lie beyond
		hint := "rows are numbered over all files of a job, as in results.csv"
		if !job.Sealed {
			hint = "more are being added"
		}
		return usage(fmt.Sprintf("no row %s: job %s has the rows 1 to %s", group(row), id, group(job.Tally.Read)), hint)
	}
	h, err := st.history(ctx, job, row)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(h)
	}
	return h.tell(p.stdout)
}

// tell writes the history of a row, for people.
func (h history) tell(w io.Writer) error {
	fmt.Fprintf(w, "row %s of job %s is %s\n", group(h.Row), h.Job, h.Outcome)
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
		fmt.Fprintln(w, strings.Join(place, ", "))
	}
	if err := h.tellAttempts(w); err != nil {
		return err
	}
	h.tellEnd(w)
	return nil
}

func (h history) tellAttempts(out io.Writer) error {
	if len(h.Attempts) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CALL\tWAITED\tTOOK\tANSWER")
	for _, a := range h.Attempts {
		if a.Omitted > 0 {
			fmt.Fprintf(w, "…\t\t\t%s calls that are not kept\n", group(int64(a.Omitted)))
		}
		waited := "-"
		if a.WaitedMs != nil {
			waited = short(*a.WaitedMs)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.At.Local().Format("2006-01-02 15:04:05.000"), waited, short(a.TookMs), a.answer())
	}
	return w.Flush()
}

// answer is what came back, in words.
func (a attemptView) answer() string {
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

// tellEnd says what the row came to, or what it waits for.
func (h history) tellEnd(w io.Writer) {
	if h.Standing != "" {
		fmt.Fprintln(w, h.Standing)
	}
	if h.InDoubt {
		fmt.Fprintln(w, "a create of it was sent and not answered: it is looked for before anything is sent again")
	}
	if h.Outcome == jobs.Unprocessed {
		if h.AttemptsUsed > 0 {
			fmt.Fprintf(w, "attempts used: %d\n", h.AttemptsUsed)
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
	fmt.Fprintln(w, end)
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
