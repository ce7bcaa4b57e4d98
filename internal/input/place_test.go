package input

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPatterns(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for i, name := range []string{"b.csv", "c.csv", "a.csv", "other.txt", "a[1].csv", "sub/x.csv", "sub/y.csv", "sub/deep.csv/z.csv", "newest:odd.csv"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("user\n"+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		when := changed.Add(time.Duration(i) * time.Hour)
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes("sub/x.csv", changed.AddDate(1, 0, 0), changed.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		arg  string
		want []string
	}{
		{"?.csv", []string{"a.csv", "b.csv", "c.csv"}},
		{"newest:?.csv", []string{"a.csv"}},
		{"newest:b.csv", []string{"b.csv"}},
		{"sub/*.csv", []string{"sub/x.csv", "sub/y.csv"}},
		{"newest:*/*.csv", []string{"sub/x.csv"}},
		{"a[1].csv", []string{"a[1].csv"}},
		{"newest:odd.csv", []string{"newest:odd.csv"}},
		{"missing.csv", []string{"missing.csv"}},
		{"-", []string{"-"}},
	}
	for _, test := range tests {
		places, err := newNetwork().find(t.Context(), test.arg)
		if err != nil {
			t.Errorf("%s: %v", test.arg, err)
		}
		var got []string
		for _, p := range places {
			got = append(got, p.name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.arg, diff)
		}
	}
	for arg, unavailable := range map[string]bool{"*.json": true, "newest:none.csv": true, "[": false, "newest:[a": false} {
		_, err := newNetwork().find(t.Context(), arg)
		if e, ok := errors.AsType[*Error](err); !ok || e.Unavailable != unavailable || e.Hint == "" {
			t.Errorf("%s: got %v", arg, err)
		}
	}
}
