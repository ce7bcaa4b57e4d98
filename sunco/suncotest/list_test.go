package suncotest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// listed is the body of a list, ids only.
type listed struct {
	Clients []struct{ ID string }
	Meta    *struct {
		HasMore                   bool
		AfterCursor, BeforeCursor string
	}
	Links *struct{ Prev, Next string }
}

func (l listed) ids() (ids []string) {
	for _, c := range l.Clients {
		ids = append(ids, c.ID)
	}
	return ids
}

func worldOf(clients int) suncotest.World {
	u := suncotest.User{ID: "u"}
	for i := range clients {
		u.Clients = append(u.Clients, sunco.Client{ID: fmt.Sprint("c", i), Type: "whatsapp"})
	}
	return suncotest.World{Users: []suncotest.User{u}}
}

func askList(t *testing.T, sim *suncotest.Server, url string) listed {
	t.Helper()
	var page listed
	if err := json.Unmarshal(ask(sim, "GET", url, "").Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	return page
}

func TestPagesForthAndBack(t *testing.T) {
	const path = "/v2/apps/a/users/u/clients"
	sim := suncotest.New(suncotest.Config{World: worldOf(5)})
	first := askList(t, sim, path+"?page[size]=2")
	second := askList(t, sim, first.Links.Next)
	third := askList(t, sim, path+"?page[size]=2&page%5Bafter%5D="+url.QueryEscape(second.Meta.AfterCursor))
	back := askList(t, sim, third.Links.Prev)
	for i, got := range [][]string{first.ids(), second.ids(), third.ids(), back.ids()} {
		want := [][]string{{"c0", "c1"}, {"c2", "c3"}, {"c4"}, {"c2", "c3"}}[i]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("page %d (-want +got):\n%s", i, diff)
		}
	}
	for i, page := range []listed{first, second, third, back} {
		wantMore, wantAfter, wantBefore := i != 2, i != 2, i != 0
		if page.Meta.HasMore != wantMore || (page.Meta.AfterCursor != "") != wantAfter || (page.Meta.BeforeCursor != "") != wantBefore {
			t.Errorf("page %d: got meta %+v", i, *page.Meta)
		}
		if (page.Links.Next != "") != wantAfter || (page.Links.Prev != "") != wantBefore {
			t.Errorf("page %d: got links %+v", i, *page.Links)
		}
	}
	if n := len(second.Meta.AfterCursor); n != 24 {
		t.Errorf("got a cursor of %d characters, want 24", n)
	}
}

func TestDefaultPageHas25(t *testing.T) {
	sim := suncotest.New(suncotest.Config{World: worldOf(26)})
	if got := len(askList(t, sim, "/v2/apps/a/users/u/clients").Clients); got != 25 {
		t.Errorf("got %d clients, want 25", got)
	}
}

func TestCursorOutlivesItsClient(t *testing.T) {
	const path = "/v2/apps/a/users/u/clients"
	sim := suncotest.New(suncotest.Config{World: worldOf(4)})
	first := askList(t, sim, path+"?page[size]=2")
	ask(sim, "DELETE", path+"/c1", "")
	ask(sim, "DELETE", path+"/c2", "")
	if diff := cmp.Diff([]string{"c3"}, askList(t, sim, first.Links.Next).ids()); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func TestMetaAndLinksCanBeLeftOut(t *testing.T) {
	sim := suncotest.New(suncotest.Config{World: worldOf(2), Knobs: suncotest.Knobs{OmitMeta: true, OmitLinks: true}})
	page := askList(t, sim, "/v2/apps/a/users/u/clients?page[size]=1")
	if page.Meta != nil || page.Links != nil {
		t.Errorf("got meta %v and links %v, want neither", page.Meta, page.Links)
	}
}
