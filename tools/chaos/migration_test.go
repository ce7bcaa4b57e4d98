package chaos

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// migration is the move of users from one integration to another by a runbook: list, ensure, verify,
// remove. An old client may go only when the row's new one is active.
type migration struct {
	*bookRun
	users []migrant
}

// bookRun is a run of a runbook while things break.
type bookRun struct {
	*chaos
	book, first string // the file, and the report folder of its first step
	rows, batch int
	lease       any // that killQueuer has seen
}

func newBookRun(c *chaos, book, first string, rows int) *bookRun {
	c.plan, c.knobs, c.tally = &plan{}, migrationKnobs(), map[string]int{}
	c.sim.SetKnobs(c.knobs)
	return &bookRun{chaos: c, book: book, first: first, rows: rows, batch: []int{10, 50, 100}[c.random.IntN(3)]}
}

// migrant is a user with the clients of the old integration, and perhaps one of the new already.
type migrant struct {
	id      string
	old     []string // ids
	moved   bool     // has a client of the new integration
	unknown bool     // the API knows no such user
}

const (
	oldIntegration = "old"
	newIntegration = "new"
)

// newMigrants draws users: most have one old client, some none, some several, few are unknown.
func newMigrants(random *rand.Rand, n int) []migrant {
	users := make([]migrant, n)
	for i := range users {
		u := migrant{id: fmt.Sprintf("user-%07d", i+1)}
		clients := 1
		switch draw := random.IntN(100); {
		case draw < 1:
			u.id, u.unknown, clients = "unknown-"+u.id, true, 0
		case draw < 9:
			clients = 0
		case draw < 19:
			clients = 2 + random.IntN(3)
		case draw < 21:
			u.moved = true
		}
		for c := range clients {
			u.old = append(u.old, fmt.Sprintf("old-%d-%s", c+1, u.id))
		}
		users[i] = u
	}
	return users
}

// migrationWorld holds the users' clients, and others that are none of the migration's business.
func migrationWorld(users []migrant) suncotest.World {
	w := suncotest.World{Lenient: true}
	for i, u := range users {
		if u.unknown {
			continue
		}
		clients := []sunco.Client{{ID: "sdk-" + u.id, Type: "sdk", Status: sunco.StatusActive}}
		for c, id := range u.old {
			clients = append(clients, sunco.Client{ID: id, Type: "twilio", Status: sunco.StatusActive, IntegrationID: oldIntegration,
				ExternalID: fmt.Sprintf("+1212%06d%d", i%1_000_000, c+1)})
		}
		if u.moved {
			clients = append(clients, sunco.Client{ID: "new-" + u.id, Type: "whatsapp", Status: sunco.StatusActive, IntegrationID: newIntegration})
		}
		w.Users = append(w.Users, suncotest.User{ID: u.id, Clients: clients})
	}
	return w
}

// migrationKnobs are an API that fails links, and much else at times.
func migrationKnobs() suncotest.Knobs {
	k := usualKnobs()
	k.FailedLinkShare, k.PendingFor = 0.03, 300*time.Millisecond
	k.Share503, k.Share503After, k.Share429 = 0.01, 0.005, 0.0005 // a 429 halts all calls for a second
	k.CutBefore, k.CutAfter, k.HalfAnswer = 0.005, 0.005, 0.005
	return k
}

// newMigration makes the rig, the input and the runbook.
func newMigration(c *chaos, users []migrant) *migration {
	c.Helper()
	m := &migration{newBookRun(c, "migrate.yaml", "1-find", len(users)), users}
	m.write("users.csv", func(f *os.File) error {
		w := csv.NewWriter(f)
		lines := [][]string{{"user", "chat"}}
		for _, u := range users {
			lines = append(lines, []string{u.id, "chat-" + u.id})
		}
		return w.WriteAll(lines)
	})
	m.write("migrate.yaml", func(f *os.File) error {
		_, err := fmt.Fprintf(f, strings.TrimLeft(migrationBook, "\n"), m.batch)
		return err
	})
	return m
}

func (m *bookRun) write(name string, content func(*os.File) error) {
	m.Helper()
	f, err := os.Create(filepath.Join(m.dir, name))
	if err != nil {
		m.Fatal(err)
	}
	defer f.Close()
	if err := content(f); err != nil {
		m.Fatal(err)
	}
}

const migrationBook = `
name: migrate
app: app-a
input: users.csv
rate: 0
batch: %d
attempts: 40
timeout: 2s
max_failures: 100%%
steps:
  - name: find
    op: list
    where: client.integrationId == "old"
  - name: link
    op: ensure
    set:
      matchCriteria.type: whatsapp
      integrationId: new
      phoneNumber: ${client.externalId}
      confirmation.type: immediate
      conversationId: ${row.columns["chat"]}
    canary: {rows: 50, wait: 1s}
    max_failures: 90%%
  - name: wait
    op: verify
    within: 10m
  - name: unlink
    op: remove
caps:
  max_removes: 100000
`
