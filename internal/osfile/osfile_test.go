package osfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A lock keeps a second opening from the lock, and nobody from reading; closing or unlocking ends it.
func TestOneHoldsTheLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	a, b := open(t, name), open(t, name)
	if _, err := a.WriteString("content"); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(a); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(b); !errors.Is(err, ErrLocked) {
		t.Errorf("a second lock: got %v, want %v", err, ErrLocked)
	}
	if got, err := os.ReadFile(name); string(got) != "content" {
		t.Errorf("read while it is locked: got %q, %v", got, err)
	}
	if err := Unlock(a); err != nil {
		t.Fatal(err)
	}
	if err := Lock(b); err != nil {
		t.Errorf("lock after the first was released: %v", err)
	}
	b.Close()
	if err := TryLock(a); err != nil {
		t.Errorf("lock after the second was closed: %v", err)
	}
}

func TestOneHoldsAFolder(t *testing.T) {
	dir := t.TempDir()
	release, err := LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockFolder(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want %v", err, ErrLocked)
	}
	release()
	if release, err = LockFolder(dir); err != nil {
		t.Fatalf("after its release: %v", err)
	}
	release()
}

func TestAFileWithASecondNameIsNotOwn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	f := open(t, name)
	if own, err := Own(f); !own || err != nil {
		t.Errorf("a new file: got %t, %v", own, err)
	}
	if err := os.Link(name, name+"2"); err != nil {
		t.Fatal(err)
	}
	if own, err := Own(f); own || err != nil {
		t.Errorf("with a second name: got %t, %v", own, err)
	}
}
