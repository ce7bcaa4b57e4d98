package service

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
	"github.com/sunbulk/sunbulk/internal/redistest"
)

// Passwords are percent-encoded; with Sentinel those before the @ are the Sentinels' and password= is the server's.
func TestDialPasswords(t *testing.T) {
	for address, want := range map[string]string{
		"redis://:p%40ss%2Fw%3Ard@h:1/0":                                 "p@ss/w:rd",
		"rediss://me:100%25%23%3F@h:1":                                   "100%#?",
		"redis://:sent%231@h:1/0?master_name=m&password=p%40ss%2Fw%3Ard": "p@ss/w:rd",
		"redis://h:1?master_name=m&password=a%26b":                       "a&b",
		"redis://:plain@h:1/2":                                           "plain",
	} {
		rdb, err := dial(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		defer rdb.Close()
		if got := rdb.(*redis.Client).Options().Password; got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

// I7: a password that is not percent-encoded shows in no error, and the error says how to write it.
func TestDialI7BarePasswords(t *testing.T) {
	for _, address := range []string{
		"redis://:p@ss/w0rd@h:1/0", "redis://:w0rd/x@h:1", "redis://:x?w0rd@h:1", "redis://:w0rd#1@h:1", "redis://:100%w0rd@h:1",
		"redis://h:1?master_name=m&password=w0rd@1/x",
	} {
		rdb, err := dial(address)
		if err == nil {
			rdb.Close()
			t.Errorf("%s: is taken", address)
		} else if strings.Contains(err.Error(), "w0rd") || !strings.Contains(err.Error(), "%40") {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func denied(e *Unavailable) bool {
	return e.Fault == redisfault.NoPassword || e.Fault == redisfault.WrongPassword || e.Fault == redisfault.NotAllowed
}

// A login that is refused is distinguished from a server that does not answer.
func TestOpenDenied(t *testing.T) {
	server := redistest.Start(t)
	if err := server.Client(t).ConfigSet(t.Context(), "requirepass", "p@ss/w:rd").Err(); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{"redis://": true, "redis://:wrong@": true, "redis://nobody:p%40ss%2Fw%3Ard@": true} {
		_, _, err := Open(t.Context(), address+server.Addr)
		if e, ok := errors.AsType[*Unavailable](err); !ok || denied(e) != want {
			t.Errorf("%s: got %v, want denied: %t", address, err, want)
		}
	}
	s, _, err := Open(t.Context(), "redis://:p%40ss%2Fw%3Ard@"+server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	server.Kill()
	_, _, err = Open(t.Context(), "redis://"+server.Addr)
	if e, ok := errors.AsType[*Unavailable](err); !ok || denied(e) {
		t.Errorf("no server: got %v", err)
	}
}

// I7: a server that quotes what it was sent gives no password away.
func TestOpenI7ShowsNoPassword(t *testing.T) {
	for _, password := range []string{"p4ss/w0rd+x=9", "abc", "long enough to be cut"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		go func() {
			for {
				c, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					for {
						if _, err := c.Read(make([]byte, 4096)); err != nil {
							return
						}
						fmt.Fprintf(c, "-ERR no login with '%s' %s %s\r\n", password, url.QueryEscape(password), base64.StdEncoding.EncodeToString([]byte(password)))
					}
				}()
			}
		}()
		address := &url.URL{Scheme: "redis", User: url.UserPassword("me", password), Host: listener.Addr().String()}
		_, _, err = Open(t.Context(), address.String())
		if err == nil || !strings.Contains(err.Error(), "no login with '…' … ") {
			t.Errorf("%q: got %v", password, err)
		}
		for _, part := range []string{password, url.QueryEscape(password), base64.RawStdEncoding.EncodeToString([]byte(password))} {
			if err != nil && strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, which holds %q", password, err, part)
			}
		}
	}
}
