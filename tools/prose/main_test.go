package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFindsPhrasesAndSlips(t *testing.T) {
	c, err := newChecker("# a comment\nbegins? afresh\tstarts again\n")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.md":           "It Begins afresh.\nIt renewed.\nIt rec" + "ieved a row.\n",          // 2
		"b.go":           "package b\n\n// b begin afresh.\nvar afresh = `x\nbegins afresh`\n", // 2
		"CHANGELOG.md":   "begins afresh\n",
		"testdata/c.md":  "begins afresh\n",
		".hidden/d.md":   "begins afresh\n",
		"deep/page.html": "<p>begins afresh</p>\n", // 1
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.tree(dir); err != nil {
		t.Fatal(err)
	}
	if c.found != 5 {
		t.Errorf("found %d, want 5", c.found)
	}
}

func TestRefusesAListThatCannotBeRead(t *testing.T) {
	for _, list := range []string{"no tab\n", "(\tx\n"} {
		if _, err := newChecker(list); err == nil {
			t.Errorf("%q is accepted", list)
		}
	}
}
