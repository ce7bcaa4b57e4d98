package zendesk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// serve returns a client of an account whose waits take no time, and what it has waited.
func serve(t *testing.T, h http.Handler) (*Client, *time.Duration) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, waited := New(base, Auth{Email: "agent@example.com", Token: "secret"}, 1e6, "test"), new(time.Duration)
	c.sleep = func(ctx context.Context, d time.Duration) error { *waited += d; return ctx.Err() }
	return c, waited
}

// A long file on an API that refuses some calls and fails others is converted whole, a hundred ids in a call, and each row once (I1).
func TestConversionOnAFaultyAPI(t *testing.T) {
	const rows = 1050
	var world suncotest.World
	for i := range rows {
		u := suncotest.ZendeskUser{ID: int64(9_000_000_000 + i), Deleted: i%10 == 3}
		if i%10 != 5 {
			u.Messaging = []string{fmt.Sprintf("5e9cb902%016x", i)}
		}
		world.Zendesk = append(world.Zendesk, u)
	}
	sim := suncotest.New(suncotest.Config{World: world, Seed: 5, Knobs: suncotest.Knobs{Share429: 0.2, Share503: 0.1, CutBefore: 0.05, HalfAnswer: 0.05}})
	c, waited := serve(t, sim)
	columns, found := FindColumns([]string{"user"}, []string{"Name"}, "User")
	if !found {
		t.Fatal("the column is not found")
	}
	var converted, left bytes.Buffer
	v := Conversion{Client: c, Columns: columns, Converted: NewWriter(&converted, ';'), Left: NewWriter(&left, ';'), Progress: func(Counts) {}}
	counts, err := v.Run(t.Context(), originals(rows))
	if err := errors.Join(err, v.Converted.Flush(), v.Left.Flush()); err != nil {
		t.Fatal(err)
	}
	if counts.Rows != rows || counts.Left != 210 || counts.Converted != 840 || counts.Calls < 14 || *waited == 0 {
		t.Errorf("got %+v after %s", counts, *waited)
	}
	if got := sim.Stats().Calls["zendeskUsers"]; got != int64(counts.Calls) {
		t.Errorf("got %d calls, the API saw %d", counts.Calls, got)
	}
	lines := strings.Split(strings.TrimSpace(converted.String()), "\n")
	if diff := cmp.Diff([]string{"row;line;user;input.user;Name", "1;2;5e9cb9020000000000000000;9000000000;n 0"}, lines[:2]); diff != "" || len(lines) != 841 {
		t.Errorf("%d lines (-want +got):\n%s", len(lines), diff)
	}
	if n := strings.Count(left.String(), "has deleted it"); n != 105 {
		t.Errorf("got %d users that are gone", n)
	}
}

func originals(rows int) iter.Seq[jobs.Original] {
	return func(yield func(jobs.Original) bool) {
		for i := range rows {
			o := jobs.Original{Number: int64(i + 1), Line: int64(i + 2), Given: []string{fmt.Sprint(9_000_000_000 + i)}, Values: []string{fmt.Sprintf("n %d", i)}}
			if !yield(o) {
				return
			}
		}
	}
}

// What is no list of users ends the conversion; credentials go to the account alone, and no text has them or an id (I7).
func TestAnswersThatAreNone(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("called elsewhere with %v", r.Header)
	}))
	defer elsewhere.Close()
	tests := map[string]struct {
		status int
		body   string
		want   string
		calls  int
	}{
		"refused":         {401, `{"error":"Couldn't authenticate you"}`, "Zendesk: 401: Unauthorized", 1},
		"redirect":        {302, "", "Zendesk: 302: Found", 1},
		"another page":    {200, `{"users":[],"next_page":"` + elsewhere.URL + `/x"}`, "Zendesk: the next page of an answer cannot be followed", 1},
		"a page of HTML":  {200, "<html>", "Zendesk: 200: the answer is no list of users: is the URL that of the Zendesk account?", 1},
		"nothing told":    {200, "{}", "Zendesk: 200: the answer is no list of users: is the URL that of the Zendesk account?", 1},
		"broken for long": {503, "", "Zendesk: 503: Service Unavailable", mostTries},
		"throttled":       {429, "", "Zendesk: 429: Too Many Requests", mostWaits + 1},
	}
	for name, test := range tests {
		c, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(test.status)
			_, _ = w.Write([]byte(test.body))
		}))
		_, err := c.Messaging(t.Context(), []int64{4711})
		if err == nil || err.Error() != test.want || c.Calls != test.calls {
			t.Errorf("%s: got %v after %d calls, want %s after %d", name, err, c.Calls, test.want, test.calls)
		}
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	base, _ := url.Parse(gone.URL)
	gone.Close()
	c := New(base, Auth{Token: "secret"}, 1e6, "test")
	c.sleep = func(context.Context, time.Duration) error { return nil }
	if _, err := c.Messaging(t.Context(), []int64{4711}); err == nil || strings.Contains(err.Error(), "4711") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": time.Second, "": 0, "soon": 0, "-3": 0, "99999999": time.Hour, "Sat, 28 Nov 2026 12:00:30 GMT": 30 * time.Second, "Sat, 28 Nov 2026 11:00:30 GMT": time.Second,
	} {
		if got := gap(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
