package redisfault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]Fault{
		"READONLY You can't write against a read only replica. script: 8f1, on @user_script:9.":             ReadOnly,
		"queue batch 3: UNKNOWN: redis eval error: OOM command not allowed when used memory > 'maxmemory'.": Full,
		"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.":  NotPersisted,
		"NOREPLICAS Not enough good replicas to write.":                                                     NoReplicas,
		"MOVED 5556 10.0.0.3:6379":                                                                             IsCluster,
		"ERR This instance has cluster support disabled":                                                       NotCluster,
		"NOPERM this user has no permissions to run the 'info' command":                                        NotAllowed,
		"ERR The user executing the script can't run this command or subcommand script: 1, on @user_script:1.": NotAllowed,
		"WRONGPASS invalid username-password pair or user is disabled.":                                        WrongPassword,
		"read job: WRONGTYPE Operation against a key holding the wrong kind of value":                          WrongType,
		"job 20261122-153012-k3f9: no such job":                                                                None,
		"user ASKED for MOVED things":                                                                          None,
		"SLOADING up":                                                                                          None,
	} {
		if got := Of(errors.New(text)); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	for _, err := range []error{io.EOF, fmt.Errorf("read: %w", context.DeadlineExceeded), redis.ErrClosed} {
		if got := Of(err); got != NoAnswer {
			t.Errorf("%v: got %q", err, got)
		}
	}
	for _, err := range []error{nil, redis.Nil, &url.Error{Op: "Post", URL: "https://h", Err: io.EOF}} {
		if got := Of(err); got != None {
			t.Errorf("%v: got %q", err, got)
		}
	}
	if WrongType.Whole() || None.Whole() || !Full.Whole() {
		t.Error("which faults are the whole Redis'")
	}
}
