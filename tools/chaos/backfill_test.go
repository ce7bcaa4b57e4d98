package chaos

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/crmtest"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// backfill is the way of a CRM's export to users, conversations and verified links by the runbook that is ready for it.
type backfill struct {
	*bookRun
	export *crmtest.Export
}

// files are the forms in which the export comes.
var files = map[string]func(*crmtest.Export, io.Writer) error{"crm.csv": (*crmtest.Export).WriteCSV, "crm.xlsx": (*crmtest.Export).WriteWorkbook}

// TestBackfill holds I1, I2, I3 and I9 for a backfill on Redis whose workers are killed, stopped and ended all the time.
func TestBackfill(t *testing.T) {
	for name := range files {
		t.Run(name, func(t *testing.T) { backfillOnRedis(t, name) })
	}
}

func backfillOnRedis(t *testing.T, name string) {
	b, seed, began := newBackfill(t, name, 4)
	for range 3 {
		w := b.addWorker()
		w.redis.slow(requests, 2*time.Millisecond)
	}
	run := b.startRun()
	b.stormRun(run, began.Add(time.Duration(option[int]("minutes"))*time.Minute))
	b.calmRun(run)
	b.writes("runbook", "report", run, "--out", ranInto)
	counts := b.backfilled()
	for _, step := range b.runSummary(ranInto).Steps {
		b.oneOutcomeEach(&task{name: step.Name, job: step.Job})
	}
	b.settled(&verdict{})
	b.tell(seed, counts, time.Since(began))
}

// TestEmbeddedBackfill holds I1, I2 and I9 for a backfill in one process, which is killed again and again.
func TestEmbeddedBackfill(t *testing.T) {
	for name := range files {
		t.Run(name, func(t *testing.T) { backfillEmbedded(t, name) })
	}
}

func backfillEmbedded(t *testing.T, name string) {
	b, seed, began := newBackfill(t, name, 5)
	b.runUntilDone(began.Add(time.Duration(option[int]("minutes")) * time.Minute))
	counts := b.backfilled()
	for _, folder := range []string{".", "1-user", "2-conversation", "3-link", "4-wait-until-active"} {
		b.nothingLeftIn(filepath.Join(b.dir, ranInto, folder))
	}
	b.settled(&verdict{})
	b.tell(seed, counts, time.Since(began))
}

func newBackfill(t *testing.T, name string, stream uint64) (b *backfill, seed uint64, began time.Time) {
	t.Helper()
	seed = seedOf()
	users := option[int]("users")
	t.Logf("seed %d: go -C tools/chaos test -v -run %s$ -seed %d -users %d -kills %d", seed, t.Name(), seed, users, option[int]("kills"))
	random := rand.New(rand.NewPCG(seed, stream))
	export := crmtest.New(users)
	c := &chaos{rig: newRig(t, export.World), random: random}
	b = &backfill{newBookRun(c, "backfill.yaml", "1-user", len(export.Rows)), export}
	b.write(name, func(f *os.File) error { return files[name](export, f) })
	ready, err := os.ReadFile("../../testdata/runbooks/backfill-from-crm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(
		"app: 5e4af71a81966cfff3ef6550", "app: app-a\ninput: "+name, "input: testdata/runbooks/contacts.csv", "",
		"rate: 40", fmt.Sprintf("rate: 0\nbatch: %d\nattempts: 40\ntimeout: 2s", b.batch), "{rows: 50, wait: 1m}", "{rows: 50, wait: 1s}",
	).Replace(string(ready))
	b.write(b.book, func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	})
	return b, seed, time.Now()
}

// backfilled compares the report with the export and with what the API has at last, and counts the ends of rows by step, outcome and code.
func (b *backfill) backfilled() map[string]int {
	b.Helper()
	b.ranToTheEnd(ranInto)
	lines, counts := b.sheet(filepath.Join(b.dir, ranInto, "rows.csv")), map[string]int{}
	if len(lines) != len(b.export.Rows) {
		b.Errorf("I1: rows.csv has %d rows, the export %d", len(lines), len(b.export.Rows))
		return counts
	}
	went := map[string]int{}
	for i, r := range b.export.Rows {
		b.oneBackfilled(i+1, r, lines[i])
		counts[fmt.Sprintf("%s %s %s", lines[i]["step"], lines[i]["outcome"], lines[i]["errorCode"])]++
		if lines[i]["step"] == "link" && lines[i]["outcome"] != string(jobs.Rejected) || lines[i]["op"] == string(jobs.Verify) {
			went[r.User]++
		}
	}
	made := map[string]bool{}
	for _, r := range b.export.Rows {
		switch clients := len(b.sim.Clients(r.User)); {
		case clients > 1 || went[r.User] > 1:
			b.Errorf("I2: %s has %d clients, and %d rows that went on", r.User, clients, went[r.User])
		case went[r.User] == 1 && !b.export.Known[r.User]:
			made[r.User] = true
		}
		if _, blind := b.witness.creates(r.User, crmtest.Integration); blind > 0 {
			b.Errorf("I2: a create for %s was sent %d times without a look before", r.User, blind)
		}
	}
	if s := b.sim.Stats(); s.Duplicates != 0 || s.SecondConversations != 0 || s.Users != int64(len(made)) {
		b.Errorf("I2: the API has made %d users of %d, %d second conversations and %d second clients", s.Users, len(made), s.SecondConversations, s.Duplicates)
	}
	return counts
}

// oneBackfilled compares the end of a row with what is right, and with the user's clients.
func (b *backfill) oneBackfilled(row int, r crmtest.Row, end map[string]string) {
	b.Helper()
	through := end["step"] == "wait-until-active" && end["outcome"] == string(jobs.OK) && end["error"] == ""
	clients := b.sim.Clients(r.User)
	switch {
	case end["row"] != strconv.Itoa(row):
		b.Errorf("I1: row %d of rows.csv is %s", row, end["row"])
	case r.Rival && strings.Contains(end["error"], "an earlier row is for the same user"):
	case r.Why != "" && !strings.Contains(end["error"], r.Why):
		b.Errorf("I1: row %d with %q ended as %v, want %q", row, r.Mobile, end, r.Why)
	case r.Why == "" && !through && end["errorCode"] != "link_failed":
		b.Errorf("I1: row %d with %q ended as %v", row, r.Mobile, end)
	case through && (len(clients) != 1 || clients[0].Status != sunco.StatusActive || clients[0].ID != end["clientId"]):
		b.Errorf("I1: row %d of %s ended as %v, and the user has %+v", row, r.User, end, clients)
	}
}
