package report

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// I2: what a report offers as input says which row of which job it was. A rejected row, which no worker has claimed, stays what it was.
func TestI2OfferedRowsTellTheirLineage(t *testing.T) {
	const before, own = "20261120-101010-aaaa:9", "20261122-153012-k3f9"
	row := func(n int64, l jobs.Lineage) jobs.Row {
		return jobs.Row{Number: n, Line: n + 1, Op: jobs.Create, User: "u", Lineage: l}
	}
	rejection := func(n int64, names, values []string) jobs.Rejection {
		return jobs.Rejection{Number: n, Line: n + 1, Cause: "is bad", Names: names, Values: values}
	}
	src := memorySource{
		chunks: []jobs.Chunk{{
			Outcomes: []jobs.Outcome{
				{Row: row(1, ""), Kind: jobs.Failed, ErrorCode: "x"}, {Row: row(2, before), Kind: jobs.Failed, ErrorCode: "rerun_elsewhere"},
				{Row: row(3, ""), Kind: jobs.InDoubt, ErrorCode: "no_answer"},
			},
			Rejections: []jobs.Rejection{
				rejection(4, []string{"user"}, []string{"u"}),
				rejection(5, []string{"user", "cause", "rerunOf"}, []string{"u", "user_not_found", before}),
				rejection(6, nil, []string{`{"user":"u","rerunOf":"` + before + `"}`}),
				rejection(7, []string{"user"}, []string{"u", "one too many", before}),
			},
		}},
		rows: []jobs.Row{row(8, before)},
	}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, testJob(jobs.Cancelled, src.tallyOf(8)), src); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"failed.csv":      {own + ":1", before + " " + own + ":2"},
		"in_doubt.csv":    {own + ":3"},
		"rejected.csv":    {own + ":4", before, before, before},
		"unprocessed.csv": {before + " " + own + ":8"},
	} {
		table, err := csv.NewReader(strings.NewReader(content(t, dir, name))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		column := slices.Index(table[0], jobs.LineageColumn)
		var got []string
		for _, line := range table[1:] {
			got = append(got, line[column])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
