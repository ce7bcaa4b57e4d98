package web_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// trusting lets in those whom a proxy at an address has signed in.
func trusting(t *testing.T, from string) func(*web.Config) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "groups.json")
	if err := os.WriteFile(file, []byte(`{"groups": [{"group": "ops", "role": "operator"}, {"group": "crm", "role": "operator", "apps": ["other"]}, {"group": "all", "role": "viewer"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	grants, err := web.ReadGrants(file)
	if err != nil {
		t.Fatal(err)
	}
	proxies, err := web.ParseProxies([]string{from})
	if err != nil {
		t.Fatal(err)
	}
	return func(c *web.Config) {
		c.Proxy = &web.Proxy{Header: "X-Forwarded-User", Groups: "X-Forwarded-Groups", From: proxies, Grants: grants}
	}
}

// signed is what a proxy says of who asks.
func signed(name, groups string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("X-Forwarded-User", name)
		r.Header.Set("X-Forwarded-Groups", groups)
		r.Header.Set("X-Forwarded-For", "198.51.100.1, 203.0.113.9")
	}
}

// TestTrustedHeader: a proxy says who asks, their groups say what they may, and from elsewhere the same header says nothing.
func TestTrustedHeader(t *testing.T) {
	t.Parallel()
	b := newBench(t, trusting(t, "127.0.0.0/8"))
	job := b.lists(app)
	pause := "/v1/jobs/" + job.ID + "/pause"
	b.text(401, "GET", "/v1/jobs", "")
	b.text(401, "GET", "/jobs", "")
	b.text(200, "GET", "/v1/jobs", "", signed("bob", "staff,all"))
	b.text(403, "POST", pause, `{}`, signed("bob", "all"))
	b.text(404, "POST", pause, `{}`, signed("carl", "all, crm"))
	b.text(200, "POST", pause, `{}`, signed("ann@example.com", "all, ops"))
	for who, groups := range map[string]string{"dora": "", "dan": "ops2", "dee": "OPS"} {
		var p problem
		if b.json(&p, 403, "GET", "/v1/jobs", "", signed(who, groups)); !strings.Contains(p.Detail, who) || p.Hint == "" {
			t.Errorf("%s without a role: got %+v", who, p)
		}
	}
	for _, name := range []string{"", "ann bob", "@ann", "<b>", strings.Repeat("a", 200)} {
		b.text(401, "GET", "/v1/jobs", "", signed(name, "ops"))
	}
	b.text(401, "GET", "/v1/jobs", "", signed("ann", "ops"), func(r *http.Request) { r.Header.Add("X-Forwarded-User", "root") })
	b.text(401, "GET", "/v1/jobs", "", signed("ann", "all"), func(r *http.Request) { r.Header.Add("X-Forwarded-Groups", "ops") })
	var page service.AuditPage
	if b.json(&page, 200, "GET", "/v1/audit?who=ann@example.com", "", signed("ann", "ops")); len(page.Entries) != 1 || page.Entries[0].Who != "ann@example.com@203.0.113.9" {
		t.Errorf("the audit log has %+v", page.Entries)
	}

	file, secrets := tokens(t)
	far := newBench(t, trusting(t, "192.0.2.7"), guarded(t, file))
	far.text(401, "GET", "/v1/jobs", "", signed("ann", "ops"))
	far.text(200, "GET", "/v1/jobs", "", bearer(secrets[service.Viewer]))
	far.text(403, "GET", "/v1/audit", "", bearer(secrets[service.Viewer]), signed("ann", "ops"))
}

func TestGrantsAreChecked(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "groups.json")
	for _, wrong := range []string{``, `{`, `{"groups": []}`, `{"groups": [{"group": "a", "role": "king"}]}`, `{"groups": [{"role": "admin"}]}`, `{"groups": [{"group": "a", "role": "admin", "app": "x"}]}`} {
		if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := web.ReadGrants(file); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
	for _, wrong := range []string{"", "proxy.example", "10.0.0.1/33"} {
		if _, err := web.ParseProxies([]string{wrong}); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

var links = regexp.MustCompile(`(href|src|action|data-events)="([^"#]+)`)

// TestBehindATLSProxyWithAPrefix signs in, follows every link of every page, sends a form and hears events, all through a proxy that
// ends TLS and passes a path on.
func TestBehindATLSProxyWithAPrefix(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	b := newBench(t, guarded(t, file), func(c *web.Config) { c.Prefix, c.Hosts = "/tools/sunbulk", []string{"bulk.example"} })
	job := b.lists(app)
	inner, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(inner)
		r.Out.Host = "bulk.example"
		r.SetXForwarded()
	}})
	defer proxy.Close()
	defer proxy.CloseClientConnections()
	client := proxy.Client()
	client.Jar, _ = cookiejar.New(nil)
	at := proxy.URL + "/tools/sunbulk"
	post := func(path string, form url.Values) *http.Response {
		t.Helper()
		req, _ := http.NewRequestWithContext(t.Context(), "POST", at+path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://bulk.example")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	resp := post("/login", url.Values{"secret": {secrets[service.Admin]}, "to": {"/jobs"}})
	if resp.StatusCode != 200 || resp.Request.URL.Path != "/tools/sunbulk/jobs" {
		t.Fatalf("signed in: got %d at %s", resp.StatusCode, resp.Request.URL)
	}
	if set := resp.Request.Response.Cookies(); len(set) != 1 || !set[0].Secure || !set[0].HttpOnly || set[0].Path != "/tools/sunbulk/" {
		t.Errorf("the cookie is %v", set)
	}
	here, _ := url.Parse(at + "/")
	if cookies := client.Jar.Cookies(here); len(cookies) != 1 {
		t.Fatalf("got the cookies %v", cookies)
	}
	if outside, _ := url.Parse(proxy.URL + "/"); len(client.Jar.Cookies(outside)) != 0 {
		t.Error("the cookie also goes to what is beside the console")
	}
	if resp := post("/jobs/"+job.ID+"/pause", url.Values{"reason": {"maintenance"}}); resp.StatusCode != 200 || resp.Request.URL.Path != "/tools/sunbulk/jobs/"+job.ID {
		t.Errorf("a form: got %d at %s", resp.StatusCode, resp.Request.URL)
	}
	seen, forms, open := map[string]bool{}, map[string]bool{}, []string{"/tools/sunbulk/jobs"}
	for len(open) > 0 {
		path := open[0]
		open = open[1:]
		resp, err := client.Get(proxy.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "/events") {
			if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || line != "event: progress\n" {
				t.Errorf("%s: got %q, %v", path, line, err)
			}
			resp.Body.Close()
			continue
		}
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 && !forms[path] {
			t.Errorf("%s: got %d, %v", path, resp.StatusCode, err)
		}
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || strings.HasSuffix(path, "report.html") {
			continue
		}
		for _, m := range links.FindAllStringSubmatch(string(data), -1) {
			link := strings.ReplaceAll(m[2], "&amp;", "&")
			if !strings.HasPrefix(link, "/tools/sunbulk/") {
				t.Errorf("%s leads to %s, outside the prefix", path, link)
			} else if !seen[link] {
				seen[link], forms[link] = true, m[1] == "action"
				open = append(open, link)
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d links were found: %v", len(seen), seen)
	}
}
