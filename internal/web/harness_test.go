package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// app is that of all jobs of the tests but for some.
const app = "5e4af71a81966cfff3ef6550"

// bench is a console on a Redis, with what its tests put there.
type bench struct {
	*testing.T
	s    *service.Service
	url  string
	logs *bytes.Buffer // guarded by the handler that writes it; to be read when no request is under way
}

func newBench(t *testing.T, change ...func(*web.Config)) *bench {
	t.Helper()
	redis, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Close)
	s, err := service.New(redis.Client())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, s: s, logs: &bytes.Buffer{}}
	cfg := web.Config{Service: s, Local: "ann@test", Dir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(b.logs, nil))}
	for _, do := range change {
		do(&cfg)
	}
	console, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(console.Close)
	server := httptest.NewServer(console)
	t.Cleanup(server.Close)
	t.Cleanup(console.Drain)
	b.url = server.URL
	return b
}

// submit queues a job of an app whose rows are the lines behind the first, which is a header.
func (b *bench) submit(of, op string, lines ...string) jobs.Job {
	b.Helper()
	path := filepath.Join(b.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	files, err := input.Find(b.Context(), []string{path})
	if err != nil {
		b.Fatal(err)
	}
	opt := jobs.Defaults()
	opt.App, opt.BatchSize, opt.Rate, opt.Attempts, opt.MaxFailures = of, 10, 0, 1, jobs.Threshold{Percent: 100}
	job, err := b.s.Submit(b.Context(), service.Order{Files: files, Read: input.Spec{Op: op, AllowDuplicates: true}, Options: opt})
	if err != nil {
		b.Fatal(err)
	}
	return job
}

// work makes the calls of a job until it ends. Users whose ids begin with unknown are not there.
func (b *bench) work(job jobs.Job) jobs.Job {
	b.Helper()
	sim := suncotest.New(suncotest.Config{})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	api, err := sunco.New(job.Options.App, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any")})
	if err != nil {
		b.Fatal(err)
	}
	w := b.s.Worker(worker.Config{Name: "test-1-ABCDEF", APIs: map[string]*sunco.API{job.Options.App: api}, Concurrency: 8, Logger: slog.New(slog.DiscardHandler)})
	if err := w.Serve(b.Context(), job.ID); err != nil {
		b.Fatal(err)
	}
	job, err = b.s.Job(b.Context(), job.ID)
	if err != nil {
		b.Fatal(err)
	}
	return job
}

// creates is a job that has ended, with rows that are ok, failed and rejected.
func (b *bench) creates() jobs.Job {
	b.Helper()
	lines := []string{"user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,target.conversationId"}
	for n := range 30 {
		user, phone := fmt.Sprintf("customer-%d", n), fmt.Sprintf("+1212555%04d", 100+n)
		if n%5 == 1 {
			user = "unknown-" + user
		}
		if n%10 == 7 {
			phone = "none"
		}
		lines = append(lines, user+",twilio,5f1a0c52d8b7e4000c3a9e01,"+phone+",immediate,64b2c5b7fcb94022dedcf6c1")
	}
	return b.work(b.submit(app, "create", lines...))
}

// lists is a job that nobody works.
func (b *bench) lists(of string) jobs.Job {
	b.Helper()
	return b.submit(of, "list", "user", "customer-1", "customer-2", "customer-3")
}

// asks makes a request; the body, if any, is JSON or a form.
func (b *bench) asks(method, path, body string, change ...func(*http.Request)) *http.Response {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	switch {
	case strings.HasPrefix(body, "{"):
		req.Header.Set("Content-Type", "application/json")
	case body != "":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, do := range change {
		do(req)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { resp.Body.Close() })
	return resp
}

// text makes a request and reads its answer, whose status must be the one that is given.
func (b *bench) text(status int, method, path, body string, change ...func(*http.Request)) string {
	b.Helper()
	resp := b.asks(method, path, body, change...)
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	if resp.StatusCode != status {
		b.Fatalf("%s %s: got %d, want %d: %.600s", method, path, resp.StatusCode, status, data)
	}
	return string(data)
}

// json is text for an answer that is JSON.
func (b *bench) json(v any, status int, method, path, body string, change ...func(*http.Request)) {
	b.Helper()
	if err := json.Unmarshal([]byte(b.text(status, method, path, body, change...)), v); err != nil {
		b.Fatalf("%s %s: %v", method, path, err)
	}
}

// problem is what an answer says that is none.
type problem struct {
	Status                                     int
	Code, Detail, Hint, Field, Job, Run, Title string
}

// tokens makes a file with a token of each role, and one of a viewer of another app, and returns their secrets.
func tokens(t *testing.T) (file string, secrets map[service.Role]string) {
	t.Helper()
	file, secrets = filepath.Join(t.TempDir(), "tokens.json"), map[service.Role]string{}
	for _, role := range service.Roles() {
		secret, err := web.AddToken(file, web.Token{Name: "my-" + string(role), Role: role})
		if err != nil {
			t.Fatal(err)
		}
		secrets[role] = secret
	}
	return file, secrets
}

// guarded lets in those who have a token of a file.
func guarded(t *testing.T, file string) func(*web.Config) {
	t.Helper()
	all, err := web.ReadTokens(file)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *web.Config) { c.Tokens = all }
}

func bearer(secret string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
}
