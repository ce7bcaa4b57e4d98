package report

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// A remove that was kept from taking a client, because the one in its place is not active, is kept so when its file is run again.
func TestRemovesRunAgainKeepTheirCondition(t *testing.T) {
	removing := func(n int64, user, carry string) jobs.Row {
		return jobs.Row{Number: n, Op: jobs.Remove, User: user, ClientID: "old-" + user, Carry: carry}
	}
	made := func(client string) string {
		return jobs.Carry{Row: 7, Cells: []jobs.Cell{{Name: "phone", Value: "+12125550130"}, {Name: jobs.CreatedID, Value: client}}}.Encode()
	}
	src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{
		outcomeOf(removing(1, "ann", made("new-ann")), jobs.Failed),
		outcomeOf(removing(2, "bob", ""), jobs.Failed),
		outcomeOf(removing(3, "cid", "no JSON"), jobs.Failed),
		outcomeOf(jobs.Row{Number: 4, Op: jobs.Verify, User: "dan", ClientID: "new-dan", Carry: made("new-dan")}, jobs.Failed),
	}}}}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, testJob(jobs.Finished, src.tallyOf(4)), src); err != nil {
		t.Fatal(err)
	}
	files, err := input.Find(t.Context(), []string{filepath.Join(dir, "failed.csv")})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := input.Open(t.Context(), files, input.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	got := map[string]string{}
	for record := range reader.Records() {
		if record.Rejection != nil {
			t.Fatalf("rejected: %+v", record.Rejection)
		}
		if got[record.Row.User], err = record.Row.Created(); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(map[string]string{"ann": "new-ann", "bob": "", "cid": "unreadable", "dan": ""}, got); diff != "" {
		t.Errorf("clients that must be active (-want +got):\n%s", diff)
	}
}
