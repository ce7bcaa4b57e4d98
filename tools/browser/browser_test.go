// Package browser drives the console with a real Chromium: from a file to a report, with the keyboard alone. On each page that it
// comes to, axe-core looks for what keeps people out, in both themes.
package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long the whole may take. It is never part of what is tested.
const patience = 8 * time.Minute

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
func console(t *testing.T) (url string, secrets map[string]string) {
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

// window is a Chromium with one tab.
type window struct {
	*testing.T
	tab   context.Context
	ctx   context.Context // of the tab, and ends when the test has taken too long
	url   string
	axe   string // source; empty = not there
	shots string // folder; empty = none are taken
}

func open(t *testing.T, url string) *window {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1400, 1000))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	tab, stop := chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithTimeout(tab, patience)
	t.Cleanup(stop)
	w := &window{t, tab, ctx, url, "", os.Getenv("SUNBULK_SHOTS")}
	if source, err := os.ReadFile("node_modules/axe-core/axe.min.js"); err == nil {
		w.axe = string(source)
	} else {
		t.Log("axe-core is not there, and is left out: npm ci in tools/browser")
	}
	return w
}

// do does something to the page. Where that is not possible the test ends, and says what the page shows.
func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.fail(err)
	}
}

func (w *window) fail(err error) {
	w.Helper()
	ctx, stop := context.WithTimeout(w.tab, 5*time.Second)
	defer stop()
	shown, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location + "\n" + document.body.innerText.slice(0, 1500)`))
	w.Fatalf("%v, at %s", err, shown)
}

// script returns what a script gives, also where that is a promise.
func script[T any](w *window, text string) T {
	w.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](text, chromedp.EvalAwaitPromise))
	if err != nil {
		w.fail(err)
	}
	return v
}

// until waits until a script gives true, whatever pages come meanwhile.
func (w *window) until(text string) {
	w.Helper()
	for {
		there, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](text))
		if err == nil && there {
			return
		}
		if w.ctx.Err() != nil {
			w.fail(fmt.Errorf("%w: waits for %s", w.ctx.Err(), text))
		}
	}
}

// press sends keys to what has the focus.
func (w *window) press(keys string) { w.Helper(); w.do(chromedp.KeyEvent(keys)) }

// tabTo presses Tab until what a selector names has the focus, as one without a mouse does. With text it is the one that shows that.
func (w *window) tabTo(selector, text string) {
	w.Helper()
	const most = 300
	for range most {
		w.press(kb.Tab)
		if script[bool](w, fmt.Sprintf(`!!document.activeElement?.matches(%q) && document.activeElement.textContent.trim().startsWith(%q)`, selector, text)) {
			return
		}
	}
	w.Fatalf("%s %q cannot be reached with the keyboard", selector, text)
}

// enter presses Enter on what is reached, and waits for the page whose heading begins with a text.
func (w *window) enter(selector, text, heading string) {
	w.Helper()
	w.tabTo(selector, text)
	w.leave(heading)
}

// leave presses Enter, and waits for the page that comes then.
func (w *window) leave(heading string) {
	w.Helper()
	script[bool](w, `window.left = true`)
	w.press(kb.Enter)
	w.until(`window.left !== true`)
	w.heading(heading)
}

func (w *window) heading(text string) {
	w.Helper()
	w.until(fmt.Sprintf(`document.readyState === "complete" && (document.querySelector("h1")?.textContent ?? "").trim().startsWith(%q)`, text))
}

// fill types into a field, in place of what stands there.
func (w *window) fill(selector, text string) {
	w.Helper()
	w.tabTo(selector, "")
	w.press(text)
}

func (w *window) signIn(secret string) {
	w.Helper()
	w.do(chromedp.Navigate(w.url + "/login"))
	w.heading("Sign in")
	w.fill("#secret", secret)
	w.leave("Jobs")
}

func (w *window) signOut() { w.Helper(); w.enter("button", "Sign out", "Sign in") }

// look has axe look at the page in both themes, and takes pictures of it where that is asked for.
func (w *window) look(name string) {
	w.Helper()
	for _, theme := range []string{"light", "dark"} {
		w.do(call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}))
		if w.shots != "" {
			for _, width := range []int64{400, 1400} {
				w.do(chromedp.EmulateViewport(width, 900))
				png, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
				if err != nil {
					w.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(w.shots, fmt.Sprintf("%s-%s-%d.png", name, theme, width)), png, 0o600); err != nil {
					w.Fatal(err)
				}
			}
		}
		if w.axe == "" {
			continue
		}
		run := `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 200) + " " + n.failureSummary)}))))`
		_ = script[int](w, w.axe+";0")
		found := script[string](w, run)
		var violations []struct {
			ID, Help string
			Nodes    []string
		}
		if err := json.Unmarshal([]byte(found), &violations); err != nil {
			w.Fatal(err)
		}
		for _, v := range violations {
			w.Errorf("%s, %s: %s: %s\n%.900s", name, theme, v.ID, v.Help, strings.Join(v.Nodes, "\n"))
		}
	}
	w.do(chromedp.EmulateViewport(1400, 1000))
}

// TestFromFileToReport: an operator uploads a file, maps, plans and asks for an approval; an approver approves; it runs; a failed cause is
// retried; the report is downloaded; with the keyboard alone.
func TestFromFileToReport(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go")
	}
	w := open(t, "")
	url, secrets := console(t)
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
	w.fill(`input[name="app"]`, "simulated")
	w.fill(`select[name="op"]`, "create")
	w.fill(`input[name="set.matchCriteria.type"]`, "twilio")
	w.fill(`input[name="set.matchCriteria.integrationId"]`, "5f1a0c52d8b7e4000c3a9e01")
	w.fill(`input[name="set.confirmation.type"]`, "immediate")
	w.fill(`input[name="set.target.conversationId"]`, "64b2c5b7fcb94022dedcf6c1")
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
	for _, page := range []struct{ path, heading, name string }{{at + "/rows", "Rows of", "rows"}, {at + "/rows/1", "Row 1", "row"}, {"/runs", "Runs", "runs"}, {"/schedules", "Schedules", "schedules"}, {"/none", "Not Found", "problem"}} {
		w.do(chromedp.Navigate(url + page.path))
		w.heading(page.heading)
		w.look(page.name)
	}
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
	if got := strings.Count(string(data), "user_not_found"); got != 2 {
		t.Errorf("results.csv has %d rows that failed again, want 2:\n%s", got, data)
	}
}

// finished is a script: the page is that of a job that has ended.
const finished = `document.querySelector("h1 ~ p .state.finished, h1 .state.finished, main .state.finished") !== null && document.readyState === "complete"`

// call sends a command of the browser that answers nothing.
func call[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}
