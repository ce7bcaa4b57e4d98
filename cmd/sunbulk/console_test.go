package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauth2-proxy/mockoidc"
)

// TestConsoleWithOIDC: the flags lead to a provider, and the secret to it alone.
func TestConsoleWithOIDC(t *testing.T) {
	provider, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = provider.Shutdown() }()
	t.Setenv("SUNBULK_OIDC_CLIENT_SECRET", provider.ClientSecret)
	groups := filepath.Join(t.TempDir(), "groups.json")
	if err := os.WriteFile(groups, []byte(`{"groups": [{"group": "engineering", "role": "viewer"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	drain, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		args := []string{"console", "--simulate", "--listen", "127.0.0.1:0", "--oidc-issuer", provider.Issuer(), "--oidc-client-id", provider.ClientID, "--groups", groups, "--oidc-scopes", "email,groups", "--approval-above", "0"}
		ended <- run(t.Context(), drain, args, strings.NewReader(""), w, io.Discard)
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	for _, path := range []string{"oidc/login?to=/jobs", "jobs"} {
		resp, err := client.Get(strings.TrimSpace(line) + path)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || !strings.Contains(string(page), "jane.doe@example.com") {
			t.Errorf("%s: got %d, %v: %s", path, resp.StatusCode, err, page)
		}
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d, want %d", code, exitOK)
	}
}

// TestConsoleSimulated: one command shows it all, and ends when it is asked to.
func TestConsoleSimulated(t *testing.T) {
	t.Parallel()
	drain, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), drain, []string{"console", "--simulate", "--listen", "127.0.0.1:0"}, strings.NewReader(""), w, io.Discard)
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Jobs []struct {
			Simulated bool
			Rows      struct{ OK int64 }
		}
	}
	worked := func() bool {
		worked := 0
		for _, job := range list.Jobs {
			if !job.Simulated {
				t.Fatalf("a job is not marked as simulated: %+v", list.Jobs)
			}
			if job.Rows.OK > 0 {
				worked++
			}
		}
		return worked >= 3 // two, and those of a run
	}
	for !worked() {
		resp, err := http.Get(strings.TrimSpace(line) + "v1/jobs")
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(resp.Body).Decode(&list)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d, want %d", code, exitOK)
	}
}
