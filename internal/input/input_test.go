package input

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

// result is what a list of files gave.
type result struct {
	records  []Record
	inputs   []jobs.Input
	warnings []string
}

// readText reads text as the only file of a job, by standard input.
func readText(t *testing.T, text string, cfg Config) (result, error) {
	t.Helper()
	cfg.Stdin = strings.NewReader(text)
	return readFiles(t, []string{"-"}, cfg)
}

// openNames opens what the names stand for.
func openNames(ctx context.Context, names []string, cfg Config) (*Reader, error) {
	files, err := Find(ctx, names)
	if err != nil {
		return nil, err
	}
	return Open(ctx, files, cfg)
}

func readFiles(t *testing.T, names []string, cfg Config) (result, error) {
	t.Helper()
	var got result
	cfg.Warn = func(message string) { got.warnings = append(got.warnings, message) }
	r, err := openNames(t.Context(), names, cfg)
	if err != nil {
		return got, err
	}
	for rec := range r.Records() {
		got.records = append(got.records, rec)
	}
	got.inputs = r.Inputs()
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	return got, nil
}

// told gives each record in a line: its row number and line, and its fields or why it was rejected.
func (r result) told() []string {
	lines := make([]string, 0, len(r.records))
	for _, rec := range r.records {
		lines = append(lines, tell(rec))
	}
	return lines
}

func tell(rec Record) string {
	if j := rec.Rejection; j != nil {
		return fmt.Sprintf("%d:%d rejected %q %s", j.Number, j.Line, j.Column, j.Cause)
	}
	var b strings.Builder
	if rec.Filtered {
		b.WriteString("filtered ")
	}
	fmt.Fprintf(&b, "%d:%d %s", rec.Row.Number, rec.Row.Line, rec.Row.Op)
	for _, c := range jobs.Columns() {
		if v := *c.Field(&rec.Row); v != "" {
			fmt.Fprintf(&b, " %s=%s", lastName(c.Path), v)
		}
	}
	return b.String()
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
