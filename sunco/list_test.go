package sunco_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// list returns the ids that List gives.
func list(ctx context.Context, api *sunco.API, user string, query sunco.ListQuery) (ids []string, err error) {
	for c, err := range api.List(ctx, user, query) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}

func userWith(clients int) (user suncotest.User, ids []string) {
	user.ID = "u"
	for i := range clients {
		id := fmt.Sprintf("%024d", i)
		user.Clients = append(user.Clients, sunco.Client{ID: id, Type: "sdk"})
		ids = append(ids, id)
	}
	return user, ids
}

func TestListGivesEachClientOnce(t *testing.T) {
	knobs := map[string]suncotest.Knobs{
		"cursors":           {},
		"links only":        {OmitMeta: true},
		"meta only":         {OmitLinks: true},
		"no meta, no links": {OmitMeta: true, OmitLinks: true},
	}
	for name, k := range knobs {
		for _, n := range []int{0, 1, 25, 26, 100, 250} {
			for _, size := range []int{0, 1, 25} {
				t.Run(fmt.Sprintf("%s/%d of %d", name, n, size), func(t *testing.T) {
					user, want := userWith(n)
					api := serve(t, suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{user}}, Knobs: k}))
					got, err := list(t.Context(), api, "u", sunco.ListQuery{PageSize: size})
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("ids (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

func TestListEndsWhereTheCallerDoes(t *testing.T) {
	user, _ := userWith(30)
	sim := suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{user}}})
	api := serve(t, sim)
	for range api.List(t.Context(), "u", sunco.ListQuery{PageSize: 10}) {
		break
	}
	if got := sim.Stats().Calls["list"]; got != 1 {
		t.Errorf("got %d calls, want 1", got)
	}
}

// TestI4NextIsOneCall: a pace that counts calls must count the pages of a list.
func TestI4NextIsOneCall(t *testing.T) {
	user, want := userWith(30)
	sim := suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{user}}})
	pages := serve(t, sim).Pages("u", sunco.ListQuery{PageSize: 10})
	var got []string
	for calls := int64(1); pages.More(); calls++ {
		clients, err := pages.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range clients {
			got = append(got, c.ID)
		}
		if got := sim.Stats().Calls["list"]; got != calls {
			t.Errorf("got %d calls after %d pages", got, calls)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func TestNextAfterAnErrorAsksForTheSamePage(t *testing.T) {
	user, want := userWith(2)
	sim := suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{user}}})
	pages := serve(t, sim).Pages("u", sunco.ListQuery{PageSize: 1})
	var got []string
	for _, knobs := range []suncotest.Knobs{{}, {Share503: 1}, {HalfAnswer: 1}, {}} {
		sim.SetKnobs(knobs)
		clients, err := pages.Next(t.Context())
		if failed := knobs != (suncotest.Knobs{}); failed != (err != nil) {
			t.Fatalf("got error %v with knobs %+v", err, knobs)
		}
		for _, c := range clients {
			got = append(got, c.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || pages.More() {
		t.Errorf("more %v, ids (-want +got):\n%s", pages.More(), diff)
	}
}

// TestListPagesThatAreOdd serves pages in turn; HERE stands for the server's own URL.
func TestListPagesThatAreOdd(t *testing.T) {
	tests := []struct {
		name  string
		pages []string
		want  []string
		err   string
	}{
		{"page overlaps", []string{
			`{"clients":[{"id":"a"},{"id":"b"}],"meta":{"afterCursor":"x"}}`,
			`{"clients":[{"id":"b"},{"id":"c"}]}`}, []string{"a", "b", "c"}, ""},
		{"no ids", []string{`{"clients":[{},{}]}`}, []string{"", ""}, ""},
		{"link without meta", []string{`{"clients":[{"id":"a"}],"links":{"next":"HERE/p2"}}`, `{"clients":[{"id":"b"}]}`}, []string{"a", "b"}, ""},
		{"relative link", []string{`{"clients":[],"links":{"next":"/p2"}}`, `{"clients":[{"id":"b"}]}`}, []string{"b"}, ""},
		{"no more in spite of a cursor", []string{`{"clients":[],"meta":{"hasMore":false,"afterCursor":"x"}}`}, nil, ""},
		{"meta is null", []string{`{"clients":[{"id":"a"}],"meta":null,"links":null}`}, []string{"a"}, ""},
		{"cursor in a circle", []string{
			`{"clients":[{"id":"a"}],"meta":{"afterCursor":"x"}}`, `{"clients":[],"meta":{"afterCursor":"y"}}`,
			`{"clients":[],"meta":{"afterCursor":"x"}}`}, []string{"a"}, "circle"},
		{"link in a circle", []string{
			`{"clients":[],"links":{"next":"HERE/p2"}}`, `{"clients":[],"links":{"next":"HERE/p2"}}`}, nil, "circle"},
		{"more without a cursor", []string{`{"clients":[{"id":"a"}],"meta":{"hasMore":true}}`}, []string{"a"}, "without a cursor"},
		{"link to another host", []string{`{"clients":[{"id":"a"}],"links":{"next":"http://evil.test/p2"}}`}, []string{"a"}, "another host"},
		{"link to another port", []string{`{"clients":[],"links":{"next":"http://127.0.0.1:1/p2"}}`}, nil, "another host"},
		{"link with another scheme", []string{`{"clients":[],"links":{"next":"https:HERE"}}`}, nil, "another host"},
		{"link without a scheme", []string{`{"clients":[],"links":{"next":"//evil.test/p2"}}`}, nil, "another host"},
		{"link with a user", []string{`{"clients":[],"links":{"next":"http://u:p@HOST/p2"}}`}, nil, "another host"},
		{"link is no URL", []string{`{"clients":[],"links":{"next":"http://[::"}}`}, nil, "not a URL"},
		{"no clients", []string{`{}`}, nil, "clients were expected"},
		{"clients are null", []string{`{"clients":null}`}, nil, "clients were expected"},
		{"a client is null", []string{`{"clients":[null]}`}, nil, "clients were expected"},
		{"HTML", []string{`<html><title>Log in</title></html>`}, nil, "unreadable body"},
		{"nothing", []string{``}, nil, "unreadable body"},
		{"half", []string{`{"clients":[{"id":"a"}`}, nil, "unreadable body"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int64
			api := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := min(int(calls.Add(1)), len(test.pages))
				body := strings.NewReplacer("HERE", "http://"+r.Host, "HOST", r.Host).Replace(test.pages[n-1])
				answer(http.StatusOK, "application/json", body)(w, r)
			}))
			got, err := list(t.Context(), api, "u", sunco.ListQuery{})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
			if got := int(calls.Load()); got != len(test.pages) {
				t.Errorf("got %d calls, want %d", got, len(test.pages))
			}
			if err != nil {
				if e := asError(t, err); e.Status != http.StatusOK || !e.Sent {
					t.Errorf("got %+v, want Status 200 and Sent", *e)
				}
			}
		})
	}
}

func TestListThatNeverEnds(t *testing.T) {
	var calls atomic.Int64
	api := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := fmt.Sprintf(`{"clients":[],"meta":{"hasMore":true,"afterCursor":"%024d"}}`, calls.Add(1))
		answer(http.StatusOK, "application/json", body)(w, r)
	}))
	_, err := list(t.Context(), api, "u", sunco.ListQuery{})
	if err == nil || !strings.Contains(err.Error(), "more than 1000 pages") {
		t.Errorf("got error %v, want one about 1000 pages", err)
	}
}
