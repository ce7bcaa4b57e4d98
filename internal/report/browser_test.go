package report

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// frame shows pages as wide as a phone and writes what it finds of each into its own title: how wide
// its content is, what it asked to load, and the texts whose contrast is below 4.5:1 (WCAG AA).
const frame = `<!DOCTYPE html>
<iframe src="/plain" width="400" height="5000"></iframe><iframe src="/hostile" width="400" height="5000"></iframe>
<style>iframe { border: 0 }</style>
<script>
const light = ([r, g, b]) => {
  const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b) + 0.05
}
const numbers = colour => colour.match(/[\d.]+/g).map(Number)
const look = page => {
  const view = page.document, style = e => page.getComputedStyle(e)
  const paper = e => {
    for (; e; e = e.parentElement) {
      const colour = numbers(style(e).backgroundColor)
      if (colour.length < 4 || colour[3] > 0) return colour
    }
  }
  const faint = new Set(), walk = view.createTreeWalker(view.body, NodeFilter.SHOW_TEXT)
  for (let text; text = walk.nextNode();) {
    const e = text.parentElement
    if (!text.data.trim() || e.closest('svg')) continue
    const [a, b] = [light(numbers(style(e).color)), light(paper(e))].sort((x, y) => y - x)
    if (a / b < 4.5) faint.add(text.data.trim().slice(0, 40))
  }
  return {
    width: view.documentElement.scrollWidth, paper: style(view.body).backgroundColor,
    loaded: page.performance.getEntriesByType('resource').map(e => e.name), faint: [...faint],
  }
}
onload = () => document.title = JSON.stringify([look(frames[0]), look(frames[1])])
</script>`

// seen is what the frame found of one page.
type seen struct {
	Width  int
	Paper  string
	Loaded []string
	Faint  []string
}

// The page fits a phone, can be read in light and in dark, loads nothing, and leaves nothing on the
// console, whatever stands in it.
func TestPageInBrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (apt-get install chromium)")
	}
	mixed, dir := goldenJobs()["mixed"], t.TempDir()
	if _, err := writeTo(t.Context(), dir, mixed.job, mixed.src); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{
		"/":        frame,
		"/plain":   content(t, dir, "report.html"),
		"/hostile": foreignPage(t, strings.Repeat("Überlänge<b>", 40)+strings.Repeat("x", 500)+"مرحبا\u202e🚀"),
	}
	papers := make(map[string]bool)
	for scheme, setting := range map[string]string{"dark": "preferredColorScheme=0", "light": "preferredColorScheme=1"} {
		for _, got := range browse(t, chromium, setting, pages) {
			papers[got.Paper] = true
			if got.Width > 400 {
				t.Errorf("%s: the page is %d pixels wide, want 400", scheme, got.Width)
			}
			if diff := cmp.Diff([]string{}, got.Loaded); diff != "" {
				t.Errorf("%s: loads (-want +got):\n%s", scheme, diff)
			}
			if diff := cmp.Diff([]string{}, got.Faint); diff != "" {
				t.Errorf("%s: hard to read (-want +got):\n%s", scheme, diff)
			}
		}
	}
	if len(papers) != 2 {
		t.Errorf("light and dark have the papers %v", papers)
	}
}

// browse opens pages by their paths, the first at /, and fails the test when they ask for any other
// or the console has a word.
func browse(t *testing.T, chromium, setting string, pages map[string]string) (found []seen) {
	t.Helper()
	var mu sync.Mutex
	asked := []string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, known := pages[r.URL.Path]
		if !known && r.URL.Path != "/favicon.ico" { // the browser's own wish
			mu.Lock()
			asked = append(asked, r.URL.Path)
			mu.Unlock()
		}
		fmt.Fprint(w, page)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--disable-background-networking", "--enable-logging=stderr", "--blink-settings="+setting, "--dump-dom", server.URL)
	var console strings.Builder
	cmd.Stderr = &console
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, console.String())
	}
	for line := range strings.Lines(console.String()) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the console says %s", line)
		}
	}
	if diff := cmp.Diff([]string{}, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	title := regexp.MustCompile(`(?s)<title>(.*?)</title>`).FindSubmatch(dom)
	if title == nil {
		t.Fatalf("the frame found nothing:\n%s", dom)
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(string(title[1]))), &found); err != nil {
		t.Fatal(err)
	}
	return found
}
