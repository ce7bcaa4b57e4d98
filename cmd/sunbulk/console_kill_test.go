package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// TestConsoleKilled: a console is killed again and again while a program uploads, plans and starts, and asks again after each kill; in
// the end there is one plan with one job, which has every row once (I2, I9).
func TestConsoleKilled(t *testing.T) {
	t.Parallel()
	const rows, kills = 20_000, 12
	seed := rand.Uint64()
	t.Log("seed", seed)
	draw := rand.New(rand.NewPCG(seed, 0))
	c := &killedConsole{t: t, redis: redistest.Start(t).URL(), dir: filepath.Join(t.TempDir(), "uploads")}
	var file strings.Builder
	file.WriteString("user\n")
	for n := range rows {
		fmt.Fprintf(&file, "customer-%d\n", n)
	}
	c.file = file.String()
	for range kills {
		c.start()
		timer := time.AfterFunc(time.Duration(draw.IntN(250))*time.Millisecond, func() { _ = c.cmd.Process.Kill() })
		_ = c.goOn() // as far as it comes
		_ = c.cmd.Wait()
		timer.Stop()
	}
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
	if err := errors.Join(c.ask("GET", "/v1/jobs", "", &jobs), c.ask("GET", "/v1/plans", "", &plans)); err != nil {
		t.Fatal(err)
	}
	if job.Rows.Read != rows || len(jobs.Jobs) != 1 || len(plans.Plans) != 1 {
		t.Errorf("got %d rows in %d jobs of %d plans, want %d in one of one", job.Rows.Read, len(jobs.Jobs), len(plans.Plans), rows)
	}
}

// killedConsole is a console and the program that uses it.
type killedConsole struct {
	t                 *testing.T
	redis, dir, file  string
	cmd               *exec.Cmd
	url               string
	upload, plan, job string // as far as the program knows
}

func (c *killedConsole) start() {
	c.t.Helper()
	c.cmd = exec.Command("sunbulk", "console", "--redis", c.redis, "--listen", "127.0.0.1:0", "--uploads", c.dir)
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
	var answer struct{ Upload, Plan, Job string }
	if c.upload == "" {
		if err := c.ask("POST", "/v1/uploads?name=users.csv", c.file, &answer); err != nil {
			return err
		}
		c.upload = answer.Upload
	}
	if err := c.ask("POST", "/v1/plans", fmt.Sprintf(`{"upload": %q, "app": "a", "op": "list"}`, c.upload), &answer); err != nil {
		return err
	}
	if c.plan != "" && c.plan != answer.Plan {
		c.t.Errorf("the same key gave the plans %s and %s", c.plan, answer.Plan)
	}
	c.plan = answer.Plan
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
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "one-"+path)
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
