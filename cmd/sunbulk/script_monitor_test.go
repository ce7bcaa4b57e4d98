package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"

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
