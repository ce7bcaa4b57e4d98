package worker_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// townsfolk have no conversation, one, or several.
func townsfolk() suncotest.World {
	var many []suncotest.Conversation
	for i := range 130 { // more than a page
		many = append(many, suncotest.Conversation{ID: fmt.Sprintf("64bd7627041e7ec5003f%04d", i), LastUpdatedAt: time.Date(2026, 1, 1, 0, (i*37)%130, 0, 0, time.UTC)})
	}
	return suncotest.World{Integrations: []suncotest.Integration{{ID: "5e4af71a81966cfff3ef6550", Type: "whatsapp"}}, Users: []suncotest.User{
		{ID: "5e9cb90245f8d1d8144ef6a0", ExternalID: "none"},
		{ID: "5e9cb90245f8d1d8144ef6a1", ExternalID: "one", Conversations: []suncotest.Conversation{{ID: "64bd7627041e7ec5002f0001"}}},
		{ID: "5e9cb90245f8d1d8144ef6a2", ExternalID: "many", Conversations: many},
		{ID: "5e9cb90245f8d1d8144ef6a3", ExternalID: "one", BrandID: "b", Conversations: []suncotest.Conversation{{ID: "64bd7627041e7ec5002f0002"}}},
	}}
}

func TestConversationsAreLookedUp(t *testing.T) {
	t.Parallel()
	const one, latest = "64bd7627041e7ec5002f0001", "64bd7627041e7ec5003f0007" // 7 × 37 is 129 beyond a multiple of 130
	tests := []struct{ user, brand, word, took, code string }{
		{"one", "", "default", one, ""},
		{"one", "", "only", one, ""},
		{"one", "", "latest", one, ""},
		{"5e9cb90245f8d1d8144ef6a1", "", "only", one, ""},
		{"one", "b", "only", "64bd7627041e7ec5002f0002", ""},
		{"many", "", "latest", latest, ""},
		{"many", "", "default", "", "no_conversation"},
		{"many", "", "only", "", "several_conversations"},
		{"none", "", "latest", "", "no_conversation"},
		{"nobody", "", "latest", "", "user_not_found"},
		{"nobody", "b", "latest", "", "user_not_found"},
	}
	for _, op := range []jobs.Op{jobs.Create, jobs.Ensure} {
		for _, test := range tests {
			t.Run(fmt.Sprint(op, " ", test.user, test.brand, " ", test.word), func(t *testing.T) {
				t.Parallel()
				sim := suncotest.New(suncotest.Config{World: townsfolk()})
				b := newBench(t, sim, options())
				row := creates(1)[0]
				row.Op, row.User, row.BrandID, row.ConversationID = op, test.user, test.brand, test.word
				b.queue(1, row)
				b.serve()
				o, want := b.outcomes()[1], jobs.Failed
				if test.code == "" {
					want = jobs.OK
				}
				if o.Kind != want || o.ErrorCode != test.code || o.ConversationID != test.took {
					t.Errorf("got %s %q with %q, want %s %q with %q", o.Kind, o.ErrorCode, o.ConversationID, want, test.code, test.took)
				}
				stats := sim.Stats()
				if lookups := b.state().Stats.Lookups; lookups != stats.Calls["listConversations"]+stats.Calls["getUser"] {
					t.Errorf("got %d lookups, the API saw %v", lookups, stats.Calls)
				}
			})
		}
	}
}

// Rows of one user in a batch share a lookup, and a retry repeats none.
func TestConversationsAreLookedUpOncePerUser(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{World: townsfolk()})
	failed := false
	b := newBench(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && !failed {
			failed = true // rows of one user follow each other, so that no two calls are made at once
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		sim.ServeHTTP(w, r)
	}), options())
	rows := creates(3)
	for i := range rows {
		rows[i].User, rows[i].ConversationID = "one", jobs.OnlyConversation
	}
	b.queue(3, rows...)
	b.serve()
	if got, lists := b.state(), sim.Stats().Calls["listConversations"]; got.Tally.OK != 3 || lists != 1 || got.Stats.Lookups != 1 {
		t.Errorf("got %+v with %d lookups, want 3 ok with one", got.Tally, lists)
	}
}

// A lost create that is named by a word is looked for before anything else, and is not sent again when it is there (I2).
func TestI2ALostCreateIsLookedForBeforeItsConversation(t *testing.T) {
	t.Parallel()
	const chat = `{"conversations":[{"id":"64bd7627041e7ec5002f0001","type":"personal","isDefault":true}]}`
	row := creates(1)[0]
	row.ConversationID = jobs.DefaultConversation
	checkRules(t, []rulesCase{
		{"there", row, []http.HandlerFunc{status(200, chat), cut, status(200, pending)}, ruled{jobs.OK, "", "c9", "adopted", 3, 1}},
		{"not there", row, []http.HandlerFunc{status(200, chat), cut, status(200, none), status(201, made)}, ruled{jobs.OK, "", "c1", "", 4, 2}},
		{"the lookup is lost: nothing is in doubt", row, []http.HandlerFunc{cut, status(200, chat), status(201, made)}, ruled{jobs.OK, "", "c1", "", 3, 2}},
		{"429 of a lookup uses no attempt (I8)", row, []http.HandlerFunc{fault(429, ""), status(200, chat), status(201, made)}, ruled{jobs.OK, "", "c1", "", 3, 1}},
	})
}

