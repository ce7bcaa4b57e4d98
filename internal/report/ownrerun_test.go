package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// ownHeadings are columns that people have beside those that are read; some are called as a report calls its own.
var ownHeadings = []string{"Name", "row", "Note;x", "línea", "error", "City", "input.line", "cause", "outcome", "line", " padded ", "record"}

// Rows of a file with columns of its own fail, and fail again when failed.csv is run as the file was: each time they are the same rows, with the
// same own cells, in the same delimiter, whatever is in those.
func TestRerunsKeepOwnColumns(t *testing.T) {
	random := rand.New(rand.NewPCG(18, 4))
	cfg := input.Config{
		Op: "create", Map: []input.Mapping{{Column: "Customer", Path: "user"}, {Column: "Mobile", Path: "phoneNumber"}}, PhoneCountry: "GB",
		Set: []input.Setting{{Path: "matchCriteria.type", Value: "whatsapp"}, {Path: "confirmation.type", Value: "immediate"}},
	}
	for range 15 {
		name := filepath.Join(t.TempDir(), "export.csv")
		comma := []byte{',', ';', '\t', '|'}[random.IntN(4)]
		if err := os.WriteFile(name, ownExport(random, rune(comma)), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg.Delimiter = string(comma)
		rows, cells := readOwn(t, name, cfg)
		if len(rows) != 20 {
			t.Fatalf("got %d rows of the export", len(rows))
		}
		for generation := range 3 {
			name = failAll(t, name, cfg, rows, fmt.Sprintf("20261122-15301%d-k3f9", generation))
			again, cellsAgain := readOwn(t, name, cfg)
			if diff := cmp.Diff(rows, again, cmp.Transformer("content", func(r jobs.Row) string { return string(r.AppendContent(nil)) })); diff != "" {
				t.Fatalf("rerun %d has other rows (-want +got):\n%s", generation+1, diff)
			}
			if diff := cmp.Diff(cells, cellsAgain); diff != "" {
				t.Fatalf("rerun %d with %q has other own cells (-want +got):\n%s", generation+1, comma, diff)
			}
			for i, r := range again {
				if got := len(r.Lineage.Refs()); got != generation+1 {
					t.Fatalf("row %d of rerun %d runs %d rows again", i+1, generation+1, got)
				}
			}
			rows = again
		}
	}
}

// ownExport is a file of 20 rows with some columns of its own at any place.
func ownExport(random *rand.Rand, comma rune) []byte {
	parts := []string{"=", "+", "-", "@", "'", "\"", ";", "|", "\t", "\n", ",", " ", "a", "7", "é", "0044", "SUM(1)"}
	header := append([]string{"Customer", "Mobile", "integrationId", "conversationId"}, ownHeadings[:1+random.IntN(len(ownHeadings)-1)]...)
	random.Shuffle(len(header), func(i, j int) { header[i], header[j] = header[j], header[i] })
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Comma = comma
	_ = w.Write(header) // to memory
	for n := range 20 {
		var line []string
		for _, h := range header {
			switch h {
			case "Customer":
				line = append(line, fmt.Sprintf("K-%d", n))
			case "Mobile":
				line = append(line, fmt.Sprintf("07700 9%05d", n+1))
			case "integrationId", "conversationId":
				line = append(line, fmt.Sprintf("5f1a0c52d8b7e4000c3a9e%02d", n))
			default:
				var s strings.Builder
				for range random.IntN(5) {
					s.WriteString(parts[random.IntN(len(parts))])
				}
				line = append(line, s.String())
			}
		}
		_ = w.Write(line)
	}
	w.Flush()
	return out.Bytes()
}

// readOwn reads the rows of a file, and its own cells by heading.
func readOwn(t *testing.T, name string, cfg input.Config) (rows []jobs.Row, cells []map[string]string) {
	t.Helper()
	reader, err := input.Open(t.Context(), findOwn(t, name), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for record := range reader.Records() {
		if record.Rejection != nil {
			t.Fatalf("%s: rejected: %+v", name, record.Rejection)
		}
		rows = append(rows, record.Row)
	}
	originals, err := input.OpenOriginals(t.Context(), findOwn(t, name), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer originals.Close()
	for o := range originals.Records() {
		own := map[string]string{}
		for i, heading := range o.Names {
			own[heading] = o.Values[i]
		}
		cells = append(cells, own)
	}
	return rows, cells
}

func findOwn(t *testing.T, name string) *input.Files {
	t.Helper()
	files, err := input.Find(t.Context(), []string{name})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// failAll writes the report of a job whose rows have all failed, and returns the name of its failed.csv.
func failAll(t *testing.T, name string, cfg input.Config, rows []jobs.Row, id string) string {
	t.Helper()
	originals, err := input.OpenOriginals(t.Context(), findOwn(t, name), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer originals.Close()
	headers, paths := originals.Headers()
	var chunk jobs.Chunk
	for _, r := range slices.Clone(rows) {
		chunk.Outcomes = append(chunk.Outcomes, jobs.Outcome{Row: r, Kind: jobs.Failed, ErrorCode: "x", Error: "=x", Attempts: 1})
	}
	src := memorySource{chunks: []jobs.Chunk{chunk}}
	job := testJob(jobs.Finished, src.tallyOf(int64(len(rows))))
	job.ID = id
	dir := t.TempDir()
	f, err := Open(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Write(t.Context(), f, job, src, Own{Delimiter: originals.Delimiter(), Names: headers, Paths: paths, Records: originals.Records()}); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "failed.csv")
}
