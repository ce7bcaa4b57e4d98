//go:build unix

package input

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tree makes files by name, and links to what stands behind ->.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		name, to, link := strings.Cut(n, " -> ")
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if link {
			err = errors.Join(err, os.Symlink(to, path))
		} else {
			err = errors.Join(err, os.WriteFile(path, []byte("user\n"+name+"\n"), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func places(t *testing.T, never []string, entries ...string) *Places {
	t.Helper()
	p, err := NewPlaces(entries, PlacesConfig{Never: never})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readPlace returns what a worker reads of a name: the bytes, or why it does not.
func readPlace(t *testing.T, p *Places, name string) (string, error) {
	t.Helper()
	files, err := p.Find(t.Context(), []string{name})
	if err != nil {
		return "", err
	}
	if _, err := files.Digest(); err != nil {
		return "", err
	}
	var all []byte
	for _, at := range files.places {
		f, err := at.openFile()
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			return "", err
		}
		all = append(all, data...)
	}
	return string(all), nil
}

// What Redis names is read from the folders that the worker's own setting names, and from nowhere else (I12).
func TestAWorkerReadsItsOwnFoldersOnly(t *testing.T) {
	dir := tree(t, "in/a.csv", "in/b.csv", "in/sub/c.csv", "in/keys.json", "in/alias.json -> keys.json", "in/near.csv -> sub/c.csv",
		"in/out.csv -> ../secret.csv", "in/abs.csv -> /etc/passwd", "in/up -> ..", "in/self -> /proc/self", "secret.csv", "in-other/d.csv", "link -> in")
	if err := syscall.Mkfifo(filepath.Join(dir, "in/pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	p := places(t, []string{filepath.Join(dir, "in/keys.json"), "none"}, "link")
	abs := func(name string) string { return filepath.Join(dir, name) }
	for name, want := range map[string]string{
		"in/a.csv":                  "user\nin/a.csv\n",
		"link/a.csv":                "user\nin/a.csv\n",
		"./in/../in/sub/c.csv":      "user\nin/sub/c.csv\n",
		abs("in/b.csv"):             "user\nin/b.csv\n",
		"in/near.csv":               "user\nin/sub/c.csv\n",
		"in/[ab].csv":               "user\nin/a.csv\nuser\nin/b.csv\n",
		"newest:" + abs("in/b.csv"): "user\nin/b.csv\n",
		"in/*/c.csv":                "user\nin/sub/c.csv\n",
	} {
		if got, err := readPlace(t, p, name); err != nil || got != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"secret.csv":           "is not among the inputs",
		"in/../secret.csv":     "is not among the inputs",
		"in-other/d.csv":       "is not among the inputs",
		"in/*/../../*.csv":     "is not among the inputs",
		"in*/d.csv":            "is not among the inputs",
		"newest:*.csv":         "is not among the inputs",
		"/etc/passwd":          "is not among the inputs",
		"/etc/pass*":           "is not among the inputs",
		"/no/such/file":        "is not among the inputs", // nor whether it is there
		"/proc/self/environ":   "is not among the inputs",
		"/dev/stdin":           "is not among the inputs",
		"-":                    "a worker has none",
		"in/out.csv":           "a link may lead out of it",
		"in/abs.csv":           "a link may lead out of it",
		"in/up/secret.csv":     "a link may lead out of it",
		"in/self/environ":      "a link may lead out of it",
		"in/up/*.csv":          "matches nothing",
		"in/none.csv":          "no such file",
		"in/keys.json":         "holds credentials",
		"in/alias.json":        "holds credentials",
		"in/k*.json":           "holds credentials",
		"in/pipe":              "no plain file",
		"in/sub":               "is a directory",
		"in":                   "is not among the inputs",
		"in/a.csv\x00":         "is not among the inputs",
		"file:///etc/passwd":   "is of no scheme",
		"https://example.com/": "is not among the inputs",
		"s3://bucket/key.csv":  "is not among the inputs",
	} {
		got, err := readPlace(t, p, name)
		if err == nil || !strings.Contains(err.Error(), want) || got != "" {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

// A worker without --inputs reads nothing of what Redis names.
func TestNoPlacesHoldNothing(t *testing.T) {
	dir := tree(t, "a.csv")
	for _, name := range []string{filepath.Join(dir, "a.csv"), filepath.Join(dir, "*.csv"), "https://93.184.216.34/a.csv", "http://127.0.0.1/", "http://localhost:6379/", "s3://bucket/a.csv", "newest:s3://bucket/*.csv", "-"} {
		for _, p := range []*Places{nil, places(t, nil)} {
			_, err := p.Find(t.Context(), []string{name})
			if e, ok := errors.AsType[*Error](err); !ok || e.Passing || e.Hint == "" {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

func TestPlacesAreChecked(t *testing.T) {
	dir := tree(t, "a.csv", "proc -> /proc")
	t.Chdir(dir)
	for _, entry := range []string{
		"", "none", "a.csv", "/", "/proc", "/proc/self", "proc", "/sys/class", "/dev", "/dev/../proc", "ftp://example.com/", "file:///data", "https://", "https://u:p@example.com/",
		"https://example.com/?a=b", "https://example.com/a/../b", "https://example.com/%2e%2e/b", "http://example.com/", "http://10.0.0.1/", "s3://", "s3://x", "s3://bucket/*.csv", "s3://bucket/a/../b",
	} {
		_, err := NewPlaces([]string{dir, entry}, PlacesConfig{})
		if e, ok := errors.AsType[*Error](err); !ok || e.Hint == "" || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: got %v", entry, err)
		}
	}
	if _, err := NewPlaces([]string{".", "https://example.com", "HTTPS://Example.com:443/a/", "http://localhost:8080/", "http://[::1]/", "s3://bucket", "s3://bucket/a/b/"}, PlacesConfig{}); err != nil {
		t.Error(err)
	}
	if _, err := NewPlaces([]string{"http://example.com/"}, PlacesConfig{AllowHTTP: true}); err != nil {
		t.Error(err)
	}
}

func TestPartsOfServersAndBuckets(t *testing.T) {
	p := places(t, nil, "https://a.example/daily/", "https://b.example", "https://c.example:8443/x", "s3://all", "s3://part/daily/")
	for raw, want := range map[string]bool{
		"https://a.example/daily/users.csv?signature=x": true,
		"https://A.example:443/daily/sub/users.csv":     true,
		"https://a.example/daily":                       true,
		"https://a.example/dailyx/users.csv":            false,
		"https://a.example/other":                       false,
		"https://a.example/daily/../other":              false,
		"https://a.example/daily/%2E%2e/other":          false,
		"https://a.example/daily/..%2fother":            false,
		`https://a.example/daily/..\other`:              false,
		"https://a.example/daily/%252e%252e/other":      false,
		"https://a.example:444/daily/users.csv":         false,
		"http://a.example/daily/users.csv":              false,
		"https://a.example@evil.example/daily/":         false,
		"https://a.example.evil.example/daily/":         false,
		"https://b.example/any/../thing":                true,
		"https://c.example/x":                           false,
		"https://c.example:8443/x/y":                    true,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.holdsURL(u); got != want {
			t.Errorf("%s: got %v", raw, got)
		}
	}
	for name, want := range map[[2]string]bool{
		{"all", "any/../key"}:              true,
		{"part", "daily/users.csv"}:        true,
		{"part", "daily/2026/users-*.csv"}: true,
		{"part", "daily/*"}:                true,
		{"part", "daily*/users.csv"}:       false,
		{"part", "*"}:                      false,
		{"part", "dailyx"}:                 false,
		{"part", "daily/../secret"}:        false,
		{"part", `daily\x/users.csv`}:      false,
		{"part", "other/users.csv"}:        false,
		{"other", "daily/users.csv"}:       false,
	} {
		if got := p.holdsKeys(name[0], name[1]); got != want {
			t.Errorf("%v: got %v", name, got)
		}
	}
}

// No name leads a worker inside its machine, and no redirect where its setting does not (I12).
func TestAWorkerStaysAmongItsServers(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { t.Error("a server inside was asked") }))
	defer inside.Close()
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	// The one that is named may be of this machine: as it stands.
	var target string
	named := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away.csv" {
			http.Redirect(w, r, target, http.StatusFound)
			return
		}
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		_, _ = io.WriteString(w, "user\nu1\n")
	}))
	defer named.Close()
	p := places(t, nil, named.URL)
	if _, err := p.Find(t.Context(), []string{named.URL + "/users.csv"}); err != nil {
		t.Error(err)
	}
	for _, target = range []string{inside.URL + "/latest/meta-data/", "http://localhost:" + port + "/", "https://169.254.169.254/", "https://example.com/"} {
		if _, err := p.Find(t.Context(), []string{named.URL + "/away.csv"}); err == nil || !strings.Contains(err.Error(), "redirects") {
			t.Errorf("%s: got %v", target, err)
		}
	}
	// A name that a certificate does not prove, and that resolves to this machine: getaddrinfo knows numbers, too.
	p, err = NewPlaces([]string{"http://2130706433:" + port, "https://2130706433:" + port, "http://0x7f.1:" + port, "http://localtest:" + port}, PlacesConfig{AllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.sites {
		if _, err := p.Find(t.Context(), []string{s.scheme + "://" + s.host + "/users.csv"}); err == nil {
			t.Errorf("%s was reached", s.host)
		}
	}
	g := guardedTransport(func(_, address string, _ syscall.RawConn) error { return errors.New("asked of " + address) })
	if _, err := g.DialContext(t.Context(), "tcp", "localhost.:"+port); err == nil || !strings.Contains(err.Error(), "asked of") && !strings.Contains(err.Error(), "lookup") {
		t.Errorf("got %v", err)
	}
}
