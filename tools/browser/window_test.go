package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// window is a Chromium with one tab.
type window struct {
	*testing.T
	tab   context.Context
	ctx   context.Context // of the tab, and ends when the test has taken too long
	url   string
	axe   string          // source; empty = not there
	shots string          // folder; empty = none are taken
	seen  map[string]bool // paths of the pages that were looked at
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
	w := &window{t, tab, ctx, url, "", os.Getenv("SUNBULK_SHOTS"), map[string]bool{}}
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
	w.seen[script[string](w, `location.pathname`)] = true
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

// finished is a script: the page is that of a job that has ended.
const finished = `document.querySelector("h1 ~ p .state.finished, h1 .state.finished, main .state.finished") !== null && document.readyState === "complete"`

// call sends a command of the browser that answers nothing.
func call[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}
