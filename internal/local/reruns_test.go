package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

const firstJob, secondJob, thirdJob = "20261122-153012-aaaa", "20261122-153013-bbbb", "20261122-153014-cccc"

func opened(t *testing.T, dir string) *claimsFile {
	t.Helper()
	f, err := openClaims(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.close)
	return f
}

// I2: of several processes one has a row, and a rerun of it may take it over.
func TestI2ClaimsFileGivesARowToOne(t *testing.T) {
	dir := t.TempDir()
	a, b := opened(t, dir), opened(t, dir)
	ref := func(job string, row int64) jobs.RowRef { return jobs.RowRef{Job: job, Row: row} }
	for i, step := range []struct {
		by     *claimsFile
		before []jobs.RowRef
		who    jobs.RowRef
		want   jobs.RowRef
	}{
		{a, nil, ref(secondJob, 1), ref(secondJob, 1)},
		{b, nil, ref(thirdJob, 4), ref(secondJob, 1)},
		{b, []jobs.RowRef{ref(thirdJob, 4)}, ref(thirdJob, 5), ref(secondJob, 1)},
		{b, nil, ref(secondJob, 1), ref(secondJob, 1)}, // after a crash, in another process
		{b, []jobs.RowRef{ref(secondJob, 1)}, ref(thirdJob, 6), ref(thirdJob, 6)},
		{a, nil, ref(secondJob, 1), ref(thirdJob, 6)},
		{opened(t, dir), nil, ref(secondJob, 2), ref(thirdJob, 6)},
	} {
		if got := must[jobs.RowRef](t)(step.by.claim(7, step.before, step.who)); got != step.want {
			t.Errorf("step %d: %v has it, want %v", i, got, step.want)
		}
	}
	info, err := os.Stat(filepath.Join(dir, claimsName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, error %v, want 0600", info.Mode(), err)
	}
}

// Those who come at the same time, in this process or another, agree on who has a row.
func TestI2ClaimsAtTheSameTime(t *testing.T) {
	const rows = 50
	dir := t.TempDir()
	var all sync.WaitGroup
	var mu sync.Mutex
	holders := map[int64]map[jobs.RowRef]bool{}
	for n := range 4 {
		f := opened(t, dir)
		for row := range int64(rows) {
			all.Go(func() {
				holder, err := f.claim(row+1, nil, jobs.RowRef{Job: fmt.Sprintf("20261122-15301%d-aaaa", n), Row: row + 1})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if holders[row] == nil {
					holders[row] = map[jobs.RowRef]bool{}
				}
				holders[row][holder] = true
			})
		}
	}
	all.Wait()
	for row, who := range holders {
		if len(who) != 1 {
			t.Errorf("row %d: %v have it", row+1, who)
		}
	}
	data := string(must[[]byte](t)(os.ReadFile(filepath.Join(dir, claimsName))))
	if got := strings.Count(data, "\n"); got != rows {
		t.Errorf("got %d lines, want %d", got, rows)
	}
}

// A line of which a process that was killed has written a part was no claim: nothing was sent before it was whole.
func TestClaimsFileThatWasCutOff(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, claimsName)
	if err := os.WriteFile(path, []byte("1 "+secondJob+":1\nnonsense\n2 "+secondJob), 0o600); err != nil {
		t.Fatal(err)
	}
	me := jobs.RowRef{Job: thirdJob, Row: 9}
	f := opened(t, dir)
	for row, want := range map[int64]jobs.RowRef{1: {Job: secondJob, Row: 1}, 2: me} {
		if got := must[jobs.RowRef](t)(f.claim(row, nil, me)); got != want {
			t.Errorf("row %d: %v has it, want %v", row, got, want)
		}
	}
	if got, want := string(must[[]byte](t)(os.ReadFile(path))), "1 "+secondJob+":1\nnonsense\n2 "+me.String()+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// I11: what lies at the file's place and is not ours is not written to.
func TestI11ClaimsGoIntoNoOtherFile(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "mine")
	if err := errors.Join(os.WriteFile(outside, []byte("mine"), 0o600), os.Symlink(outside, filepath.Join(dir, claimsName))); err != nil {
		t.Fatal(err)
	}
	if _, err := openClaims(dir); err == nil || !strings.Contains(err.Error(), claimsName) {
		t.Errorf("got error %v, want one that names the file", err)
	}
	if data, err := os.ReadFile(outside); string(data) != "mine" || err != nil {
		t.Errorf("outside: got %q, error %v", data, err)
	}
}

// I2: a run finds the report whose rows it runs again, by the folder of its input or among the folders around its own; a
// copy of the input elsewhere is followed to it, too.
func TestI2RunsFindTheReportWhoseRowsTheyRun(t *testing.T) {
	base := t.TempDir()
	f, err := folder.Open(filepath.Join(base, "first"), firstJob)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := f.NewDraft()
	if err == nil {
		err = os.WriteFile(filepath.Join(draft.Dir(), "failed.csv"), []byte("x"), 0o600)
	}
	if err == nil {
		stamper := folder.NewStamper(io.Discard)
		fmt.Fprint(stamper, "x")
		stamp := stamper.Stamp()
		err = f.Publish(draft, []folder.File{{Name: "failed.csv", Stamp: &stamp}})
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	lineage := jobs.Lineage("").Then(jobs.RowRef{Job: firstJob, Row: 3})
	claim := func(name, out, input string, by jobs.RowRef) jobs.RowRef {
		t.Helper()
		codec := newCodec(t)
		c := candidate{Head: Head{Inputs: []Input{{Name: input}}}, around: out}
		r := newReruns(ledger.New(must[*backend](t)(newBackend()).redis.Client(), codec), c)
		defer r.close()
		got, err := r.ClaimRow(t.Context(), lineage, by)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return got
	}
	second, third := jobs.RowRef{Job: secondJob, Row: 1}, jobs.RowRef{Job: thirdJob, Row: 1}
	if got := claim("from the folder", filepath.Join(t.TempDir(), "out"), filepath.Join(base, "first", "failed.csv"), second); got != second {
		t.Errorf("from the folder: %v has it", got)
	}
	if got := claim("from a copy", filepath.Join(base, "out"), filepath.Join(t.TempDir(), "copy.csv"), third); got != second {
		t.Errorf("from a copy: %v has it, want %v", got, second)
	}
	if got := claim("of no folder that is known", filepath.Join(t.TempDir(), "out"), "-", third); got != third {
		t.Errorf("of no folder that is known: %v has it, want %v", got, third)
	}
}
