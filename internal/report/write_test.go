package report

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sunbulk/sunbulk/jobs"
)

// randomSource gives each of n rows a fate: an outcome of some kind, a place in the queue, or
// none. Outcomes come in any order, in chunks of any size.
func randomSource(random *rand.Rand, n int64) (src memorySource, want []jobs.Kind) {
	var outcomes []jobs.Outcome
	var rejections []jobs.Rejection
	for row := int64(1); row <= n; row++ {
		kinds := []jobs.Kind{jobs.OK, jobs.Noop, jobs.Failed, jobs.InDoubt, jobs.Rejected, jobs.Unprocessed}
		kind := kinds[random.IntN(len(kinds))]
		want = append(want, kind)
		switch kind {
		case jobs.Rejected:
			rejections = append(rejections, jobs.Rejection{Number: row, Line: row + 1, Cause: "is wrong", Names: []string{"user"}, Values: []string{fmt.Sprint(row)}})
		case jobs.Unprocessed:
		default:
			outcomes = append(outcomes, outcomeOf(createRow(row), kind))
		}
		if random.IntN(3) > 0 {
			src.rows = append(src.rows, createRow(row)) // also rows that have an outcome
		}
	}
	random.Shuffle(len(outcomes), func(i, j int) { outcomes[i], outcomes[j] = outcomes[j], outcomes[i] })
	random.Shuffle(len(src.rows), func(i, j int) { src.rows[i], src.rows[j] = src.rows[j], src.rows[i] })
	for len(outcomes)+len(rejections) > 0 {
		o, r := random.IntN(len(outcomes)+1), random.IntN(len(rejections)+1)
		src.chunks = append(src.chunks, jobs.Chunk{Outcomes: outcomes[:o], Rejections: rejections[:r]})
		outcomes, rejections = outcomes[o:], rejections[r:]
	}
	return src, want
}

// I1: whatever the order of commits and whatever was lost, every row has one line, in row order,
// and the files, the summary and the job's count agree.
func TestWriteI1EveryRowOnceInOrder(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		n := random.Int64N(1500)
		src, want := randomSource(random, n)
		state := []jobs.State{jobs.Running, jobs.Paused, jobs.Cancelled, jobs.Finished}[random.IntN(4)]
		job := testJob(state, src.tallyOf(n))
		dir := t.TempDir()
		s, err := writeTo(t.Context(), dir, job, src)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff(job.Tally, s.Rows); diff != "" {
			t.Errorf("seed %d: summary (-want +got):\n%s", seed, diff)
		}
		_, lines := readSheet(t, dir, "results.csv")
		var got []jobs.Kind
		for i, line := range lines {
			if want, got := strconv.Itoa(i+1), line["row"]; want != got {
				t.Fatalf("seed %d: got row %s in place %s", seed, got, want)
			}
			got = append(got, jobs.Kind(line["outcome"]))
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("seed %d: outcomes (-want +got):\n%s", seed, diff)
		}
		checkKindFiles(t, dir, src, want)
	}
}

// checkKindFiles tells whether the files of each kind hold the rows of that kind, in order. A row
// that the queue lost is in none.
func checkKindFiles(t *testing.T, dir string, src memorySource, kinds []jobs.Kind) {
	t.Helper()
	queued := make(map[int64]bool)
	for _, row := range src.rows {
		queued[row.Number] = true
	}
	for kind, file := range map[jobs.Kind]string{jobs.Failed: "failed.csv", jobs.InDoubt: "in_doubt.csv", jobs.Unprocessed: "unprocessed.csv", jobs.Rejected: "rejected.csv"} {
		var want, got []string
		for i, k := range kinds {
			row := int64(i + 1)
			switch {
			case k != kind || k == jobs.Unprocessed && !queued[row]:
			case k == jobs.Rejected:
				want = append(want, fmt.Sprint(row))
			default:
				want = append(want, createRow(row).User)
			}
		}
		_, lines := readSheet(t, dir, file)
		for _, line := range lines {
			got = append(got, line["user"])
		}
		if !slices.Equal(want, got) {
			t.Errorf("%s: got users %v, want %v", file, got, want)
		}
	}
}

