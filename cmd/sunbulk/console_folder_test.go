package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestConsoleFolders: a folder that a killed console left is removed, one in use stays, and so does whatever no console made (I11).
func TestConsoleFolders(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	used, remove, err := consoleFolder()
	if err != nil {
		t.Fatal(err)
	}
	foreign, other := filepath.Join(os.TempDir(), "sunbulk-console-foreign"), filepath.Join(t.TempDir(), "other")
	link, killed := filepath.Join(os.TempDir(), "sunbulk-console-link"), filepath.Join(os.TempDir(), "sunbulk-console-killed")
	for _, dir := range []string{foreign, other, killed} {
		if err := os.MkdirAll(filepath.Join(dir, "job"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{other, killed} {
		if err := os.WriteFile(filepath.Join(dir, folderLock), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	second, removeSecond, err := consoleFolder()
	if err != nil {
		t.Fatal(err)
	}
	removeSecond()
	for dir, want := range map[string]bool{used: true, foreign: true, other: true, filepath.Join(other, "job"): true, link: true, killed: false, second: false} {
		if _, err := os.Lstat(dir); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", dir, err == nil, want)
		}
	}
	remove()
	if _, err := os.Lstat(used); err == nil {
		t.Error("the folder stays when its console ends")
	}
}

func TestUploadsName(t *testing.T) {
	for uid, want := range map[int]string{1000: "sunbulk-uploads-1000", 0: "sunbulk-uploads-0", -1: "sunbulk-uploads"} {
		if got := uploadsName(uid); got != want {
			t.Errorf("uid %d: got %s, want %s", uid, got, want)
		}
	}
}
