package sunco_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sunbulk/sunbulk/sunco"
)

func TestErrorOfAnAnswer(t *testing.T) {
	const user, client = "ann", "5c9a34160c89726709136733"
	long := strings.Repeat("ä", 300)
	tests := []struct {
		name, contentType, body string
		status                  int
		want                    sunco.Error
	}{
		{"the API's own", "application/json", `{"errors":[{"code":"client_not_found","title":"Client not found"}]}`, 404,
			sunco.Error{Code: "client_not_found", Title: "Client not found"}},
		{"no title", "application/json", `{"errors":[{"code":"locked"}]}`, 423, sunco.Error{Code: "locked", Title: "Locked"}},
		{"odd code", "application/json", `{"errors":[{"code":"a b","title":"T"}]}`, 400, sunco.Error{Title: "T"}},
		{"other JSON", "application/json", `{"error": "no"}`, 400, sunco.Error{Title: `{"error": "no"}`}},
		{"empty", "application/json", ``, 500, sunco.Error{Title: "Internal Server Error"}},
		{"empty, unknown status", "", ``, 599, sunco.Error{Title: "no reason given"}},
		{"HTML", "text/html", "<html><head>\n<title>502\n Bad &amp; Gateway</title></head><body>secret</body>", 502,
			sunco.Error{Title: "502 Bad & Gateway"}},
		{"HTML without a title", "text/plain", "<h1>secret</h1>", 502, sunco.Error{Title: "Bad Gateway"}},
		{"plain text", "text/plain", "upstream\x00\t\r\n connect \xff error", 503, sunco.Error{Title: "upstream connect error"}},
		{"long text", "text/plain", long, 503, sunco.Error{Title: long[:2*199] + "…"}},
		{"path and person", "text/plain", "no DELETE /v2/apps/app1/users/ann/clients/x for ann (+1 212-555-2368, a%40b.test a@b.test), annex", 404,
			sunco.Error{Title: "no DELETE … for … (…, … … annex"}},
		{"client id", "application/json", `{"errors":[{"code":"x","title":"client ` + client + ` of app_2"}]}`, 400,
			sunco.Error{Code: "x", Title: "client … of app_2"}},
		{"credentials", "text/plain", "Authorization: Basic YXBwXzE6c2VjcmV0", 500, sunco.Error{Title: "Authorization: Basic …"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			api := serve(t, answer(test.status, test.contentType, test.body))
			got := asError(t, api.Remove(t.Context(), user, client, sunco.Query{}))
			test.want.Status, test.want.Sent = test.status, true
			if diff := cmp.Diff(test.want, *got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	tests := map[string]sunco.Error{
		"404 user_not_found: User not found": {Status: 404, Code: "user_not_found", Title: "User not found", Sent: true},
		"502: Bad Gateway":                   {Status: 502, Title: "Bad Gateway", Sent: true},
		"no answer: timed out":               {Title: "timed out", Sent: true},
		"not sent: timed out":                {Title: "timed out"},
	}
	for want, e := range tests {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that time stands still
		date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
		tests := []struct {
			value, date string
			want        time.Duration
		}{
			{"", "", 0}, {"7", "", 7 * time.Second}, {"1.5", "", 1500 * time.Millisecond}, {"0", "", 0}, {"-5", "", 0},
			{"99999999999999999999", "", time.Hour}, {"1e999", "", time.Hour}, {"-1e999", "", 0}, {"NaN", "", 0},
			{"soon", "", 0}, {date(30 * time.Second), "", 30 * time.Second}, {date(-time.Second), "", 0},
			{date(48 * time.Hour), "", time.Hour}, {date(time.Hour), date(59 * time.Minute), time.Minute},
			{date(time.Minute), "no date", time.Minute},
		}
		for _, test := range tests {
			transport := roundTrip(func(r *http.Request) (*http.Response, error) {
				header := http.Header{"Retry-After": {test.value}, "Date": {test.date}}
				return &http.Response{StatusCode: 429, Header: header, Body: http.NoBody, Request: r}, nil
			})
			api := newAPI(t, sunco.Config{Transport: transport})
			if got := asError(t, api.App(t.Context())).RetryAfter; got != test.want {
				t.Errorf("Retry-After %q at %q: got %v, want %v", test.value, test.date, got, test.want)
			}
		}
	})
}

// TestI2SentIsTrueUnlessNothingLeft: a create is looked up first exactly when its error says Sent.
func TestI2SentIsTrueUnlessNothingLeft(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	silent := roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken") })
	done, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		cfg  sunco.Config
		want sunco.Error
	}{
		{"connection refused", t.Context(), sunco.Config{BaseURL: closed.URL}, sunco.Error{Title: "connect: connection refused"}},
		{"no such host", t.Context(), sunco.Config{BaseURL: "http://nobody.invalid", Transport: unknownHost()},
			sunco.Error{Title: "host name lookup: no such host"}},
		{"certificate not trusted", t.Context(), sunco.Config{BaseURL: untrusted.URL},
			sunco.Error{Title: "tls: failed to verify certificate: x509: certificate signed by unknown authority"}},
		{"context ended before", done, sunco.Config{BaseURL: cut.URL}, sunco.Error{Title: "cancelled"}},
		{"cut", t.Context(), sunco.Config{BaseURL: cut.URL}, sunco.Error{Title: "connection closed", Sent: true}},
		{"transport that reports nothing", t.Context(), sunco.Config{Transport: silent},
			sunco.Error{Title: "broken", Sent: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := newAPI(t, test.cfg).Create(test.ctx, "ann", sunco.ClientCreate{}, sunco.Query{})
			got := asError(t, err)
			if diff := cmp.Diff(test.want, *got, cmpopts.IgnoreFields(sunco.Error{}, "Err")); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if got.Err == nil || strings.Contains(got.Err.Error(), "ann") {
				t.Errorf("got cause %v, want one without the user", got.Err)
			}
		})
	}
}

// unknownHost returns a transport for which no host name has an address.
func unknownHost() *http.Transport {
	dial := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nobody.invalid", IsNotFound: true}}
	}
	return &http.Transport{DialContext: dial}
}

func TestDeadlineWhileWaitingForTheAnswer(t *testing.T) {
	arrived := make(chan struct{})
	ctx, cancel := context.WithCancelCause(t.Context())
	api := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	go func() {
		<-arrived
		cancel(context.DeadlineExceeded)
	}()
	got := asError(t, api.Remove(ctx, "u", "c", sunco.Query{}))
	if got.Status != 0 || !got.Sent || got.Title != "timed out" || !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("got %+v, want Status 0, Sent, timed out", *got)
	}
}

func TestDeadlineWhileWaitingForAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		defer close(over)
		dial := func(context.Context, string, string) (net.Conn, error) {
			<-over
			return nil, net.ErrClosed
		}
		api := newAPI(t, sunco.Config{Transport: &http.Transport{DialContext: dial}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got := asError(t, api.App(ctx))
		if got.Sent || got.Title != "timed out" || !errors.Is(got, context.DeadlineExceeded) {
			t.Errorf("got %+v, want not Sent, timed out", *got)
		}
	})
}
