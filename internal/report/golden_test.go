package report

import (
	"encoding/json"
	"flag"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

var update = flag.Bool("update", false, "write the golden files")

// goldenJobs are the reports in testdata, by folder.
func goldenJobs() map[string]struct {
	job jobs.Job
	src memorySource
} {
	mixed := mixedSource()
	mixedJob := testJob(jobs.Cancelled, mixed.tallyOf(9))
	mixedJob.Reason = "cancelled by the operator"
	mixedJob.Inputs = []jobs.Input{{Name: "users.csv", Format: "csv", Bytes: 812, SHA256: "9f86d081", FirstRow: 1, Rows: 9}}
	mixedJob.Stats = jobs.Stats{
		Calls: 9, Retries: 2, Throttled: 1, Looks: 1, Latency: jobs.Histogram{20: 7, 24: 1, 30: 1},
		Causes: map[string]jobs.Cause{
			"user_not_found": {Count: 1, Row: 3, Error: "User not found"},
			"bad_request":    {Count: 1, Row: 9, Error: "Cannot remove a client of type 'sdk'"},
			"no_answer":      {Count: 2, Row: 5, Error: "no answer came"},
		},
	}
	at := func(second int) time.Time { return time.Date(2026, 11, 22, 15, 31, second, 0, time.UTC) }
	mixedJob.Events = []jobs.Event{
		{At: at(5), Who: "ops@night", What: jobs.EventPause, Reason: "the API is slow"},
		{At: at(11), Who: "ops@night", What: jobs.EventResume},
		{At: at(20), What: "slowed down", Reason: "429"},
	}
	lists := listSource()
	return map[string]struct {
		job jobs.Job
		src memorySource
	}{
		"mixed": {mixedJob, mixed},
		"lists": {testJob(jobs.Finished, lists.tallyOf(4)), lists},
		"empty": {testJob(jobs.Running, jobs.Tally{}), memorySource{}},
	}
}

// mixedSource has a row of each kind, out of order. Row 8 was lost.
func mixedSource() memorySource {
	message := createRow(5)
	message.Message = `{"author":{"type":"business"},"content":{"type":"text","text":"Hi, \"you\""}}`
	removal := jobs.Row{Number: 9, Line: 10, Op: jobs.Remove, User: "=HYPERLINK(1)", ClientID: "client-9"}
	remove := outcomeOf(removal, jobs.Failed)
	remove.HTTPStatus, remove.ErrorCode, remove.Error = 400, "bad_request", "Cannot remove a client\nof type 'sdk'"
	gone := outcomeOf(jobs.Row{Number: 2, Line: 3, Op: jobs.Remove, User: "user-2", ClientID: "client-2"}, jobs.Noop)
	gone.ClientID, gone.ClientStatus, gone.HTTPStatus, gone.Detail = "", "", 404, "already gone"
	waiting := createRow(6)
	waiting.BrandID = "brand-1"
	return memorySource{
		chunks: []jobs.Chunk{
			{Rejections: []jobs.Rejection{
				{Number: 4, Line: 5, Column: "Phone Number", Cause: "has no + and country code", Names: []string{"user", "Phone Number", "note", "note"}, Values: []string{"user-4", "2125552368", "=1+1", "b"}},
				{Number: 7, Line: 1, Cause: "is not an object", Values: []string{`[1, 2]`}},
			}},
			{Outcomes: []jobs.Outcome{remove, outcomeOf(createRow(3), jobs.Failed)}},
			{Outcomes: []jobs.Outcome{outcomeOf(createRow(1), jobs.OK), gone, outcomeOf(message, jobs.InDoubt)}},
		},
		rows:     []jobs.Row{createRow(5), waiting},
		attempts: []jobs.Attempt{{Row: 9, At: remove.FinishedAt.Add(-2 * time.Second), Took: time.Second, HTTPStatus: 429}, {Row: 9, At: remove.FinishedAt, HTTPStatus: 503}},
	}
}

func listSource() memorySource {
	list := func(n int64, user, brand string, clients ...string) jobs.Outcome {
		o := jobs.Outcome{Row: jobs.Row{Number: n, Line: n + 1, Op: jobs.List, User: user, BrandID: brand}, Kind: jobs.OK, HTTPStatus: 200, Attempts: 1, Duration: 80 * time.Millisecond}
		for _, c := range clients {
			o.Clients = append(o.Clients, json.RawMessage(c))
		}
		return o
	}
	return memorySource{chunks: []jobs.Chunk{
		{Outcomes: []jobs.Outcome{list(3, "+12125552368", "brand-1", `{"id":"c5","type":"sms?","status":7,"externalId":null,"displayName":{"first":"A"},"raw":{"<b>":1}}`)}},
		{Outcomes: []jobs.Outcome{
			list(1, "u1", "",
				`{"id":"c1","type":"whatsapp","status":"active","integrationId":"i1","externalId":"+12125552368","lastSeen":"2020-06-23T14:33:47.492Z","linkedAt":"2020-06-23T14:33:47.492Z","displayName":"@Ann, \"A\""}`,
				`{"id":"c2"}`),
			list(2, "u2", ""),
			list(4, "u4", "", `"not an object"`, `{"id":`, `{"id":"c6","type":["a", 1]}`),
		}},
	}}
}

func TestGolden(t *testing.T) {
	for name, golden := range goldenJobs() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := writeTo(t.Context(), dir, golden.job, golden.src)
			if err != nil {
				t.Fatal(err)
			}
			if !s.AddsUp {
				t.Errorf("rows do not add up: %s", s.Sum())
			}
			want := filepath.Join("testdata", name)
			if *update {
				rewrite(t, want, dir)
			}
			if diff := cmp.Diff(files(t, want), files(t, dir)); diff != "" {
				t.Fatalf("files (-want +got):\n%s", diff)
			}
			for _, file := range files(t, want) {
				if diff := cmp.Diff(content(t, want, file), content(t, dir, file)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", file, diff)
				}
			}
		})
	}
}

// rewrite puts the files of a report in the place of the golden ones.
func rewrite(t *testing.T, golden, dir string) {
	t.Helper()
	for _, name := range files(t, golden) {
		if err := os.Remove(filepath.Join(golden, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range files(t, dir) {
		if err := os.WriteFile(filepath.Join(golden, name), []byte(content(t, dir, name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func content(t *testing.T, dir, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// I7: a summary and a page name rows and codes, never people.
func TestSummaryAndPageI7NameNobody(t *testing.T) {
	for name, golden := range goldenJobs() {
		dir := t.TempDir()
		if _, err := writeTo(t.Context(), dir, golden.job, golden.src); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"summary.json", "report.html"} {
			got := strings.ReplaceAll(html.UnescapeString(content(t, dir, file)), "user-select", "") // of CSS
			for _, person := range []string{"+1", "user-", "client-", "HYPERLINK", "conversation-", "Ann", "brand-"} {
				if strings.Contains(got, person) {
					t.Errorf("%s of %s holds %q", file, name, person)
				}
			}
		}
	}
}
