package plan

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestFileIsReadAsItWasWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "plan.json")
	want := NewFile("v1", map[string][]string{"rate": {"10"}, "set": {}}, Plan{Rows: 3, Inputs: []jobs.Input{{Name: "a.csv", SHA256: "aa"}}})
	for range 2 { // a file that is there is replaced
		if err := want.Write(name); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadFile(name)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if all, err := os.ReadDir(filepath.Dir(name)); err != nil || len(all) != 1 {
		t.Errorf("got %v, %v, want the plan alone", all, err)
	}
}

func TestReadFileNamesWhatIsNoPlan(t *testing.T) {
	name := filepath.Join(t.TempDir(), "plan.json")
	for _, text := range []string{"", "user\na\n", "{}", `{"version": 99}`, `{"version": 1, "other": 2}`, `{"version": 1} x`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(name); !errors.As(err, new(*NoPlan)) {
			t.Errorf("%q: got %v, want *NoPlan", text, err)
		}
	}
	if _, err := ReadFile(name + "-missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that it is missing", err)
	}
}

func TestFileKnowsItsInputs(t *testing.T) {
	file := File{Plan: Plan{Inputs: []jobs.Input{{Name: "a.csv", SHA256: "aa"}}}}
	for _, tt := range []struct {
		now    []jobs.Input
		same   bool
		others int
	}{
		{[]jobs.Input{{Name: "a.csv", SHA256: "aa"}}, true, 0},
		{[]jobs.Input{{Name: "b.csv", SHA256: "aa"}}, true, 0},
		{[]jobs.Input{{Name: "a.csv", SHA256: "bb"}}, true, 1},
		{[]jobs.Input{{Name: "b.csv", SHA256: "bb"}}, false, 1},
		{nil, false, 1},
	} {
		if same, others := file.SameFiles(tt.now), file.OtherInputs(tt.now); same != tt.same || len(others) != tt.others {
			t.Errorf("%v: got %v and %v, want %v and %d", tt.now, same, others, tt.same, tt.others)
		}
	}
}
