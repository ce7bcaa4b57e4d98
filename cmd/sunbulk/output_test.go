package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// hostile moves the cursor, turns text around and begins a line that sunbulk might have written.
const hostile = "x\x1b[2J\u009b1m\u202e\u2028\r\nsunbulk: forged\n\thint: forged\x9b"

// command runs sunbulk in the process and returns what it wrote.
func command(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(t.Context(), t.Context(), args, strings.NewReader(""), &out, &errs); got != code {
		t.Errorf("%q: got code %d, want %d: %s", args, got, code, errs.String())
	}
	return out.String(), errs.String()
}

// harmless complains of what a terminal obeys, and of lines that begin as a value does.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			t.Errorf("%s shows %q: %q", what, r, text)
			break
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "sunbulk: forged") || strings.HasPrefix(strings.TrimSpace(line), "hint: forged") {
			t.Errorf("%s has a forged line: %q", what, text)
		}
	}
}

// What a flag, a file's name or Redis says is a value in a line, and nothing more.
func TestForeignTextForgesNothing(t *testing.T) {
	server := redistest.Start(t)
	t.Setenv("SUNBULK_REDIS", server.URL())
	dir := t.TempDir()
	csv := filepath.Join(dir, hostile[:4]+"\nsunbulk: forged.csv")
	if err := os.WriteFile(csv, []byte("user\nu1\nu2\n\"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs := command(t, exitNotAllOK, "enqueue", csv, "--op", "list", "--app", "demo")
	harmless(t, "enqueue", errs)
	job := strings.TrimSpace(out)
	_, errs = command(t, exitOK, "pause", job, "--reason", hostile)
	harmless(t, "pause", errs)

	rdb, key := server.Client(t), "sunbulk:{"+job+"}"
	if err := rdb.HSet(t.Context(), key, "enqueuer", hostile, "cause:"+hostile, 1, "sample:"+hostile, "1:"+hostile, "retry:"+hostile, hostile).Err(); err != nil {
		t.Fatal(err)
	}
	now, err := rdb.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	beat := fmt.Sprintf("%d:%[1]d:1:%s:%[1]d=1", now.UnixMilli()+60_000, strings.ReplaceAll(hostile, ":", ""))
	if err := rdb.HSet(t.Context(), key+":alive", hostile, beat).Err(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"status", job}, {"jobs"}, {"why", job, "1"}, {"why", job, "3"}, {"report", job, "--out", filepath.Join(dir, "r"+hostile)}} {
		for _, json := range []string{"", "--json"} {
			var out, errs bytes.Buffer
			run(t.Context(), t.Context(), append(args, strings.Fields(json)...), strings.NewReader(""), &out, &errs)
			harmless(t, args[0]+json, out.String())
			harmless(t, args[0]+json, errs.String())
		}
	}
	out, _ = command(t, exitOK, "status", job, "--json")
	var status struct{ Reason string }
	if err := json.Unmarshal([]byte(out), &status); err != nil || !strings.Contains(status.Reason, "sunbulk: forged") {
		t.Errorf("got reason %q, %v; want the words of it, in JSON", status.Reason, err)
	}
	for name, args := range map[string][]string{
		"a file": {"run", filepath.Join(dir, hostile), "--simulate"}, "a flag": {"run", csv, "--op", hostile, "--simulate"}, "an unknown flag": {"run", "--" + hostile},
		"a command": {hostile}, "a job": {"status", hostile}, "a mapping": {"plan", csv, "--op", "list", "--map", hostile + "=user"}, "a runbook": {"runbook", "check", filepath.Join(dir, hostile)},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), t.Context(), args, strings.NewReader(""), &out, &errs); code == exitOK {
			t.Errorf("%s: got code 0", name)
		}
		harmless(t, name, errs.String())
	}
}

// I7: what holds a secret of this process shows none of it, in any message.
func TestOutputI7ShowsNoSecrets(t *testing.T) {
	for name, value := range map[string]string{
		"SUNBULK_TOKEN": "tok-4242-abcdef", "SUNBULK_KEY_SECRET": "sec/7/xyz+more", "AWS_SECRET_ACCESS_KEY": "aws-0000-1111-2222",
		"SUNBULK_NOTIFY": "https://hooks.example/T0001/B00042424242", "SUNBULK_REDIS": "redis://me:red%20is-pass@127.0.0.1:1/0",
	} {
		t.Setenv(name, value)
	}
	for _, said := range []string{"tok-4242-abcdef", "TOK-4242-ABCDEF", "sec%2F7%2Fxyz%2Bmore", `sec\/7\/xyz\u002bmore`, "YXdzLTAwMDAtMTExMS0yMjIy", "B00042424242", "red is-pass", "red%20is-pass"} {
		_, errs := command(t, exitCannotRun, "run", "no-file-"+strings.ReplaceAll(said, "/", "|"), "--simulate")
		if shown := strings.ReplaceAll(errs, "|", "/"); strings.Contains(strings.ToLower(shown), strings.ToLower(said)) && !strings.Contains(said, "/") {
			t.Errorf("%q is shown: %s", said, errs)
		}
	}
}

// An app id that a proxy could turn into a different one is refused before anything is read or sent.
func TestAppOfDotsIsRefused(t *testing.T) {
	csv := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(csv, []byte("user\nu1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, app := range []string{"..", "demo/../other", "%2e%2e%2fother", `other\`} {
		for _, args := range [][]string{{"plan"}, {"enqueue", "--redis", "redis://127.0.0.1:1"}} {
			_, errs := command(t, exitUsage, append(args, csv, "--op", "list", "--app", app)...)
			if !strings.Contains(errs, "--app") && !strings.Contains(errs, "app id") || !strings.Contains(errs, "path of dots or ends in a slash") {
				t.Errorf("%s --app %s: got %s", args[0], app, errs)
			}
		}
	}
}
