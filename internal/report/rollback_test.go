package report

import (
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Readers of the report learn that the Redis of the job went back (I10).
func TestI10AReportTellsOfRollbacks(t *testing.T) {
	src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{outcomeOf(createRow(1), jobs.OK)}}}}
	job := testJob(jobs.Finished, src.tallyOf(1))
	job.Rollbacks = []jobs.Rollback{{At: time.Date(2026, 11, 22, 15, 31, 0, 0, time.UTC), NoticedBy: "box-1", Writes: 17, Batches: 4, Silent: 2}}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, job, src); err != nil {
		t.Fatal(err)
	}
	for file, wants := range map[string][]string{
		"report.html":  {"rollback", "17 writes that it had confirmed are gone", "2 workers that are gone"},
		"summary.json": {`"rollbacks"`, `"noticedBy": "box-1"`, `"writes": 17`, `"batches": 4`, `"silent": 2`},
	} {
		text := content(t, dir, file)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not hold %q", file, want)
			}
		}
	}
}
