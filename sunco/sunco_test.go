package sunco_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/sunco"
)

// serve starts a server and returns an API for it.
func serve(t *testing.T, handler http.Handler) *sunco.API {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return newAPI(t, sunco.Config{BaseURL: server.URL})
}

func newAPI(t *testing.T, cfg sunco.Config) *sunco.API {
	t.Helper()
	if cfg.Auth == nil {
		cfg.Auth = sunco.Basic("app_1", "secret")
	}
	api, err := sunco.New("app1", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// answer is a handler that always answers the same.
func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// asError returns the Error in err, or ends the test.
func asError(t *testing.T, err error) *sunco.Error {
	t.Helper()
	e, ok := sunco.AsError(err)
	if !ok {
		t.Fatalf("got error %v, want an Error", err)
	}
	return e
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// received returns the request as a server reads it off the wire.
func received(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	auth := sunco.Token("t")
	tests := []struct {
		name, appID string
		cfg         sunco.Config
		want        string
	}{
		{"no app", "", sunco.Config{Auth: auth}, "app id is empty"},
		{"app of encoded dots", "x%2f%2e%2e", sunco.Config{Auth: auth}, "app id is a path of dots or ends in a slash, which a proxy could turn into a different one"},
		{"app of dots", "..", sunco.Config{Auth: auth}, "app id is a path of dots or ends in a slash, which a proxy could turn into a different one"},
		{"no credentials", "a", sunco.Config{}, "credentials are missing"},
		{"empty key", "a", sunco.Config{Auth: sunco.Basic("", "s")}, "key id is empty"},
		{"empty secret", "a", sunco.Config{Auth: sunco.Basic("k", "")}, "key secret is empty"},
		{"colon in key", "a", sunco.Config{Auth: sunco.Basic("k:s", "s")}, "colon"},
		{"empty token", "a", sunco.Config{Auth: sunco.Token("")}, "token is empty"},
		{"token with line break", "a", sunco.Config{Auth: sunco.Token("hush\n")}, "line breaks"},
		{"JWT for unknown key", "a", sunco.Config{Auth: sunco.JWT("int_1", "s")}, "none of app_, act_ and svc_"},
		{"JWT without secret", "a", sunco.Config{Auth: sunco.JWT("app_1", "")}, "key secret is empty"},
		{"no URL", "a", sunco.Config{Auth: auth, BaseURL: "https://h:port"}, "not a URL"},
		{"no scheme", "a", sunco.Config{Auth: auth, BaseURL: "api.smooch.io"}, "neither https nor http"},
		{"other scheme", "a", sunco.Config{Auth: auth, BaseURL: "ftp://h"}, "neither https nor http"},
		{"no host", "a", sunco.Config{Auth: auth, BaseURL: "https:///sc"}, "host is missing"},
		{"user", "a", sunco.Config{Auth: auth, BaseURL: "https://u:hush@h"}, "user and password"},
		{"query", "a", sunco.Config{Auth: auth, BaseURL: "https://h?a=b"}, "query and fragment"},
		{"bare query", "a", sunco.Config{Auth: auth, BaseURL: "https://h?"}, "query and fragment"},
		{"fragment", "a", sunco.Config{Auth: auth, BaseURL: "https://h#a"}, "query and fragment"},
		{"version", "a", sunco.Config{Auth: auth, BaseURL: "https://h/sc/v2/"}, "leave off /v2"},
		{"user agent", "a", sunco.Config{Auth: auth, UserAgent: "a\r\nb: c"}, "control character"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := sunco.New(test.appID, test.cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("got error %v, want one with %q and without the secret", err, test.want)
			}
		})
	}
}

func TestRequestOnTheWire(t *testing.T) {
	const base = "http://host.test/sc/"
	create := sunco.ClientCreate{
		MatchCriteria: sunco.MatchCriteria{Type: sunco.TypeWhatsApp, IntegrationID: "i", PhoneNumber: "+1"},
		Confirmation:  sunco.Confirmation{Type: sunco.ConfirmPrompt},
		Target:        sunco.Target{ConversationID: "c"},
	}
	brand := sunco.Query{BrandID: "b&1"}
	tests := []struct {
		name string
		call func(context.Context, *sunco.API)
		want string
	}{
		{"create", func(ctx context.Context, a *sunco.API) { _, _ = a.Create(ctx, "u/1", create, brand) },
			"POST /sc/v2/apps/app1/users/u%2F1/clients?brandId=b%261"},
		{"list", func(ctx context.Context, a *sunco.API) { list(ctx, a, "a..b/..c", sunco.ListQuery{}) },
			"GET /sc/v2/apps/app1/users/a..b%2F..c/clients?page[size]=100"},
		{"list of a brand", func(ctx context.Context, a *sunco.API) {
			list(ctx, a, "é %", sunco.ListQuery{BrandID: "b", PageSize: 7})
		}, "GET /sc/v2/apps/app1/users/%C3%A9%20%25/clients?page[size]=7&brandId=b"},
		{"remove", func(ctx context.Context, a *sunco.API) { _ = a.Remove(ctx, "u", "c?1", sunco.Query{}) },
			"DELETE /sc/v2/apps/app1/users/u/clients/c%3F1"},
		{"app", func(ctx context.Context, a *sunco.API) { _ = a.App(ctx) }, "GET /sc/v2/apps/app1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got *http.Request
			transport := roundTrip(func(r *http.Request) (*http.Response, error) {
				got = received(t, r)
				return nil, http.ErrServerClosed
			})
			test.call(t.Context(), newAPI(t, sunco.Config{BaseURL: base, Transport: transport}))
			if line := got.Method + " " + got.RequestURI; line != test.want {
				t.Errorf("got %q, want %q", line, test.want)
			}
			if got, want := got.Header.Get("Authorization"), "Basic YXBwXzE6c2VjcmV0"; got != want {
				t.Errorf("got Authorization %q, want %q", got, want)
			}
		})
	}
}

func TestInvalidArgumentsAreNotSent(t *testing.T) {
	api := newAPI(t, sunco.Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("a call was made")
		return nil, http.ErrServerClosed
	})})
	create := func(user string, message []byte) error {
		body := sunco.ClientCreate{Confirmation: sunco.Confirmation{Message: message}}
		_, err := api.Create(t.Context(), user, body, sunco.Query{})
		return err
	}
	remove := func(user, client string) error { return api.Remove(t.Context(), user, client, sunco.Query{}) }
	big := []byte(`"` + strings.Repeat("a", sunco.MaxBodySize) + `"`)
	tests := map[string]error{
		"empty user":           create("", nil),
		"long user":            create(strings.Repeat("é", 1025), nil),
		"user not in UTF-8":    create("caf\xe9", nil),
		"broken message":       create("u", []byte("{")),
		"body above the limit": create("u", big),
		"empty client":         remove("u", ""),
		"client not in UTF-8":  remove("u", "\xff"),
		"client of dots":       remove("u", ".."),
		"user of dots":         create("..", nil),
		"user of a dot":        remove(".", "c"),
		"user of another app":  remove("../../apps/other/users/x", "c"),
		"user, encoded":        remove("%2e%2E%2fx", "c"),
		"user, encoded twice":  remove("..%252fx", "c"),
		"user, backslashes":    create(`x\..\y`, nil),
		"user with parameters": create("..;v=1/x", nil),
		"user and a slash":     create("victim/", nil),
		"slash and a user":     create("%2Fvictim", nil),
		"slashes":              remove("u", "//"),
		"client with dots":     remove("u", `a/../..\b`),
		"remove of no user":    remove("", "c"),
	}
	for _, size := range []int{-1, 101} {
		_, err := list(t.Context(), api, "u", sunco.ListQuery{PageSize: size})
		tests["page size "+strings.Repeat("-", size+1)] = err
	}
	for name, err := range tests {
		e := asError(t, err)
		if e.Sent || e.Status != 0 || !strings.HasPrefix(e.Error(), "not sent: ") {
			t.Errorf("%s: got %+v, want an error that says not sent", name, *e)
		}
		if !errors.Is(e, sunco.ErrInvalid) {
			t.Errorf("%s: got %v, want it to wrap ErrInvalid", name, e.Unwrap())
		}
	}
}