// Rows that can run again come back from their files as they were, and valid.
func TestRowFilesAreInput(t *testing.T) {
	odd := createRow(2)
	odd.User, odd.BrandID, odd.Primary = "'=cmd|' /C calc'!A0", "@brand\n\"x\"", "false"
	odd.Message = `{"author":{"type":"business"},"content":{"type":"text","text":"a,\t\"b\""}}`
	mail := createRow(3)
	mail.Type, mail.PhoneNumber, mail.Address, mail.Subject = "mailgun", "", "-x@example.com", "+1 for you"
	remove := jobs.Row{Number: 4, Op: jobs.Remove, User: "+1 212-555-2368", ClientID: "-"}
	list := jobs.Row{Number: 5, Op: jobs.List, User: "''@"}
	want := []jobs.Row{createRow(1), odd, mail, remove, list}

	for kind, file := range map[jobs.Kind]string{jobs.Failed: "failed.csv", jobs.InDoubt: "in_doubt.csv", jobs.Unprocessed: "unprocessed.csv"} {
		src := memorySource{chunks: []jobs.Chunk{{}}}
		for _, row := range want {
			if kind == jobs.Unprocessed {
				src.rows = append(src.rows, row)
			} else {
				src.chunks[0].Outcomes = append(src.chunks[0].Outcomes, outcomeOf(row, kind))
			}
		}
		dir := t.TempDir()
		if _, err := writeTo(t.Context(), dir, testJob(jobs.Paused, src.tallyOf(5)), src); err != nil {
			t.Fatal(err)
		}
		var got []jobs.Row
		_, lines := readSheet(t, dir, file)
		for _, line := range lines {
			row := jobs.Row{Op: jobs.Op(line["op"])}
			for _, c := range jobs.Columns() {
				*c.Field(&row) = line[c.Path]
			}
			o, err := jobs.FindOperation(line["op"])
			if err != nil {
				t.Fatal(err)
			}
			if err := o.CheckRow(&row); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			got = append(got, row)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(jobs.Row{}, "Number", "Line")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// A second report in the same folder replaces the first, and takes away what no longer has a row.
func TestWriteReplacesAnEarlierReport(t *testing.T) {
	dir := t.TempDir()
	for _, kind := range []jobs.Kind{jobs.Failed, jobs.OK} {
		src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{outcomeOf(createRow(1), kind)}}}}
		if _, err := writeTo(t.Context(), dir, testJob(jobs.Finished, src.tallyOf(1)), src); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "journal"), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"journal", "report.html", "results.csv", "summary.json", "verify.csv"}
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if _, lines := readSheet(t, dir, "results.csv"); lines[0]["outcome"] != "ok" {
		t.Errorf("got outcome %q, want ok", lines[0]["outcome"])
	}
}

// What a report left behind that was killed is gone with the next one (I7); a folder of another name is somebody's.
func TestWriteRemovesWhatAKilledReportLeft(t *testing.T) {
	dir := t.TempDir()
	src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{outcomeOf(createRow(1), jobs.OK)}}}}
	job := testJob(jobs.Finished, src.tallyOf(1))
	f, err := Open(dir, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	killed, err := f.NewDraft()
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, name := range []string{".report-mine", ".report-20260101-000000-aaaa-1"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := writeTo(t.Context(), dir, job, src); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder of the killed report: got %v, want none there", err)
	}
	if got, want := files(t, dir)[:2], []string{".report-20260101-000000-aaaa-1", ".report-mine"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWriteErrorsLeaveNothingBehind(t *testing.T) {
	broken := errors.New("connection lost")
	good := jobs.Chunk{Outcomes: []jobs.Outcome{outcomeOf(createRow(1), jobs.Failed)}}
	for name, src := range map[string]memorySource{
		"outcomes": {chunks: []jobs.Chunk{good}, chunksErr: broken},
		"rows":     {chunks: []jobs.Chunk{good}, rows: []jobs.Row{createRow(2)}, rowsErr: broken},
	} {
		dir := t.TempDir()
		_, err := writeTo(t.Context(), dir, testJob(jobs.Running, jobs.Tally{Read: 2, Unprocessed: 2}), src)
		if !errors.Is(err, broken) {
			t.Errorf("%s: got error %v, want %v", name, err, broken)
		}
		if got := files(t, dir); len(got) > 0 {
			t.Errorf("%s: got files %v, want none", name, got)
		}
	}
}

func TestWriteFolderErrors(t *testing.T) {
	src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{outcomeOf(createRow(1), jobs.OK)}}}}
	job := testJob(jobs.Finished, src.tallyOf(1))

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := writeTo(t.Context(), dir, job, src); err == nil {
			t.Errorf("folder on a file: got error %v", err)
		}
	}

	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "results.csv", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := writeTo(t.Context(), dir, job, src); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a folder in the place of a file: got error %v", err)
	}
	if diff := cmp.Diff([]string{"results.csv"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestWriteIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "report")
	if _, err := writeTo(t.Context(), dir, testJob(jobs.Finished, jobs.Tally{}), memorySource{}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "summary.json"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %v, want %v", filepath.Base(path), got, want)
		}
	}
}
