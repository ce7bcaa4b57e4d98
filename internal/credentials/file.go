package credentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/sunbulk/sunbulk/internal/osfile"
)

// maxFile bounds a file of credentials, in bytes: some thousands of apps.
const maxFile = 1 << 20

// ReadFile reads the credentials of apps from a file {"apps": {"APP": {"keyId": …, "keySecret": …}}} that nobody but its
// owner may be able to read or change, or from a pipe. It ends with ctx, also while it waits for someone to write to a pipe.
// What is wrong with the file is an *Error.
func ReadFile(ctx context.Context, name string) (map[string]Credentials, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1)
	go func() { // which nothing can end while nobody writes to a pipe
		data, err := readOpened(name)
		read <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-read:
		if r.err != nil {
			return nil, r.err
		}
		return parse(name, r.data)
	}
}

// readOpened opens a file once, so that what is checked is what is read.
func readOpened(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		if isSocket(name) {
			return nil, &Error{"--credentials " + name + " is neither a file nor a pipe", form}
		}
		return nil, fmt.Errorf("open credentials: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at credentials: %w", err)
	}
	if err := checkFile(name, f, info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read credentials: %w", err)
	case len(data) > maxFile:
		return nil, &Error{name + " is larger than 1 MiB", form}
	}
	return data, nil
}

func isSocket(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().Type() == fs.ModeSocket
}

// checkFile refuses what others may read or have written. The owner may be root, who can do either anyway.
func checkFile(name string, f *os.File, info fs.FileInfo) error {
	mode := info.Mode()
	pipe := mode.Type() == fs.ModeNamedPipe
	uid, known := owner(info)
	others, err := osfile.Others(f)
	switch {
	case mode.IsDir():
		return &Error{"--credentials " + name + " is a folder", "name the file in it"}
	case !mode.IsRegular() && !pipe:
		return &Error{"--credentials " + name + " is neither a file nor a pipe", form}
	case pipe && isInherited(name) && runtime.GOOS != "linux": // others cannot open it, whatever its mode says there
		return nil
	case known && uid != 0 && uid != os.Geteuid():
		return &Error{fmt.Sprintf("%s belongs to another user (uid %d), who can change it", name, uid), "chown it to the user who runs sunbulk, or run sunbulk as that user"}
	case err != nil:
		return fmt.Errorf("look at credentials: %w", err)
	case others.Change:
		return &Error{fmt.Sprintf("others can change %s (%s)", name, others.Who), osfile.KeepPrivate(name)}
	case others.Read:
		return &Error{fmt.Sprintf("others can read %s (%s)", name, others.Who), osfile.KeepPrivate(name)}
	}
	return nil
}

// isInherited tells whether a name stands for an open file of this process, as <(…) of a shell does.
func isInherited(name string) bool {
	return name == "/dev/stdin" || strings.HasPrefix(name, "/dev/fd/")
}

// IsInterrupted tells whether an error of ReadFile says no more than that its context has ended.
func IsInterrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
}
