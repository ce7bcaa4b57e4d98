package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// verify.csv has the clients that creates and ensures left and that may still fail, and no others.
func TestWriteVerify(t *testing.T) {
	made, there, active, nameless := outcomeOf(createRow(1), jobs.OK), outcomeOf(createRow(2), jobs.Noop), outcomeOf(createRow(3), jobs.Noop), outcomeOf(createRow(4), jobs.OK)
	made.Row.BrandID = "brand-1"
	there.Row.Op, active.Row.Op, active.ClientStatus = jobs.Ensure, jobs.Ensure, "active"
	nameless.ClientID = ""
	removed := outcomeOf(jobs.Row{Number: 6, Line: 7, Op: jobs.Remove, User: "user-6", ClientID: "client-6"}, jobs.OK)
	src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{made, there, active, nameless, outcomeOf(createRow(5), jobs.Failed), removed}}}}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, testJob(jobs.Finished, src.tallyOf(6)), src); err != nil {
		t.Fatal(err)
	}
	_, got := readSheet(t, dir, "verify.csv")
	want := []map[string]string{
		{"op": "verify", "user": made.Row.User, "clientId": made.ClientID, "row": "1", "brandId": "brand-1"},
		{"op": "verify", "user": there.Row.User, "clientId": there.ClientID, "row": "2", "brandId": ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verify.csv (-want +got):\n%s", diff)
	}
}
