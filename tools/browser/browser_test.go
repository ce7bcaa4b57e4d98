// Package browser drives the console with a real Chromium: from a file to a report, with the keyboard alone. On each page that it
// comes to, axe-core looks for what keeps people out, in both themes.
package browser

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long the whole may take. It is never part of what is tested.
const patience = 14 * time.Minute

// sample is the file: of its rows some users are not there, and one number is none.
const sample = `Customer;Mobile
customer-9001;+12125550130
unknown-9002;+12125550131
customer-9003;none
unknown-9004;+12125550132
customer-9005;+12125550133
`

// root is the folder of the main module.
const root = "../.."

// console builds sunbulk and starts a simulated console with tokens.
func console(t *testing.T, more ...string) (url string, secrets map[string]string) {
	t.Helper()
	dir := t.TempDir()
	program, tokens := filepath.Join(dir, "sunbulk"), filepath.Join(dir, "tokens.json")
	if out, err := exec.Command("go", "-C", root, "build", "-o", program, "./cmd/sunbulk").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	secrets = map[string]string{}
	for _, role := range []string{"operator", "approver"} {
		out, err := exec.Command(program, "console", "token", role, "--role", role, "--tokens", tokens).Output()
		if err != nil {
			t.Fatal(err)
		}
		secrets[role] = strings.TrimSpace(string(out))
	}
	cmd := exec.CommandContext(t.Context(), program, "console", "--simulate", "--listen", "127.0.0.1:0", "--tokens", tokens, "--approval-above", "1")
	cmd.Args = append(cmd.Args, more...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatal("the console does not say where it is")
	}
	return strings.TrimSuffix(lines.Text(), "/"), secrets
}

// TestFromFileToReport: an operator uploads a file, maps, plans and asks for an approval; an approver approves; it runs; a failed cause is
// retried; the report is downloaded; with the keyboard alone.
func TestFromFileToReport(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go")
	}
	w := open(t, "")
	flags, stop := provider(t)
	url, secrets := console(t, flags...)
	w.url = url
	dir := t.TempDir()
	file := filepath.Join(dir, "contacts.csv")
	if err := os.WriteFile(file, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.Navigate(url + "/login"))
	w.look("login")
	w.signIn(secrets["operator"])
	w.look("jobs")

	w.enter("nav a", "New job", "New job")
	w.look("new")
	w.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file})) // the system's own dialogue is no part of the page
	w.enter("main button", "Upload", "Map the columns")
	w.look("map")
	uploaded := script[string](w, `location.pathname`)
	w.fill(`input[name="app"]`, "simulated")
	w.fill(`select[name="op"]`, "create")
	w.fill(`input[name="set.matchCriteria.type"]`, "twilio")
	w.fill(`input[name="set.matchCriteria.integrationId"]`, "5f1a0c52d8b7e4000c3a9e01")
	w.fill(`input[name="set.confirmation.type"]`, "immediate")
	w.fill(`input[name="set.target.conversationId"]`, "64b2c5b7fcb94022dedcf6c1")
	w.fill(`input[name="saveAs"]`, "weekly")
	w.enter("main button", "Make the plan", "Plan of contacts.csv")
	w.look("plan")
	w.enter("main button", "Ask for approval", "Plan of contacts.csv")
	plan := script[string](w, `location.href`)
	w.signOut()

	w.signIn(secrets["approver"])
	w.enter("nav a", "Plans", "Plans")
	w.look("plans")
	w.enter("tbody a", plan[strings.LastIndexByte(plan, '/')+1:], "Plan of contacts.csv")
	w.look("plan-waiting")
	w.fill("#reason", "as agreed")
	w.enter("main button", "Approve", "Plan of contacts.csv")
	w.signOut()

	w.signIn(secrets["operator"])
	w.do(chromedp.Navigate(plan))
	w.heading("Plan of contacts.csv")
	people := script[string](w, `document.querySelector("label[for=confirm]")?.textContent.match(/\d+$/)?.[0] ?? ""`)
	if people != "" {
		w.fill("#confirm", people)
	}
	w.enter("main button", "Start the job", "Job")
	w.until(finished)
	w.look("job")

	w.enter(`main a[href*="/retry?cause=user_not_found"]`, "", "Retry failed rows")
	w.look("retry")
	w.fill("#confirm", "2")
	w.enter("main button", "Retry 2 rows", "Job")
	w.until(finished)
	retry := script[string](w, `location.href`)
	at := strings.TrimPrefix(retry, url)
	for _, page := range []struct{ path, heading, name string }{{at + "/rows", "Rows of", "rows"}, {at + "/rows/1", "Row 1", "row"}, {"/runs", "Runs", "runs"}, {"/runbooks", "Runbooks", "runbooks"}, {"/runbooks/remove-blocked.yaml", "Runbook remove-blocked", "runbook"}, {"/schedules", "Schedules", "schedules"}, {"/schedules/remove-blocked", "Schedule", "schedule"}, {"/audit", "Audit", "audit"}, {"/mappings", "Saved mappings", "mappings"}, {"/workers", "Workers", "workers"}, {uploaded + "?mapping=simulated/weekly", "Map the columns", "mapped"}, {"/none", "Not Found", "problem"}} {
		w.do(chromedp.Navigate(url + page.path))
		w.heading(page.heading)
		w.look(page.name)
	}
	for _, list := range []struct{ path, link, heading, name string }{{"/runs", "tbody a", "Run", "run"}, {"/jobs?state=running", "tbody a", "Job", "running"}} {
		w.do(chromedp.Navigate(url + list.path))
		w.until(`document.querySelector("tbody a") !== null`)
		w.do(chromedp.Navigate(script[string](w, `document.querySelector("tbody a").href`)))
		w.heading(list.heading)
		w.look(list.name)
	}
	cancel := script[string](w, `location.href`) + "/cancel"
	w.planRun(dir)
	w.do(chromedp.Navigate(cancel))
	w.heading("Cancel")
	w.look("cancel")
	w.do(chromedp.Navigate(retry))
	w.heading("Job")

	w.do(call(browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir}))
	w.tabTo(`main a[href$="/files/results.csv"]`, "results.csv")
	w.press(kb.Enter)
	var data []byte
	for len(data) == 0 { // an empty one keeps the name for a file that is under way
		if w.ctx.Err() != nil {
			t.Fatal("results.csv was not downloaded")
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*results.csv")) // its pattern is sound
		for _, name := range files {
			data, _ = os.ReadFile(name) // it may be renamed meanwhile
		}
	}
	w.signInAtProvider(stop)
	w.lookedAtAll()
	if got := strings.Count(string(data), "user_not_found"); got != 2 {
		t.Errorf("results.csv has %d rows that failed again, want 2:\n%s", got, data)
	}
}
