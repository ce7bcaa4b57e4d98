package chaos

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// migrated compares the report of a run with what the API has at last, and counts the ends of rows
// by step, outcome and code.
func (m *migration) migrated(out string) map[string]int {
	m.Helper()
	m.ranToTheEnd(out)
	ends, counts := map[int][]map[string]string{}, map[string]int{}
	last := 0
	for _, line := range m.sheet(filepath.Join(m.dir, out, "rows.csv")) {
		row, err := strconv.Atoi(line["row"])
		if err != nil || row < last || row > len(m.users) {
			m.Fatalf("I1: row %q of rows.csv follows row %d", line["row"], last)
		}
		last = row
		ends[row] = append(ends[row], line)
		counts[fmt.Sprintf("%s %s %s", line["step"], line["outcome"], line["errorCode"])]++
	}
	for i, u := range m.users {
		m.oneMigrated(i+1, u, ends[i+1])
	}
	if d := m.sim.Stats().Duplicates; d != 0 {
		m.Errorf("I2: the API has %d clients twice", d)
	}
	return counts
}

// oneMigrated compares the ends of a user's row with the user's clients.
func (m *migration) oneMigrated(row int, u migrant, ends []map[string]string) {
	m.Helper()
	if len(ends) != max(1, len(u.old)) {
		m.Errorf("I1: row %d of %s, with %d old clients, has %d ends: %v", row, u.id, len(u.old), len(ends), ends)
		return
	}
	var removed []string
	explained := false // why an old client is there beside an active new one
	for _, e := range ends {
		switch {
		case e["error"] == "":
			removed = append(removed, e["clientId"])
		case e["user"] != u.id:
			m.Errorf("I1: row %d is of %s, and the report says %s", row, u.id, e["user"])
		case len(u.old) > 1 || e["outcome"] == string(jobs.InDoubt):
			explained = true
		}
	}
	var left, linked []string
	active := false
	for _, c := range m.sim.Clients(u.id) {
		switch c.IntegrationID {
		case oldIntegration:
			left = append(left, c.ID)
		case newIntegration:
			linked, active = append(linked, c.ID), c.Status == sunco.StatusActive
		}
	}
	want := slices.DeleteFunc(slices.Clone(u.old), func(id string) bool { return slices.Contains(removed, id) })
	slices.Sort(left)
	slices.Sort(want)
	switch {
	case !slices.Equal(left, want):
		m.Errorf("I1: %s (row %d) has the old clients %v, and by the report %v: %v", u.id, row, left, want, ends)
	case len(linked) > 1:
		m.Errorf("I2: %s (row %d) has the new clients %v: %v", u.id, row, linked, ends)
	case len(removed) > 0 && !active:
		m.Errorf("I1: %s (row %d) lost %v and has no active new client: %v", u.id, row, removed, ends)
	case active && len(left) > 0 && !explained:
		m.Errorf("I1: %s (row %d) has an active new client, and still the old %v: %v", u.id, row, left, ends)
	}
	if _, blind := m.witness.creates(u.id, newIntegration); blind > 0 {
		m.Errorf("I2: a create for %s (row %d) was sent %d times without a look before", u.id, row, blind)
	}
}

// ranToTheEnd holds that no row of the run is left in any step.
func (m *bookRun) ranToTheEnd(out string) {
	m.Helper()
	s := m.runSummary(out)
	if s.State != jobs.Finished || s.Rows != int64(m.rows) || s.Missing != 0 {
		m.Errorf("I1: the run is %s with %d rows, %d of them missing; want %d", s.State, s.Rows, s.Missing, m.rows)
	}
	for _, step := range s.Steps {
		if step.Rows.Unprocessed != 0 || step.Rows.Read != step.Rows.Settled() {
			m.Errorf("I1: step %s has %+v, want no row left", step.Name, step.Rows)
		}
	}
}

func (m *bookRun) runSummary(out string) (s report.RunSummary) {
	m.Helper()
	data, err := os.ReadFile(filepath.Join(m.dir, out, "run.json"))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		m.Fatal(err)
	}
	return s
}

// tell prints how a migration went.
func (m *bookRun) tell(seed uint64, counts map[string]int, took time.Duration) {
	m.Helper()
	m.Logf("seed %d: %d rows in batches of %d, %d calls, %d processes, %.0f s", seed, m.rows, m.batch, m.calls(), len(m.all), took.Seconds())
	for _, name := range slices.Sorted(maps.Keys(m.tally)) {
		m.Logf("%6d %s", m.tally[name], name)
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		m.Logf("%6d ended %s", counts[name], name)
	}
}

// calls counts those that reached the API.
func (m *bookRun) calls() (n int64) {
	for _, c := range m.sim.Stats().Calls {
		n += c
	}
	return n
}
