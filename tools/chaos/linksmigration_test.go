package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// TestLinksMigration holds that a migration removes no old client of a user whose new one is not active, though links fail, are cancelled by the person, and
// are taken by other users after they were active, while the webhook that tells so loses events, its receivers are killed and Redis is away.
func TestLinksMigration(t *testing.T) {
	seed, users := seedOf(), option[int]("links")
	if users < withOutage {
		users = min(users, 200)
	}
	t.Logf("seed %d: go -C tools/chaos test -v -run %s$ -seed %d -links %d -outage %s -receivers %d", seed, t.Name(), seed, users,
		option[time.Duration]("outage"), option[int]("receivers"))
	began := time.Now()
	l := newLinksTrial(t, linksWorld(users), seed)
	l.knobs = suncotest.Knobs{LatencyMin: 2 * time.Millisecond, LatencyMax: 10 * time.Millisecond, PendingFor: 3 * time.Second,
		FailedLinkShare: 0.05, CancelledLinkShare: 0.03, TakenLinkShare: 0.05, CutAfter: 0.002, Share503After: 0.002}
	l.sim.SetKnobs(l.knobs)
	removes := &removesSeen{sim: l.sim, lists: map[string]time.Time{}, at: map[string]time.Time{}}
	l.witness.watch(removes.see)
	l.writeRows("users.csv", users)
	if err := os.WriteFile(filepath.Join(l.dir, "links.yaml"), []byte(linksBook), 0o600); err != nil {
		t.Fatal(err)
	}
	run := l.migrate(users, option[int]("receivers"))
	l.writes("runbook", "report", run, "--out", "moved")
	kept, removed, between := removes.verdict(l, users)
	t.Logf("%d users in %.0f s, %d calls: %d old clients removed, %d kept, %d new ones taken between the list and the remove; %d receivers killed, Redis away for %.0f s, %+v", users,
		time.Since(began).Seconds(), l.calls(), removed, kept, between, l.kills, l.away.Seconds(), l.sim.WebhookStats())
	if kept == 0 || removed < users/2 {
		t.Errorf("%d removed and %d kept tell nothing", removed, kept)
	}
	l.settled(&verdict{})
}

// withOutage is the number of users from which Redis is away, too: a step then waits a minute for the batches that a worker held meanwhile.
const withOutage = 2000

const linksBook = `name: migrate
app: app-a
input: users.csv
rate: 0
batch: 20
attempts: 40
timeout: 5s
max_failures: 100%
steps:
  - name: find
    op: list
    where: client.integrationId == "old"
  - name: link
    op: ensure
    set:
      matchCriteria.type: whatsapp
      integrationId: new
      matchCriteria.phoneNumber: ${client.externalId}
      confirmation.type: immediate
      conversationId: chat
  - name: wait
    op: verify
    within: 10s
  - name: unlink
    op: remove
caps:
  max_removes: 100000
`

// linksWorld has users with one old client each.
func linksWorld(users int) suncotest.World {
	w := suncotest.World{Lenient: true}
	for i := range users {
		id := fmt.Sprintf("user-%07d", i+1)
		w.Users = append(w.Users, suncotest.User{ID: id, Clients: []sunco.Client{
			{ID: "old-" + id, Type: "twilio", Status: sunco.StatusActive, IntegrationID: oldIntegration, ExternalID: numberOf(i)},
		}})
	}
	return w
}

// migrate runs the runbook to its end while receivers are killed and Redis is away.
func (l *linksTrial) migrate(users, kills int) (run string) {
	l.Helper()
	p := l.start("start", "runbook", "start", "links.yaml", "--redis", l.url)
	for p.running() {
		l.look()
	}
	if run = p.answered(); p.code() != 0 {
		l.Fatalf("runbook start: %s", p.tail())
	}
	all, broken := int64(4*users), users < withOutage // calls are more
	l.wait("the run", func() (bool, int64) {
		done := l.calls()
		if l.kills < kills && done > int64(l.kills+1)*all/int64(kills+1) {
			l.killReceiver()
		}
		if !broken && done > all*2/5 {
			broken = true
			l.breakRedis()
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		at := l.rdb.HMGet(ctx, "sunbulk:run:{"+run+"}", "state", "reason").Val()
		if len(at) == 2 && at[0] == string(jobs.Paused) {
			l.Fatalf("the run is paused: %s", at[1])
		}
		return len(at) == 2 && at[0] == string(jobs.Finished), done
	})
	return run
}

// removesSeen looks at each remove of an old client before the API does.
type removesSeen struct {
	sim   *suncotest.Server
	mu    sync.Mutex
	lists map[string]time.Time // when a user's latest list began
	at    map[string]time.Time // when a user's old client was removed
	early []string             // users whose new client was not active then
}

func (s *removesSeen) see(method, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch method {
	case "GET":
		s.lists[user] = time.Now()
	case "DELETE":
		if _, again := s.at[user]; again {
			return
		}
		s.at[user] = time.Now()
		for _, c := range s.sim.Clients(user) {
			if c.IntegrationID == newIntegration && c.Status == sunco.StatusActive {
				return
			}
		}
		s.early = append(s.early, user)
	}
}

// verdict compares what was removed with what became of the new clients.
func (s *removesSeen) verdict(l *linksTrial, users int) (kept, removed, between int) {
	l.Helper()
	fates := map[string]suncotest.Fate{}
	for _, f := range l.sim.Fates() {
		fates[f.User] = f
	}
	if len(fates) != users || l.sim.Stats().Duplicates != 0 {
		l.Errorf("I2: %d users have a new client, want %d; %d clients are there twice", len(fates), users, l.sim.Stats().Duplicates)
	}
	for _, user := range s.early {
		if f := fates[user]; f.End == "theft" && f.Ends.After(s.lists[user]) {
			between++
			continue
		}
		l.Errorf("the old client of %s was removed when its new one was not active: %+v", user, fates[user])
	}
	for user, f := range fates {
		at, gone := s.at[user]
		there := false
		for _, c := range l.sim.Clients(user) {
			there = there || c.IntegrationID == oldIntegration
		}
		switch {
		case there == gone:
			l.Errorf("%s: an old client is there: %t, and was removed: %t", user, there, gone)
		case gone:
			removed++
			if f.End != "" && f.End != "theft" {
				l.Errorf("%s lost its old client at %s, and its new one is %+v", user, at, f)
			}
		default:
			kept++
			if f.End == "" {
				l.Errorf("%s keeps its old client beside an active new one", user)
			}
		}
	}
	return kept, removed, between
}
