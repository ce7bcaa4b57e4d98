package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// TestConsoleKilled: a console is killed again and again while one program uploads, plans, asks for an approval and starts, and another
// approves, and both ask again after each kill; in the end there is one plan, approved once, with one job, which has every row once (I2, I9).
func TestConsoleKilled(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	seed := rand.Uint64()
	t.Log("seed", seed)
	draw := rand.New(rand.NewPCG(seed, 0))
	c := &killedConsole{t: t, redis: redistest.Start(t).URL(), dir: filepath.Join(t.TempDir(), "uploads")}
	c.tokens = map[string]string{}
	for _, role := range []string{"operator", "approver"} {
		out, err := exec.Command("sunbulk", "console", "token", role, "--role", role, "--tokens", c.tokenFile()).Output()
		if err != nil {
			t.Fatal(err)
		}
		c.tokens[role] = strings.TrimSpace(string(out))
	}
	var file strings.Builder
	file.WriteString("user\n")
	for n := range rows {
		fmt.Fprintf(&file, "customer-%d\n", n)
	}
	c.file = file.String()
	// Within so many milliseconds of a request it is killed, as often as that; sooner is likelier.
	for _, kill := range []struct {
		at    string
		times int
		ms    int
	}{{"/v1/uploads", 4, 20}, {"/v1/plans", 4, 300}, {"/ask", 4, 4}, {"/v1/approvals", 4, 4}, {"/v1/jobs", 6, 100}} {
		for range kill.times {
			c.start()
			c.at, c.after = kill.at, time.Duration(draw.Float64()*draw.Float64()*float64(kill.ms)*float64(time.Millisecond))
			if err := c.goOn(); err != nil { // as far as it comes
				t.Log("killed at", c.doing)
			}
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
		}
	}
	c.at = ""
	c.start()
	defer func() { _ = c.cmd.Process.Kill(); _ = c.cmd.Wait() }()
	if err := c.goOn(); err != nil {
		t.Fatal(err)
	}
	var job struct {
		State string
		Rows  struct{ Read int64 }
	}
	for job.State != "running" { // all rows are queued
		if err := c.ask("GET", "/v1/jobs/"+c.job, "", &job); err != nil {
			t.Fatal(err)
		}
	}
	var jobs struct{ Jobs []struct{ Job string } }
	var plans struct{ Plans []struct{ Plan string } }
	var log struct{ Entries []struct{ What, Plan string } }
	if err := errors.Join(c.ask("GET", "/v1/audit?limit=500", "", &log), c.ask("GET", "/v1/jobs", "", &jobs), c.ask("GET", "/v1/plans", "", &plans)); err != nil {
		t.Fatal(err)
	}
	if job.Rows.Read != rows || len(jobs.Jobs) != 1 || len(plans.Plans) != 1 {
		t.Errorf("got %d rows in %d jobs of %d plans, want %d in one of one", job.Rows.Read, len(jobs.Jobs), len(plans.Plans), rows)
	}
	for _, what := range []string{"plan", "ask", "approve", "start"} { // a kill between an act and its entry repeats the entry, and never leaves it out (I13)
		if !slices.ContainsFunc(log.Entries, func(e struct{ What, Plan string }) bool { return e.What == what && e.Plan == c.plan }) {
			t.Errorf("the audit log has no %q of the plan: %+v", what, log.Entries)
		}
	}
	left, err := filepath.Glob(filepath.Join(c.dir, "*.json"))
	if whole, _ := filepath.Glob(filepath.Join(c.dir, "*.data")); err != nil || len(left) > len(whole) {
		t.Errorf("there are %d uploads and %d files of them: one is half made", len(left), len(whole))
	}
}

// killedConsole is a console and the program that uses it.
type killedConsole struct {
	t                 *testing.T
	redis, dir, file  string
	cmd               *exec.Cmd
	url               string
	upload, plan, job string // as far as the program knows
	tokens            map[string]string
	as                string        // role of who asks; empty = operator
	doing             string        // path that was asked for last
	at                string        // part of the path that is asked for when it is killed; empty = it is not
	after             time.Duration // from then on
}

func (c *killedConsole) tokenFile() string { return c.dir + ".tokens" }

func (c *killedConsole) start() {
	c.t.Helper()
	c.cmd = exec.Command("sunbulk", "console", "--redis", c.redis, "--listen", "127.0.0.1:0", "--uploads", c.dir, "--tokens", c.tokenFile(), "--approval-above", "0")
	stdout, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		c.t.Fatal("the console does not say where it is")
	}
	c.url = strings.TrimSuffix(lines.Text(), "/")
}

// goOn asks for what the program has no answer to yet.
func (c *killedConsole) goOn() error {
	var answer struct{ Upload, Plan, Job, Digest string }
	if c.upload == "" {
		if err := c.ask("POST", "/v1/uploads?name=users.csv", c.file, &answer); err != nil {
			return err
		}
		c.upload = answer.Upload
	}
	if err := c.ask("POST", "/v1/plans", fmt.Sprintf(`{"upload": %q, "app": "a", "op": "ensure-user"}`, c.upload), &answer); err != nil {
		return err
	}
	if c.plan != "" && c.plan != answer.Plan {
		c.t.Errorf("the same key gave the plans %s and %s", c.plan, answer.Plan)
	}
	c.plan = answer.Plan
	if err := c.ask("POST", "/v1/plans/"+c.plan+"/ask", fmt.Sprintf(`{"digest": %q}`, answer.Digest), &answer); err != nil {
		return err
	}
	c.as = "approver"
	err := c.ask("POST", "/v1/approvals", fmt.Sprintf(`{"plan": %q, "digest": %q}`, c.plan, answer.Digest), &answer)
	c.as = ""
	if err != nil {
		return err
	}
	if err := c.ask("POST", "/v1/jobs", fmt.Sprintf(`{"plan": %q}`, c.plan), &answer); err != nil {
		return err
	}
	if c.job != "" && c.job != answer.Job {
		c.t.Errorf("the same plan gave the jobs %s and %s", c.job, answer.Job)
	}
	c.job = answer.Job
	return nil
}

func (c *killedConsole) ask(method, path, body string, answer any) error {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	c.doing = path
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "one-"+path)
	req.Header.Set("Authorization", "Bearer "+c.tokens[cmp.Or(c.as, "operator")])
	if c.at != "" && method == "POST" && strings.Contains(path, c.at) {
		process := c.cmd.Process
		defer time.AfterFunc(c.after, func() { _ = process.Kill() }).Stop()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		c.t.Errorf("%s %s: got %s", method, path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
