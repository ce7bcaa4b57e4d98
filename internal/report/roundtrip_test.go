package report

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// What a report offers as input is read as the rows that it was made of, whatever spreadsheets might see in their cells.
func TestOfferedRowsAreReadAsTheyWere(t *testing.T) {
	parts := []string{
		"=", "+", "-", "@", "＝", "＠", "'", "''", "\"", ";", "|", "\t", "\n", "\r", "\r\n", ",", " ", "\u00a0", "\u200b", "\ufeff", "a", "cmd()", "7", "é", "#", "\\", "%",
	}
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var s strings.Builder
		for range 1 + random.IntN(6) {
			s.WriteString(parts[random.IntN(len(parts))])
		}
		return s.String()
	}
	var rows []jobs.Row
	var chunk jobs.Chunk
	for n := int64(1); n <= 2000; n++ {
		row := jobs.Row{
			Number: n, Op: jobs.Create, User: text(), Type: "mailgun", IntegrationID: "i", Address: "a@b.example", Subject: text(), Confirmation: "immediate", ConversationID: text(),
		}
		checked := row
		op, err := jobs.FindOperation(string(row.Op))
		if err != nil {
			t.Fatal(err)
		}
		if op.CheckRow(&checked) != nil {
			continue
		}
		checked.Number = int64(len(rows) + 1)
		rows = append(rows, checked)
		chunk.Outcomes = append(chunk.Outcomes, jobs.Outcome{Row: checked, Kind: jobs.Failed, ErrorCode: "x", Error: "=x;=y", Attempts: 1})
	}
	src := memorySource{chunks: []jobs.Chunk{chunk}}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, testJob(jobs.Finished, src.tallyOf(int64(len(rows)))), src); err != nil {
		t.Fatal(err)
	}
	var got []jobs.Row
	files, err := input.Find(t.Context(), []string{filepath.Join(dir, "failed.csv")})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := input.Open(t.Context(), files, input.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for record := range reader.Records() {
		if record.Rejection != nil {
			t.Fatalf("rejected: %+v", record.Rejection)
		}
		row := record.Row
		row.Line = 0
		got = append(got, row)
	}
	for i := range rows {
		rows[i].Lineage = rows[i].Lineage.Then(jobs.RowRef{Job: testJob(jobs.Finished, jobs.Tally{}).ID, Row: rows[i].Number})
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("rows of failed.csv (-want +got):\n%s", diff)
	}
}
