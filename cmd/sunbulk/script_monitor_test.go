package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

var metricsAddr = regexp.MustCompile(`metrics are served" addr=(\S+)`)

// metrics NAME: $METRICS becomes the base URL at which the process NAME serves its metrics.
func findMetrics(_ *script, ts *testscript.TestScript, args []string) error {
	return wait(args[0]+" serves metrics", func() (bool, error) {
		found := metricsAddr.FindStringSubmatch(ts.ReadFile(args[0] + ".err"))
		if found != nil {
			ts.Setenv("METRICS", "http://"+found[1])
		}
		return found != nil, nil
	})
}

// fetch STATUS URL FILE [TEXT]: the URL comes to answer with the status and a body that holds the
// text, which goes to the file.
func fetch(_ *script, ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	text := strings.Join(args[3:], "")
	if err != nil {
		return err
	}
	return wait(fmt.Sprintf("%s answers %d", args[1], want), func() (bool, error) {
		res, err := http.Get(args[1])
		if err != nil {
			return false, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != want || !strings.Contains(string(body), text) {
			return false, err
		}
		return true, os.WriteFile(ts.MkAbs(args[2]), body, 0o600)
	})
}

// receiver is a webhook of a script: it keeps what it took, and answers as it is asked to.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	secret string
	bodies []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || r.status != http.StatusOK {
		w.WriteHeader(r.status)
		return
	}
	if r.secret != "" && !signed(req.Header.Get("Sunbulk-Signature"), body, r.secret) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	r.bodies = append(r.bodies, string(body))
}

// signed is the check that docs/operations.md shows, in Go.
func signed(signature string, body []byte, secret string) bool {
	stamp, mac, _ := strings.Cut(strings.TrimPrefix(signature, "t="), ",v1=")
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%s.%s", stamp, body)
	return hmac.Equal([]byte(mac), []byte(hex.EncodeToString(h.Sum(nil))))
}

// receive STATUS [SECRET]: a webhook at $RECEIVER, which holds a key, answers with the status; with
// 200 it takes only what is signed with the secret.
func receive(s *script, ts *testscript.TestScript, args []string) error {
	status, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if s.receiver == nil {
		s.receiver = &receiver{}
		s.receiver.Server = httptest.NewServer(s.receiver)
		ts.Setenv("RECEIVER", s.receiver.URL+"/services/HOOKKEY")
	}
	s.receiver.mu.Lock()
	defer s.receiver.mu.Unlock()
	s.receiver.status, s.receiver.secret = status, strings.Join(args[1:], "")
	return nil
}

// notices N FILE: the webhook comes to have taken N notices, which go to the file, a line each.
func notices(s *script, ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return wait(args[0]+" notices have come", func() (bool, error) {
		s.receiver.mu.Lock()
		defer s.receiver.mu.Unlock()
		switch got := len(s.receiver.bodies); {
		case got > want:
			return false, fmt.Errorf("notices: got %d, want %d", got, want)
		case got < want:
			return false, nil
		}
		return true, os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(s.receiver.bodies, "\n")+"\n"), 0o600)
	})
}
