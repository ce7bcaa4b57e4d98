package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/crmtest"
	"github.com/sunbulk/sunbulk/internal/preview"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// An export of 3,000 users as a CRM has them becomes verified links by the runbook that is ready for that, and each row that does not says
// why (I1). The export as a workbook gives the same.
func TestBackfillOfAMessyExport(t *testing.T) {
	export := crmtest.New(3000)
	text := backfill(t, export, "crm.csv", export.WriteCSV)
	book := backfill(t, export, "crm.xlsx", export.WriteWorkbook)
	if diff := cmp.Diff(text, book); diff != "" {
		t.Errorf("the workbook has other ends than the text (-text +workbook):\n%s", diff)
	}
}

// rowEnd is what became of a row.
type rowEnd struct{ Row, Line, User, Step, Outcome, Why string }

// backfill runs the runbook on an export and returns the ends of its rows.
func backfill(t *testing.T, export *crmtest.Export, name string, write func(io.Writer) error) []rowEnd {
	t.Helper()
	dir := t.TempDir()
	writeWith(t, filepath.Join(dir, name), write)
	book := quickRunbook(t, dir)
	sim := suncotest.New(suncotest.Config{World: export.World})
	server := httptest.NewServer(sim)
	defer server.Close()
	t.Setenv("SUNBULK_KEY_ID", "key")
	t.Setenv("SUNBULK_KEY_SECRET", "secret")
	input, out := filepath.Join(dir, name), filepath.Join(dir, "out")
	planned := planBackfill(t, book, input, server.URL)
	before := callsOf(sim)
	command(t, exitNotAllOK, "runbook", "run", book, "--input", input, "--base-url", server.URL, "--out", out, "--quiet")
	calls := callsOf(sim) - before
	if planned < calls*9/10 || planned > calls*11/10 {
		t.Errorf("the plan said %d calls, and the run made %d", planned, calls)
	}
	ends := readEnds(t, filepath.Join(out, "rows.csv"))
	if len(ends) != len(export.Rows) {
		t.Fatalf("I1: %s has %d rows, and rows.csv %d", name, len(export.Rows), len(ends))
	}
	links, rivals := 0, map[string]int{}
	for i, r := range export.Rows {
		got := ends[i]
		if r.Rival && got.Why == "an earlier row is for the same user" {
			ends[i] = rowEnd{}
			continue
		}
		linked := got.Step == "wait-until-active" && got.Outcome == "ok" && got.Why == ""
		switch {
		case got.Row != strconv.Itoa(i+1) || got.User != r.User && got.Outcome != "noop":
			t.Fatalf("I1: row %d of %s is %+v", i+1, r.User, got)
		case linked != (r.Why == "") || !strings.Contains(got.Why, r.Why):
			t.Errorf("row %d with %q ended as %+v, want %q", i+1, r.Mobile, got, r.Why)
		case linked:
			links++
		}
		if r.Rival {
			ends[i] = rowEnd{} // which of them goes on is not compared
			rivals[r.User]++
		}
	}
	for user, n := range rivals {
		if n != 1 {
			t.Errorf("I2: %d rows of %s went on", n, user)
		}
	}
	checkWorld(t, export, sim, links)
	return ends
}

// planBackfill returns the calls that a plan with a check expects, and holds that the time follows from them.
func planBackfill(t *testing.T, book, input, url string) int64 {
	t.Helper()
	data, err := os.ReadFile(book)
	if err != nil {
		t.Fatal(err)
	}
	paced := filepath.Join(filepath.Dir(book), "paced.yaml")
	if err := os.WriteFile(paced, bytes.ReplaceAll(data, []byte("rate: 0"), []byte("rate: 1000")), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := command(t, exitNotAllOK, "runbook", "plan", paced, "--input", input, "--base-url", url, "--check", "--json")
	var p preview.Planned
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		t.Fatal(err)
	}
	const burst = 100 // a tenth of the rate
	if want := float64(p.Calls-burst)/1000 + 0.001; !p.Sampled || math.Abs(p.Seconds-want) > 1e-6 {
		t.Errorf("%d calls take %v s, want %v", p.Calls, p.Seconds, want)
	}
	return p.Calls
}

func callsOf(sim *suncotest.Server) (n int64) {
	for _, c := range sim.Stats().Calls {
		n += c
	}
	return n
}

// quickRunbook is the runbook that is ready, without a pace.
func quickRunbook(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile("../../testdata/runbooks/backfill-from-crm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("rate: 40", "rate: 0", "wait: 1m", "wait: 1ms").Replace(string(data))
	for line := range strings.Lines(text) {
		if _, value, found := strings.Cut(line, ": "); found && strings.Contains(line, "${") && len(strings.TrimSpace(value)) > 40 {
			t.Errorf("an expression that is too long for people: %s", line)
		}
	}
	book := filepath.Join(dir, "backfill.yaml")
	if err := os.WriteFile(book, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return book
}

// checkWorld holds that each user has one client, and has been made once with one conversation, as the API counts (I2).
func checkWorld(t *testing.T, export *crmtest.Export, sim *suncotest.Server, links int) {
	t.Helper()
	made, linked := map[string]bool{}, map[string]bool{}
	for _, r := range export.Rows {
		clients := len(sim.Clients(r.User))
		switch {
		case r.Why == "" && clients != 1, clients > 1:
			t.Errorf("I2: %s has %d clients", r.User, clients)
		case r.Why == "":
			linked[r.User] = true
		}
		if usable := r.Why == "" || r.Why == "its link failed"; usable && !export.Known[r.User] {
			made[r.User] = true
		}
	}
	s := sim.Stats()
	if s.Users != int64(len(made)) || s.SecondConversations != 0 || s.Duplicates != 0 || len(linked) != links || links < 2500 || len(made) < 250 {
		t.Errorf("I2: %d links of %d reported, %d users made of %d, and %+v", len(linked), links, s.Users, len(made), s)
	}
}

func readEnds(t *testing.T, name string) (ends []rowEnd) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range table[1:] {
		ends = append(ends, rowEnd{line[0], line[1], line[2], line[3], line[5], strings.TrimSuffix(line[8], " (in column D)")}) // as is said of a workbook
	}
	return ends
}

func writeWith(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := write(f); err != nil {
		t.Fatal(err)
	}
}
