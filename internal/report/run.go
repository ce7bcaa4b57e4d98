package report

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/jobs"
)

// RunSummary is a run of a runbook in numbers, as run.json has it.
type RunSummary struct {
	Run         string         `json:"run"`
	Runbook     string         `json:"runbook"`
	Schedule    string         `json:"schedule,omitempty"`
	App         string         `json:"app"`
	Simulated   bool           `json:"simulated,omitempty"` // nothing was really done
	State       jobs.State     `json:"state"`
	Reason      string         `json:"reason,omitempty"`
	Pause       jobs.PauseKind `json:"pauseKind,omitempty"` // why it, or the job of its step, is paused, for programs
	Rows        int64          `json:"rows"`                // of the input
	Through     int64          `json:"through"`             // came through the last step
	Steps       []RunStep      `json:"steps"`
	Created     time.Time      `json:"created"`
	Ended       time.Time      `json:"ended,omitzero"`
	Fingerprint string         `json:"fingerprint,omitempty"` // of the runbook, its variables and its input
	Missing     int64          `json:"missing"`               // rows of the input of which nothing is known: must be 0
}

// RunStep is one step of a run.
type RunStep struct {
	Name     string         `json:"name"`
	Op       jobs.Op        `json:"op"`
	Job      string         `json:"job"`
	State    jobs.State     `json:"state"` // of the job; empty before it is begun
	Reason   string         `json:"reason,omitempty"`
	Pause    jobs.PauseKind `json:"pauseKind,omitempty"`
	Rows     jobs.Tally     `json:"rows"`
	Filtered int64          `json:"filtered"` // of the noop: left out by where, and never called
	Passed   int64          `json:"passed"`   // records that went on to the next step
	Unjudged int64          `json:"unjudged"` // found clients that where could not judge: they do not go on
	Why      string         `json:"unjudgedWhy,omitempty"`
}

// WriteRun writes rows.csv, report.html and run.json in a run's folder: for each row of a run's input how far it came,
// and why no further. It completes Missing and Through of the summary. An error that wraps ErrSum comes after the
// files are written.
func WriteRun(ctx context.Context, to *folder.Folder, s RunSummary, ends iter.Seq2[End, error]) (RunSummary, error) {
	f, err := newDraft(to)
	if err != nil {
		return s, err
	}
	defer f.discard()
	t, err := openTrail(f.Dir())
	if err != nil {
		return s, err
	}
	defer t.close()
	for e, err := range ends {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && (e.Row < 1 || e.Row > s.Rows) {
			err = fmt.Errorf("%w: row %d is none of the %d of the input", ErrSum, e.Row, s.Rows)
		}
		if err == nil {
			err = t.put(&e)
		}
		if err != nil {
			return s, fmt.Errorf("read the ends of rows: %w", err)
		}
	}
	var page runPage
	if err := writeEnds(f, t, &s, &page); err != nil {
		return s, err
	}
	if err := page.write(f.output("report.html"), s); err != nil {
		return s, err
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return s, fmt.Errorf("encode run: %w", err)
	}
	if _, err := f.output("run.json").buf.Write(append(data, '\n')); err != nil {
		return s, fmt.Errorf("write run.json: %w", err)
	}
	if err := f.publish(); err != nil {
		return s, err
	}
	if s.Missing > 0 {
		return s, fmt.Errorf("%w: nothing is known of %s of the input", ErrSum, jobs.Count(s.Missing, "row"))
	}
	return s, nil
}

func writeEnds(f *draft, t *trail, s *RunSummary, page *runPage) error {
	rows := f.sheet("rows.csv")
	header := []string{"row", "line", "user", "step", "op", "outcome", "clientId", "errorCode", "error"}
	for e, err := range t.ends(s.Rows) {
		if err != nil {
			return err
		}
		switch {
		case e.Step == "":
			s.Missing++
			e.Kind, e.Cause = jobs.Unprocessed, "nothing is known of it"
		case e.Cause == "":
			s.Through++
		}
		page.note(e)
		cells := []string{
			strconv.FormatInt(e.Row, 10), strconv.FormatInt(e.Line, 10), e.User, e.Step, string(e.Op), string(e.Kind), e.ClientID, e.Code, e.Cause,
		}
		if err := rows.write(header, cells); err != nil {
			return err
		}
	}
	return nil
}
