package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// consoleProcess starts a console of this machine alone, and returns its URL and that of its metrics.
func consoleProcess(t *testing.T, env []string, args ...string) (url, metrics string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sunbulk", append([]string{"console", "--listen", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--uploads", filepath.Join(t.TempDir(), "uploads")}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var log string
	for lines := bufio.NewScanner(stderr); metrics == "" && lines.Scan(); log += lines.Text() + "\n" {
		if found := metricsAddr.FindStringSubmatch(lines.Text()); found != nil {
			metrics = "http://" + found[1]
		}
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatalf("the console does not say where it is: %s", log)
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }() // until it is killed
	return strings.TrimSuffix(lines.Text(), "/"), metrics
}

// TestConsoleChecksPlans: a console with credentials asks the API about a plan, in GETs; credentials that the API refuses are a problem of the
// plan, and are shown nowhere (I7); and the metrics have each route that was asked for.
func TestConsoleChecksPlans(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s was called", r.Method, r.URL)
		}
		if r.Header.Get("Authorization") == "Bearer refused-secret" {
			http.Error(w, `{"errors":[{"code":"unauthorized","title":"no such key: refused-secret"}]}`, http.StatusUnauthorized)
			return
		}
		sim.ServeHTTP(w, r)
	}))
	defer api.Close()
	defer sim.Close()
	redis := redistest.Start(t).URL()
	for secret, want := range map[string]string{"taken-secret": "the API takes the credentials", "refused-secret": "the API refused the credentials"} {
		url, metrics := consoleProcess(t, []string{"SUNBULK_TOKEN=" + secret, "SUNBULK_APP=app"}, "--redis", redis, "--base-url", api.URL)
		ask := func(method, path, kind, body string, status int) string {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", kind)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			data, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != status {
				t.Fatalf("%s %s: %d, %v: %s", method, path, resp.StatusCode, err, data)
			}
			return string(data)
		}
		var upload struct{ Upload string }
		if err := json.Unmarshal([]byte(ask("POST", url+"/v1/uploads?name=users.csv", "text/csv", "user\ncustomer-1\n", 201)), &upload); err != nil {
			t.Fatal(err)
		}
		const json = "application/json"
		if got := ask("POST", url+"/v1/plans", json, `{"upload": "`+upload.Upload+`", "app": "app", "op": "list", "check": true}`, 201); !strings.Contains(got, want) || strings.Contains(got, secret) {
			t.Errorf("%s: got %s", secret, got)
		}
		if got := ask("POST", url+"/v1/plans", json, `{"upload": "`+upload.Upload+`", "app": "another", "op": "list", "check": true}`, 400); !strings.Contains(got, "no credentials of app another") {
			t.Errorf("another app: got %s", got)
		}
		ask("GET", url+"/nowhere", "", "", 404)
		got := ask("GET", metrics+"/metrics", "", "", 200)
		for _, want := range []string{
			`sunbulk_console_requests_total{route="POST /v1/plans",status="201"} 1`, `sunbulk_console_requests_total{route="POST /v1/plans",status="400"} 1`,
			`sunbulk_console_requests_total{route="none",status="404"} 1`, `sunbulk_console_request_duration_seconds_count{route="POST /v1/plans"} 2`, "sunbulk_console_viewers 0", "\nprocess_open_fds ",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
		ask("GET", metrics+"/readyz", "", "", 200)
	}
}
