package osfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

// NoWait is a flag of OpenFile that does nothing here: a folder holds no pipes.
const NoWait = 0

// LockMoves says that a lock goes along when its file is renamed over another. Here an open file cannot always be replaced.
const LockMoves = false

// lockedAt is the byte of a file that is locked. It is beyond any content, for here a locked byte cannot be read.
const lockedAt = 1 << 62

// Lock waits for the lock of an open file. The end of the process releases it.
func Lock(f *os.File) error { return lock(f, windows.LOCKFILE_EXCLUSIVE_LOCK) }

// TryLock locks an open file, or returns ErrLocked.
func TryLock(f *os.File) error {
	err := lock(f, windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	return err
}

func lock(f *os.File, how uint32) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, place())
}

// Unlock releases the lock of an open file, as closing it does.
func Unlock(f *os.File) error {
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, place())
}

func place() *windows.Overlapped { return &windows.Overlapped{OffsetHigh: lockedAt >> 32} }

// LockFolder locks a folder until release; its error is ErrLocked while another process has it. Folders have no locks
// here: a mutex named after the path, which all sessions of this machine share, stands for one.
func LockFolder(dir string) (release func(), err error) {
	name, err := windows.UTF16PtrFromString(fmt.Sprintf(`Global\sunbulk-%x`, sha256.Sum256([]byte(strings.ToLower(dir)))))
	if err != nil {
		return nil, err
	}
	mutex, err := windows.CreateMutex(nil, false, name)
	switch {
	case errors.Is(err, windows.ERROR_ALREADY_EXISTS):
		windows.CloseHandle(mutex)
		return nil, ErrLocked
	case errors.Is(err, windows.ERROR_ACCESS_DENIED): // another user's
		return nil, ErrLocked
	case err != nil:
		return nil, err
	}
	return func() { windows.CloseHandle(mutex) }, nil
}

// SyncFolder does nothing: the file system's own journal keeps names, and folders cannot be flushed.
func SyncFolder(string) error { return nil }

// ReaderLeft tells whether a write failed because nothing reads the pipe any more.
func ReaderLeft(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