func TestBodyAtTheLimitIsSent(t *testing.T) {
	var size int64
	api := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size = r.ContentLength
		answer(http.StatusCreated, "application/json", `{"client":{}}`)(w, r)
	}))
	const around = len(`{"matchCriteria":{"type":"","integrationId":""},"confirmation":{"type":"","message":""},"target":{"conversationId":""}}`)
	message := []byte(`"` + strings.Repeat("<", sunco.MaxBodySize-around) + `"`)
	body := sunco.ClientCreate{Confirmation: sunco.Confirmation{Message: message}}
	if _, err := api.Create(t.Context(), "u", body, sunco.Query{}); err != nil {
		t.Fatal(err)
	}
	if size != sunco.MaxBodySize {
		t.Errorf("got a body of %d bytes, want %d", size, sunco.MaxBodySize)
	}
}

func FuzzPathEscaping(f *testing.F) {
	for _, user := range []string{"u", "..", ".", "../..", "a/b", "%2e%2e", "%", "é 😀", "?#[]", "a;b,c", "\x00", "+1 2", `\`} {
		f.Add(user, "5c9a34160c89726709136733")
		f.Add("u", user)
	}
	f.Fuzz(func(t *testing.T, user, client string) {
		var got *http.Request
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			got = received(t, r)
			return nil, http.ErrServerClosed
		})
		api := newAPI(t, sunco.Config{BaseURL: "https://host.test/sc", Transport: transport})
		err := api.Remove(t.Context(), user, client, sunco.Query{BrandID: client})
		if got == nil {
			if e := asError(t, err); e.Sent {
				t.Errorf("got %+v, want an error with Sent false", *e)
			}
			return
		}
		want := []string{"", "sc", "v2", "apps", "app1", "users", user, "clients", client}
		segments := strings.Split(got.URL.EscapedPath(), "/")
		if len(segments) != len(want) {
			t.Fatalf("got %d segments in %q, want %d", len(segments), got.URL.EscapedPath(), len(want))
		}
		for i, s := range segments {
			if s == "." || s == ".." {
				t.Errorf("segment %d is a bare dot segment", i)
			}
			if s, err := url.PathUnescape(s); err != nil || s != want[i] {
				t.Errorf("segment %d: got %q, want %q", i, s, want[i])
			}
		}
		if brand := got.URL.Query().Get("brandId"); brand != client {
			t.Errorf("got brand %q, want %q", brand, client)
		}
		if !utf8.ValidString(user) {
			t.Error("a user that is not UTF-8 was sent")
		}
	})
}
