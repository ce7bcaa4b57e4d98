package input

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What cannot be had says why and what to do, and no secret of the URL (I7).
func TestObjectsThatCannotBeHad(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	endless := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Write([]byte("HTTP/1.0 200 OK\r\n\r\nuser\na\n"))
		conn.Close()
	}
	garbage := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Write([]byte("hidden garbage\r\n\r\n"))
		conn.Close()
	}
	status := func(n int) http.HandlerFunc { return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) } }
	to := func(address string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", address)
			w.WriteHeader(http.StatusFound)
		}
	}
	tests := []struct {
		name, url string
		handler   http.HandlerFunc
		want      string
		code1     bool // not there, rather than not usable
	}{
		{"401", "", status(401), "cannot be read: the server answers 401 Unauthorized", true},
		{"403", "", status(403), "cannot be read: the server answers 403 Forbidden", true},
		{"404", "", status(404), "cannot be read: the server answers 404 Not Found", true},
		{"500", "", status(500), "cannot be read: the server answers 500 Internal Server Error", true},
		{"204", "", status(204), "cannot be read: the server answers 204 No Content", true},
		{"no server", gone.URL + "/x?a=hidden", nil, "connection refused", true},
		{"no end", "", endless, "a connection that breaks would pass for a whole file", true},
		{"no HTTP", "", garbage, "the answer is not sound HTTP", true},
		{"redirect in a circle", "", to("/again?a=hidden"), "the server redirects too often", true},
		{"redirect to http", "", to("http://198.51.100.1/?a=hidden"), "redirects to an address that is not https", true},
		{"redirect to another scheme", "", to("ftp://198.51.100.1/?a=hidden"), "redirects to an address that is not https", true},
		{"redirect to no address", "", to("http://[::1?a=hidden"), "redirects to no sound address", true},
		{"http", "http://198.51.100.1/x.csv?a=hidden", nil, "http://198.51.100.1/x.csv: is not https", false},
		{"no host", "https:///x?a=hidden", nil, "is not a sound URL", false},
		{"no URL", "https://me:hidden@%zz/x?a=hidden", nil, "is not a sound URL", false},
		{"newest", "newest:https://h/x?a=hidden", nil, "a web server lists no files", false},
		{"other scheme", "ftp://me:hidden@h/x?a=hidden", nil, "ftp://…: is of no scheme that can be read", false},
		{"empty", "", func(http.ResponseWriter, *http.Request) {}, "is empty", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := test.url
			if test.handler != nil {
				srv := httptest.NewServer(test.handler)
				defer srv.Close()
				name = strings.Replace(srv.URL, "//", "//me:hidden@", 1) + "/x.csv?a=hidden"
			}
			_, _, err := readURL(t.Context(), t, quick(), name)
			e, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(err.Error(), test.want) || e.Unavailable != test.code1 || e.Hint == "" {
				t.Errorf("got %#v, want %q", err, test.want)
			}
			if ok && strings.Contains(e.Error()+e.Hint, "hidden") {
				t.Errorf("I7: got %s, %s", e, e.Hint)
			}
		})
	}
}

// A redirect takes neither the user nor the query to another host (I7).
func TestARedirectCarriesNoSecret(t *testing.T) {
	s := &shelf{data: []byte("user\na\n"), etag: `"v1"`}
	other := httptest.NewTLSServer(s)
	defer other.Close()
	var users []string
	first := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		users = append(users, password)
		http.Redirect(w, r, other.URL+"/other", http.StatusTemporaryRedirect)
	}))
	defer first.Close()
	n := quick()
	n.web.Transport = other.Client().Transport
	got, _, err := readURL(t.Context(), t, n, strings.Replace(first.URL, "//", "//me:hidden@", 1)+"?signature=hidden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1:2 list user=a"}, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"hidden", "hidden", "hidden"}, users); diff != "" {
		t.Errorf("passwords at the first host (-want +got):\n%s", diff)
	}
	for _, h := range s.requests() {
		if h.Get("Authorization")+h.Get("Referer") != "" {
			t.Errorf("I7: got header %v at the other host", h)
		}
	}
}

// Only hosts of this machine may be read without TLS.
func TestSafeURLs(t *testing.T) {
	for raw, want := range map[string]bool{
		"https://example.com": true, "http://127.0.0.1:80": true, "http://[::1]/": true, "http://localhost": true,
		"http://example.com": false, "http://127.0.0.1.example.com": false, "http://localhost.example.com": false, "http://10.0.0.1": false,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := newNetwork().allows(u); got != want {
			t.Errorf("%s: got %t, want %t", raw, got, want)
		}
	}
}

// A packed file is recognised by its content, whatever encoding the server names.
func TestContentEncodingIsPassedOver(t *testing.T) {
	s := &shelf{data: gzipped(t, []byte("user\na\n")), etag: `"v1"`, fault: func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Encoding", "gzip")
		return false
	}}
	srv := httptest.NewServer(s)
	defer srv.Close()
	got, _, err := readURL(t.Context(), t, quick(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if in := got.inputs[0]; in.Format != "csv+gzip" || in.Rows != 1 || in.Bytes != int64(len(s.data)) {
		t.Errorf("got %+v", in)
	}
}

func TestWhatTheNetworkOrTheServerFailsMayPass(t *testing.T) {
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	for _, test := range []struct {
		status int // 0 = nobody answers
		want   bool
	}{
		{http.StatusNotFound, false}, {http.StatusForbidden, false}, {http.StatusServiceUnavailable, true}, {http.StatusTooManyRequests, true}, {0, true},
	} {
		if status = test.status; status == 0 {
			srv.Close()
		}
		_, _, err := readURL(t.Context(), t, quick(), srv.URL+"/x.csv")
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Passing != test.want {
			t.Errorf("status %d: got %#v, want Passing %v", test.status, err, test.want)
		}
	}
}
