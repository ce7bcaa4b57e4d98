package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
	"github.com/sunbulk/sunbulk/jobs"
)

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// TestGuard: a foreign name, a foreign page, and a token in the address are turned away before anything is looked at.
func TestGuard(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	guardIt := guarded(t, file)
	b := newBench(t, guardIt, func(c *web.Config) { c.Hosts = []string{"console.example"} })
	admin := bearer(secrets[service.Admin])
	job := b.lists(app)
	for name, status := range map[string]int{
		"localhost": 200, "LOCALHOST:80": 200, "127.0.0.1:1": 200, "[::1]:8321": 200, "console.example": 200, "console.example:443": 200,
		"evil.example": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "console.example.evil": 421,
	} {
		b.text(status, "GET", "/v1/jobs", "", admin, host(name))
	}
	pause := "/v1/jobs/" + job.ID + "/pause"
	for _, foreign := range []func(*http.Request){header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Site", "same-site"), header("Origin", "https://evil.example"), header("Origin", "null")} {
		b.text(403, "POST", pause, `{}`, admin, foreign)
		b.text(403, "POST", "/jobs/"+job.ID+"/pause", "reason=x", admin, foreign)
	}
	b.text(200, "POST", pause, `{}`, admin, header("Sec-Fetch-Site", "same-origin"))
	for _, name := range []string{"token", "access_token"} {
		b.text(400, "GET", "/v1/jobs?"+name+"="+secrets[service.Admin], "")
	}
	for _, path := range []string{"/v1/jobs", "/jobs", "/login", "/static/console.js", "/none", "/v1/none"} {
		h := b.asks("GET", path, "", admin).Header
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if csp := h.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
	}
	for _, path := range []string{"/static/../server.go", "/static/..%2fopenapi.yaml", "/v1/jobs/..%2f..%2fetc%2fpasswd", "/v1/jobs/" + job.ID + "/report/..%2f..%2fpasswd", "/v1/jobs/" + job.ID + "/report/.owner"} {
		if got := b.asks("GET", path, "", admin).StatusCode; got != 404 && got != 301 && got != 307 {
			t.Errorf("%s: got %d", path, got)
		}
	}
	if strings.Contains(b.logs.String(), secrets[service.Admin]) {
		t.Error("a token is in the log (I7)")
	}
}

// TestMasked: a viewer sees no number, user or address, wherever a row shows one, and does not get the files that hold them.
func TestMasked(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	b := newBench(t, guarded(t, file))
	job := b.creates()
	at := "/v1/jobs/" + job.ID
	page := "/jobs/" + job.ID
	for _, path := range []string{at + "/rows?limit=500", at + "/rows/8", at + "/rows/2", at, page, page + "/rows?limit=500", page + "/rows/8", page + "/rows/2", at + "/report/report.html", at + "/report/summary.json"} {
		text := b.text(200, "GET", path, "", bearer(secrets[service.Viewer]))
		if strings.Contains(text, "1212555") || strings.Contains(text, "customer-1") {
			t.Errorf("%s shows a person to a viewer", path)
		}
	}
	for _, name := range []string{"results.csv", "failed.csv", "rejected.csv"} {
		b.text(403, "GET", at+"/report/"+name, "", bearer(secrets[service.Viewer]))
		b.text(403, "GET", page+"/files/"+name, "", bearer(secrets[service.Viewer]))
		b.text(200, "GET", at+"/report/"+name, "", bearer(secrets[service.Operator]))
	}
	if text := b.text(200, "GET", at+"/rows?outcome=failed", "", bearer(secrets[service.Operator])); !strings.Contains(text, "+12125550101") {
		t.Errorf("an operator does not see who it was: %s", text)
	}
}

// TestHostile: what comes from a file, from an operator or from an address stays text on every page, and breaks no link.
func TestHostile(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	b := newBench(t, func(c *web.Config) { c.Note = evil })
	job := b.work(b.submit(app, "list", "user", `"unknown""><script>alert(1)</script><img src=x onerror=alert(1)>'"`, "unknown-javascript:alert(1)"))
	waiting := b.lists(`app<script>alert(1)</script>`)
	if _, err := b.s.Pause(t.Context(), waiting.ID, service.By{Who: evil, Reason: evil}); err != nil {
		t.Fatal(err)
	}
	at, waits := "/jobs/"+job.ID, "/jobs/"+waiting.ID
	for path, status := range map[string]int{
		"/jobs": 200, at: 200, waits: 200, at + "/rows": 200, at + "/rows/1": 200, waits + "/cancel": 200, "/runs": 200, "/schedules": 200, "/login?to=" + `%22%3E%3Cscript%3Ealert(1)%3C/script%3E`: 200,
		at + `/rows?cause=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&op=%22%3E%3Cscript%3Ealert(1)%3C/script%3E`: 200, at + "/retry?cause=%22%3E%3Cscript%3Ealert(1)%3C/script%3E": 200,
		"/jobs?state=%22%3E%3Cscript%3Ealert(1)%3C/script%3E": 400, "/jobs/%3Cscript%3Ealert(1)%3C%2Fscript%3E": 404, "/schedules/%3Cscript%3Ealert(1)%3C%2Fscript%3E": 404,
	} {
		text := b.text(status, "GET", path, "")
		for _, tag := range []string{"<script>", "<img", "javascript:alert(1)\"", " onerror=alert(1)>"} {
			if strings.Contains(text, tag) {
				t.Errorf("%s holds %s as it came", path, tag)
			}
		}
	}
	if text := b.text(200, "GET", at+"/rows", ""); !strings.Contains(text, "&lt;script&gt;alert(1)") {
		t.Error("the hostile user is not on the page: this tests nothing")
	}
	text := b.text(400, "POST", waits+"/cancel", "confirm=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&reason=%22%3E%3Cscript%3E")
	if strings.Contains(text, "<script>") {
		t.Error("what was typed comes back as it was")
	}
}

