//go:build unix

package osfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// NoWait is a flag of OpenFile with which a pipe that nobody writes to does not block it.
const NoWait = syscall.O_NONBLOCK

// LockMoves says that a lock goes along when its file is renamed over another.
const LockMoves = true

// Lock waits for the lock of an open file. A signal does not end the wait. The end of the process releases it.
func Lock(f *os.File) error { return flock(f, syscall.LOCK_EX) }

// TryLock locks an open file, or returns ErrLocked.
func TryLock(f *os.File) error {
	err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

// Unlock releases the lock of an open file, as closing it does.
func Unlock(f *os.File) error { return flock(f, syscall.LOCK_UN) }

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// LockFolder locks a folder until release; its error is ErrLocked while another process has it.
func LockFolder(dir string) (release func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := TryLock(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// SyncFolder puts what was made, renamed and removed in a folder on the disk.
func SyncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Own tells whether an open file is this user's, under one name only: what others can write to is not to be trusted, and
// what has a second name is not to be cut.
func Own(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid() && s.Nlink <= 1, nil
}

// OwnFolder tells whether a folder, and no link to one, is this user's.
func OwnFolder(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

// Others says what others may do with an open file.
func Others(f *os.File) (Access, error) {
	info, err := f.Stat()
	if err != nil {
		return Access{}, err
	}
	return access(info), nil
}

// OthersOf says what others may do with the file or folder of a name.
func OthersOf(name string) (Access, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Access{}, err
	}
	return access(info), nil
}

func access(info fs.FileInfo) Access {
	mode := info.Mode().Perm()
	return Access{Read: mode&0o077 != 0, Change: mode&0o022 != 0, Who: fmt.Sprintf("mode %04o", mode)}
}

// KeepPrivate is a command that keeps others from a file or folder.
func KeepPrivate(name string) string {
	mode := "600"
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		mode = "700"
	}
	return "chmod " + mode + " " + name
}

// ReaderLeft tells whether a write failed because nothing reads the pipe any more.
func ReaderLeft(err error) bool { return errors.Is(err, syscall.EPIPE) }
