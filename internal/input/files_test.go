package input

import (
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// Files are found once: what changes meanwhile is not taken for them.
func TestFilesAreFoundOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string, when time.Time) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	write("a.csv", "user\na\n", changed)
	files, err := Find(t.Context(), []string{"newest:*.csv"})
	if err != nil {
		t.Fatal(err)
	}
	write("b.csv", "user\nb\n", changed.Add(time.Hour))
	for range 2 {
		r, err := Open(t.Context(), files, Config{Op: "list"})
		if err != nil {
			t.Fatal(err)
		}
		var got result
		for rec := range r.Records() {
			got.records = append(got.records, rec)
		}
		if diff := cmp.Diff([]string{"1:2 list user=a"}, got.told()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	}
}

func TestPipesAmongFiles(t *testing.T) {
	known := httptest.NewServer(&shelf{data: []byte("user\na\n"), etag: `"v1"`})
	defer known.Close()
	unknown := httptest.NewServer(&shelf{data: []byte("user\na\n")})
	defer unknown.Close()
	file := writeFile(t, "a.csv", []byte("user\na\n"))
	for _, test := range []struct {
		names []string
		pipe  string
	}{
		{[]string{file, known.URL, t.TempDir(), "missing.csv"}, ""},
		{[]string{file, "-"}, "-"},
		{[]string{known.URL, unknown.URL}, unknown.URL},
		{[]string{os.DevNull}, os.DevNull},
	} {
		files, err := Find(t.Context(), test.names)
		if err != nil {
			t.Fatal(err)
		}
		if got := files.Pipe(); got != test.pipe {
			t.Errorf("%q: got pipe %q, want %q", test.names, got, test.pipe)
		}
	}
	files, err := Find(t.Context(), []string{"-", unknown.URL, known.URL})
	if err != nil {
		t.Fatal(err)
	}
	got, err := files.Digest()
	if err != nil {
		t.Fatal(err)
	}
	want := []jobs.Input{{Name: "-"}, {Name: unknown.URL}, {Name: known.URL, Bytes: 7, Version: `etag "v1"`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("digests (-want +got):\n%s", diff)
	}
}