// TestPrefix: below a prefix every link, form, place to go and cookie stays below it.
func TestPrefix(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	b := newBench(t, guarded(t, file), func(c *web.Config) { c.Prefix = "/tools/sunbulk/" })
	job := b.creates()
	admin := bearer(secrets[service.Admin])
	for _, path := range []string{"/jobs", "/jobs/" + job.ID, "/jobs/" + job.ID + "/rows?limit=2", "/jobs/" + job.ID + "/rows/1", "/jobs/" + job.ID + "/retry?cause=user_not_found", "/runs", "/schedules", "/login", "/none"} {
		resp := b.asks("GET", "/tools/sunbulk"+path, "", admin)
		text := b.text(resp.StatusCode, "GET", "/tools/sunbulk"+path, "", admin)
		for _, attr := range []string{`href="/`, `action="/`, `src="/`, `data-events="/`} {
			for part := range strings.SplitSeq(text, attr) {
				if !strings.HasPrefix(part, "tools/sunbulk/") && !strings.HasPrefix(part, "<!DOCTYPE") {
					t.Errorf("%s: a link leaves the prefix: %s%.40s", path, attr, part)
				}
			}
		}
	}
	b.text(404, "GET", "/jobs", "", admin)
	in := b.asks("POST", "/tools/sunbulk/login", "to=/jobs&secret="+secrets[service.Admin])
	if where := in.Header.Get("Location"); where != "/tools/sunbulk/jobs" || in.Cookies()[0].Path != "/tools/sunbulk/" {
		t.Errorf("after signing in: %s, %v", where, in.Cookies())
	}
	if where := b.asks("GET", "/tools/sunbulk/jobs", "").Header.Get("Location"); !strings.HasPrefix(where, "/tools/sunbulk/login?to=%2Fjobs") {
		t.Errorf("without a session: %s", where)
	}
	retry := b.asks("POST", "/tools/sunbulk/v1/jobs/"+job.ID+"/retry", `{}`, admin)
	if !strings.HasPrefix(retry.Header.Get("Location"), "/tools/sunbulk/v1/jobs/") {
		t.Errorf("a retry is at %s", retry.Header.Get("Location"))
	}
	if _, err := web.New(web.Config{Prefix: "x y"}); err == nil {
		t.Error("any prefix is taken")
	}
}

// TestTypedConfirmation: nothing that cannot be taken back is done by one wrong press.
func TestTypedConfirmation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job, waiting := b.creates(), b.lists(app)
	at := "/jobs/" + job.ID
	if page := b.text(200, "GET", at+"/retry?cause=user_not_found", ""); !strings.Contains(page, "Type the number of rows, 6") {
		t.Error("the page does not say how many rows a retry runs")
	}
	for _, typed := range []string{"", "7", "yes"} {
		b.text(400, "POST", at+"/retry", "cause=user_not_found&confirm="+typed)
		b.text(400, "POST", "/jobs/"+waiting.ID+"/cancel", "confirm="+typed)
	}
	if now, err := b.s.Job(t.Context(), waiting.ID); err != nil || now.State != jobs.Running {
		t.Errorf("got %s, %v", now.State, err)
	}
	b.text(303, "POST", at+"/retry", "cause=user_not_found&confirm=6")
	b.text(409, "POST", at+"/retry", "cause=user_not_found&confirm=6")
	b.text(409, "GET", at+"/cancel", "")
	b.text(409, "GET", "/jobs/"+waiting.ID+"/retry", "")
	b.text(303, "POST", "/jobs/"+waiting.ID+"/pause", "reason=lunch")
	b.text(303, "POST", "/jobs/"+waiting.ID+"/resume", "reason=back")
	b.text(303, "POST", "/jobs/"+waiting.ID+"/rate", "rate=5&keep=1")
	b.text(303, "POST", "/jobs/"+waiting.ID+"/cancel", "confirm="+waiting.ID)
	if now, err := b.s.Job(t.Context(), waiting.ID); err != nil || now.State != jobs.Cancelled {
		t.Errorf("got %s, %v", now.State, err)
	}
}
