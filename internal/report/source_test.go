package report

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/jobs"
)

// memorySource gives what it holds; an error comes after the chunks or after the rows.
type memorySource struct {
	chunks             []jobs.Chunk
	rows               []jobs.Row
	attempts           []jobs.Attempt
	chunksErr, rowsErr error
}

func (m memorySource) Chunks(context.Context) iter.Seq2[jobs.Chunk, error] {
	return sequence(m.chunks, m.chunksErr)
}

func (m memorySource) Rows(context.Context) iter.Seq2[jobs.Row, error] {
	return sequence(m.rows, m.rowsErr)
}

func (m memorySource) Attempts(context.Context) iter.Seq2[jobs.Attempt, error] {
	return sequence(m.attempts, nil)
}

func sequence[T any](items []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// tallyOf is the count that a ledger would have of m.
func (m memorySource) tallyOf(read int64) jobs.Tally {
	t := jobs.Tally{Read: read}
	for _, k := range m.chunks {
		for _, o := range k.Outcomes {
			t.Add(o.Kind, 1)
		}
		t.Add(jobs.Rejected, int64(len(k.Rejections)))
	}
	t.Unprocessed = read - t.Settled()
	return t
}

func testJob(state jobs.State, t jobs.Tally) jobs.Job {
	at := time.Date(2026, 11, 22, 15, 30, 12, 0, time.UTC)
	job := jobs.Job{
		ID: "20261122-153012-k3f9", State: state, Tally: t, Sealed: true, Created: at, Started: at.Add(time.Second),
		Options: jobs.Options{
			App: "5e4af71a81966cfff3ef6550", Rate: 10, Burst: 1, Attempts: 5, Timeout: 30 * time.Second, BatchSize: 100,
			MaxFailures: jobs.Threshold{Percent: 20},
		},
	}
	if state.Ended() {
		job.Finished = at.Add(91500 * time.Millisecond)
	}
	return job
}

func createRow(n int64) jobs.Row {
	return jobs.Row{
		Number: n, Line: n + 1, Op: jobs.Create, User: fmt.Sprintf("user-%d", n), Type: "whatsapp", IntegrationID: "5e4af71a81966cfff3ef6550",
		PhoneNumber: fmt.Sprintf("+1212%07d", n), Confirmation: "immediate", ConversationID: fmt.Sprintf("conversation-%d", n),
	}
}

// outcomeOf is what a worker commits for row: the whole row where it may have to run again.
func outcomeOf(row jobs.Row, kind jobs.Kind) jobs.Outcome {
	o := jobs.Outcome{
		Row: row, Kind: kind, HTTPStatus: 201, Attempts: 1, Duration: 12345 * time.Microsecond,
		FinishedAt: time.Date(2026, 11, 22, 15, 31, 0, 0, time.UTC).Add(time.Duration(row.Number) * time.Millisecond),
	}
	switch kind {
	case jobs.Failed:
		o.HTTPStatus, o.ErrorCode, o.Error = 404, "user_not_found", "User not found"
	case jobs.InDoubt:
		o.HTTPStatus, o.ErrorCode, o.Error, o.Attempts = 0, "no_answer", "no answer came", 2
	default:
		o.Row, o.ClientID, o.ClientStatus = row.Key(), fmt.Sprintf("client-%d", row.Number), "pending"
	}
	return o
}

// readSheet reads a report file as any CSV reader would: a map per line, by column. A file that
// does not exist has no lines.
func readSheet(t *testing.T, dir, name string) (header []string, lines []map[string]string) {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	for _, record := range records[1:] {
		line := make(map[string]string)
		for i, c := range record {
			line[records[0][i]] = jobs.RestoreCell(c)
		}
		lines = append(lines, line)
	}
	return records[0], lines
}

func readSummary(t *testing.T, dir string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// files lists what is in dir, hidden names too.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		if e.Name() != folder.FileName {
			names = append(names, e.Name())
		}
	}
	return names
}

// writeTo opens the folder dir for one report.
func writeTo(ctx context.Context, dir string, job jobs.Job, src Source) (Summary, error) {
	f, err := Open(dir, job.ID)
	if err != nil {
		return Summary{}, err
	}
	defer f.Close()
	return Write(ctx, f, job, src, Own{})
}

func undoTo(ctx context.Context, dir string, job jobs.Job, src Source) (Undo, error) {
	f, err := Open(dir, job.ID)
	if err != nil {
		return Undo{}, err
	}
	defer f.Close()
	return WriteUndo(ctx, f, job, src, true)
}

func runTo(ctx context.Context, dir string, s RunSummary, ends iter.Seq2[End, error]) (RunSummary, error) {
	f, err := Open(dir, cmp.Or(s.Run, "r"))
	if err != nil {
		return s, err
	}
	defer f.Close()
	return WriteRun(ctx, f, s, ends)
}
