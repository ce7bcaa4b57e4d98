package runs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

const app = "5e4af71a81966cfff3ef6550"

// at is when the runs of the tests begin.
var at = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// world is a real Redis with a conductor, whose jobs the test itself works.
type world struct {
	*testing.T
	*Conductor
	server *redistest.Server
	rdb    *redis.Client
	codec  *jobs.Codec
	dir    string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, server: redistest.Start(t), codec: codec, dir: t.TempDir()}
	w.rdb = w.server.Client(t)
	w.Conductor = w.another("first", app)
	return w
}

// another returns the conductor of one more process.
func (w *world) another(name string, apps ...string) *Conductor {
	return New(w.rdb, w.codec, Config{Name: name, Apps: apps})
}

// users makes an input of n users, and of lines that are given.
func (w *world) users(n int, more ...string) *input.Files {
	w.Helper()
	lines := []string{"user,chat"}
	for i := range n {
		lines = append(lines, fmt.Sprintf("user-%04d,chat-%d", i+1, i+1))
	}
	path := filepath.Join(w.dir, "users.csv")
	if err := os.WriteFile(path, []byte(strings.Join(append(lines, more...), "\n")+"\n"), 0o600); err != nil {
		w.Fatal(err)
	}
	files, err := input.Find(w.Context(), []string{path})
	if err != nil {
		w.Fatal(err)
	}
	return files
}

// run parses a runbook and returns a run of it.
func (w *world) run(id, book string) Run {
	w.Helper()
	parsed, err := runbook.Parse("test.yaml", []byte(book))
	if err != nil {
		w.Fatal(err)
	}
	return Run{ID: id, Runbook: parsed, Local: true, Created: at}
}

const (
	runID = "20261122-030000-aaaa"

	cleanup = "name: cleanup\napp: " + app + "\nbatch: 10\nsteps:\n" +
		"  - {name: find, op: list, where: client.integrationId == \"old\"}\n  - {name: unlink, op: remove}\n"
)

// begun starts a run of a runbook with so many users.
func (w *world) begun(book string, users int) Run {
	w.Helper()
	r := w.run(runID, book)
	w.ok(w.Start(w.Context(), r, w.users(users)))
	return w.now(r)
}

func (w *world) now(r Run) Run {
	w.Helper()
	now, err := w.Store.Run(w.Context(), r.ID)
	w.ok(err)
	return now
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// move looks at the run as its conductor does.
func (w *world) move() {
	w.Helper()
	w.ok(w.Move(w.Context(), runID))
}

func (w *world) job(r Run, step int) jobs.Job {
	w.Helper()
	job, err := w.ledger.Job(w.Context(), r.Job(step))
	w.ok(err)
	return job
}

// queuedRows returns the rows of each batch of a step.
func (w *world) queuedRows(r Run, step int) [][]jobs.Row {
	w.Helper()
	job := w.job(r, step)
	batches := make([][]jobs.Row, job.Batches)
	for n := range job.Batches {
		batch, found, err := w.queues.Find(job.ID, n, 0)
		w.ok(err)
		if !found {
			w.Fatalf("batch %d of step %d is not in the queue", n, step)
		}
		batches[n] = batch.Rows
	}
	return batches
}

// work gives every queued row of a step its outcome.
func (w *world) work(r Run, step int, outcome func(row jobs.Row) jobs.Outcome) {
	w.Helper()
	ctx, job := w.Context(), r.Job(step)
	for n, rows := range w.queuedRows(r, step) {
		d, err := w.ledger.Open(ctx, job, int64(n), ledger.Claim{Worker: "w"}, at)
		w.ok(err)
		c := ledger.Commit{Sequence: 1, Progress: jobs.NewProgress(len(rows)), Tally: jobs.Tally{}}
		for i, row := range rows {
			o := outcome(row)
			o.Row = row
			if o.Kind.Done() {
				o.Row = row.Key()
			}
			c.Progress.Finish(i)
			c.Tally.Add(o.Kind, 1)
			c.Outcomes = append(c.Outcomes, o)
		}
		_, err = w.ledger.Commit(ctx, d, c, at)
		w.ok(err)
	}
}

// oneOld is what a list finds of a user with one client of the old integration, and another.
func oneOld(row jobs.Row) jobs.Outcome {
	return jobs.Outcome{Kind: jobs.OK, Clients: []json.RawMessage{client("sdk-"+row.User, ""), client("old-"+row.User, "old")}}
}

func done(jobs.Row) jobs.Outcome { return jobs.Outcome{Kind: jobs.OK} }

func client(id, integration string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"id":%q,"type":"twilio","status":"active","integrationId":%q,"externalId":"+12125550101"}`, id, integration))
}
