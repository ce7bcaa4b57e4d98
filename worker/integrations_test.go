package worker_test

import (
	"net/http"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

const shopID = "5e4af71a81966cfff3ef6550"

// shops are integrations of which some share a name.
func shops() suncotest.World {
	conversed := []suncotest.Conversation{{ID: creates(1)[0].ConversationID}}
	return suncotest.World{
		Integrations: []suncotest.Integration{
			{ID: "5e4af71a81966cfff3ef6551", Type: "twilio", DisplayName: "Shop"},
			{ID: shopID, Type: "whatsapp", DisplayName: "Shop", PhoneNumber: "34600123456"},
			{ID: "5e4af71a81966cfff3ef6552", Type: "whatsapp", DisplayName: "Both"},
			{ID: "5e4af71a81966cfff3ef6553", Type: "whatsapp", DisplayName: "both "},
		},
		Users: []suncotest.User{
			{ID: "user-1", Conversations: conversed}, {ID: "user-2", Conversations: conversed}, {ID: "user-3", Conversations: conversed},
			{ID: "linked", Conversations: conversed, Clients: []sunco.Client{{ID: "61e000000000000000000001", Type: "whatsapp", IntegrationID: shopID, Status: sunco.StatusActive}}},
		},
	}
}

func TestIntegrationsAreKnownByNumberAndName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		op          jobs.Op
		user, given string
		kind        jobs.Kind
		code        string
		lists       int64
	}{
		{jobs.Create, "user-1", "shop", jobs.OK, "", 1},
		{jobs.Create, "user-1", "+34 600 12 34 56", jobs.OK, "", 1},
		{jobs.Create, "user-1", shopID, jobs.OK, "", 0},
		{jobs.Create, "user-1", "both", jobs.Failed, "several_integrations", 1},
		{jobs.Create, "user-1", "Post", jobs.Failed, "integration_not_found", 1},
		{jobs.Ensure, "user-1", "Shop", jobs.OK, "", 1},
		{jobs.Ensure, "linked", "Shop", jobs.Noop, "", 1},
		{jobs.Verify, "linked", "Shop", jobs.OK, "", 1},
	}
	for _, test := range tests {
		t.Run(string(test.op)+" "+test.user+" "+test.given, func(t *testing.T) {
			t.Parallel()
			sim := suncotest.New(suncotest.Config{World: shops()})
			b := newBench(t, sim, options())
			row := creates(1)[0]
			row.Op, row.User, row.IntegrationID = test.op, test.user, test.given
			b.queue(1, row)
			b.serve()
			if o := b.outcomes()[1]; o.Kind != test.kind || o.ErrorCode != test.code {
				t.Errorf("got %s %q: %s", o.Kind, o.ErrorCode, o.Error)
			}
			stats, lookups, retries := sim.Stats(), b.state().Stats.Lookups, b.state().Stats.Retries
			if lists := stats.Calls["listIntegrations"]; lists != test.lists || lookups != lists || retries != 0 {
				t.Errorf("got %d lists, %d lookups and %d retries, want %d lists", lists, lookups, retries, test.lists)
			}
			for _, c := range sim.Clients(test.user) {
				if c.IntegrationID != shopID {
					t.Errorf("got a client of %s", c.IntegrationID)
				}
			}
		})
	}
}

// Many rows of several batches make one list, and rows that give the same integration by name and by id are siblings to a look (I2).
func TestIntegrationsAreListedOnce(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{World: shops(), Knobs: suncotest.Knobs{CutAfter: 0.2}, Seed: 3})
	opt := options()
	opt.Attempts, opt.Resend = 20, jobs.ResendAlways
	b := newBench(t, sim, opt)
	rows := append(creates(3), creates(3)...)
	for i := range rows {
		rows[i].PhoneNumber = "+1212555020" + string(rune('0'+i))
		if i < 3 {
			rows[i].IntegrationID = "Shop"
		}
	}
	b.queue(6, rows...)
	b.serve()
	if lists := sim.Stats().Calls["listIntegrations"]; lists < 1 || lists > 2 { // the one call may have been cut
		t.Errorf("got %d lists of integrations", lists)
	}
	for number, o := range b.outcomes() {
		if o.Kind != jobs.OK {
			t.Errorf("row %d is %s %q: %s", number, o.Kind, o.ErrorCode, o.Error)
		}
	}
	for _, user := range []string{"user-1", "user-2", "user-3"} {
		if clients := sim.Clients(user); len(clients) != 2 {
			t.Errorf("I2: %s has %d clients, want one for each row", user, len(clients))
		}
	}
}

// A key that may not list integrations fails the rows that need it, once asked, and pauses nothing.
func TestIntegrationsMayNotBeListed(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{World: shops()})
	asked := 0
	b := newBench(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/apps/app/integrations" {
			asked++ // under the lock of the list
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"errors":[{"code":"forbidden","title":"Forbidden"}]}`))
			return
		}
		sim.ServeHTTP(w, r)
	}), options())
	rows := creates(3)
	rows[0].IntegrationID, rows[1].IntegrationID = "Shop", "34600123456"
	b.queue(3, rows...)
	b.serve()
	if state := b.state(); state.State != jobs.Finished || asked != 1 {
		t.Errorf("the job is %s (%s) after %d lists", state.State, state.Reason, asked)
	}
	for number, want := range map[int64]string{1: "integration_unknown", 2: "integration_unknown", 3: ""} {
		if o := b.outcomes()[number]; o.ErrorCode != want {
			t.Errorf("row %d is %s %q, want %q", number, o.Kind, o.ErrorCode, want)
		}
	}
}