func people(op jobs.Op, n int) []jobs.Row {
	rows := make([]jobs.Row, n)
	for i := range rows {
		rows[i] = jobs.Row{Op: op, User: fmt.Sprintf("unknown-%d", i+1)}
	}
	return rows
}

func TestEnsureUserRules(t *testing.T) {
	t.Parallel()
	row := people(jobs.EnsureUser, 1)[0]
	const user = `{"user":{"id":"5e9cb90245f8d1d8144ef6a0","externalId":"unknown-1"}}`
	made, there, absent := status(201, user), status(200, user), fault(404, "user_not_found")
	checkRules(t, []rulesCase{
		{"made", row, []http.HandlerFunc{made}, ruled{jobs.OK, "", "", "", 1, 1}},
		{"there", row, []http.HandlerFunc{fault(409, "conflict")}, ruled{jobs.Noop, "conflict", "", "", 1, 1}},
		{"I2: lost and there", row, []http.HandlerFunc{cut, there}, ruled{jobs.OK, "", "", "adopted", 2, 1}},
		{"I2: lost and not there, sent again", row, []http.HandlerFunc{cut, absent, made}, ruled{jobs.OK, "", "", "", 3, 2}},
		{"I2: looks fail and use no attempt", row, []http.HandlerFunc{cut, fault(503, ""), cut, there}, ruled{jobs.OK, "", "", "adopted", 4, 1}},
		{"refused", row, []http.HandlerFunc{fault(400, "bad_request")}, ruled{jobs.Failed, "bad_request", "", "", 1, 1}},
		{"lost at each attempt", row, []http.HandlerFunc{cut, absent, cut, absent, cut, absent}, ruled{jobs.Failed, "no_answer", "", "", 6, 3}},
	})
}

func TestEnsureConversationRules(t *testing.T) {
	t.Parallel()
	row := people(jobs.EnsureConversation, 1)[0]
	const chat = `{"id":"64bd7627041e7ec5002f0001","type":"personal"}`
	empty, there, made := status(200, `{"conversations":[]}`), status(200, `{"conversations":[`+chat+`]}`), status(201, `{"conversation":`+chat+`}`)
	checkRules(t, []rulesCase{
		{"made", row, []http.HandlerFunc{empty, made}, ruled{jobs.OK, "", "", "", 2, 1}},
		{"there", row, []http.HandlerFunc{there}, ruled{jobs.Noop, "", "", "already there", 1, 1}},
		{"I2: lost and not there, sent again", row, []http.HandlerFunc{empty, cut, empty, made}, ruled{jobs.OK, "", "", "", 4, 2}},
		{"I2: lost, and another was made meanwhile", row, []http.HandlerFunc{empty, cut, there}, ruled{jobs.Noop, "", "", "already there", 3, 1}},
		{"I2: looks fail and use no attempt", row, []http.HandlerFunc{empty, cut, fault(503, ""), empty, made}, ruled{jobs.OK, "", "", "", 5, 2}},
		{"nobody", row, []http.HandlerFunc{fault(404, "user_not_found")}, ruled{jobs.Failed, "user_not_found", "", "", 2, 1}},
	})
}

// Of what a worker that died had sent, the next one finds the conversation by its mark and the user by its id, and sends nothing twice (I2).
func TestI2EnsuresOfPeopleOfACrashedWorker(t *testing.T) {
	t.Parallel()
	for _, op := range []jobs.Op{jobs.EnsureUser, jobs.EnsureConversation} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			const n = 12
			sim := suncotest.New(suncotest.Config{})
			opt := options()
			opt.Timeout = 500 * time.Millisecond
			b := newRedisBench(t, sim, opt)
			if op == jobs.EnsureConversation {
				makeAll(t, b, people(jobs.EnsureUser, n))
			}
			rows := people(op, n)
			b.queue(n, rows...)
			if _, err := b.ledger.Open(t.Context(), b.job, 0, ledger.Claim{Worker: "dead", Calling: true}, time.Now()); err != nil {
				t.Fatal(err)
			}
			makeAll(t, b, rows[:2]) // before it died
			b.serve()
			stats, made := sim.Stats(), sim.Stats().Users
			if op == jobs.EnsureConversation {
				made = stats.Conversations
			}
			if tally := b.state().Tally; tally.OK != n || made != n || stats.SecondConversations != 0 || stats.Statuses[http.StatusConflict] != 0 {
				t.Errorf("got %+v, %d made, %d second conversations, %d conflicts; want %d ok and made", tally, made, stats.SecondConversations, stats.Statuses[http.StatusConflict], n)
			}
			adopted := 0
			for _, o := range b.outcomes() {
				if o.Detail == "adopted" {
					adopted++
				}
				if op.Converses() && o.ConversationID == "" {
					t.Errorf("row %d names no conversation", o.Row.Number)
				}
			}
			if adopted != 2 {
				t.Errorf("got %d adopted, want 2", adopted)
			}
		})
	}
}

// makeAll makes what rows ask for, as their calls would.
func makeAll(t *testing.T, b *bench, rows []jobs.Row) {
	t.Helper()
	for i := range rows {
		r := &rows[i]
		var err error
		if r.Op == jobs.EnsureUser {
			_, err = b.api.CreateUser(t.Context(), sunco.UserCreate{ExternalID: r.User}, 0)
		} else {
			_, err = b.api.CreateConversation(t.Context(), sunco.ConversationCreate{
				Type: sunco.TypePersonal, Participants: []sunco.Participant{{UserExternalID: r.User}}, Metadata: r.Marked(fmt.Sprintf("%s/%d", b.job, r.Number)),
			}, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
