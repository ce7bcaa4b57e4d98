package service_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// mended is a finished job of creates, whose Redis loses outcomes.
type mended struct {
	*bench
	sim    *suncotest.Server
	api    *sunco.API
	ledger *ledger.Ledger
	worker *worker.Worker
	order  service.Order
	job    string
}

func newMended(t *testing.T, rows, canary int) *mended {
	b := &mended{bench: newBench(t), sim: suncotest.New(suncotest.Config{})}
	server := httptest.NewServer(b.sim)
	t.Cleanup(func() { server.Close(); b.sim.Close() })
	api, err := sunco.New(app, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any")})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	b.api, b.ledger = api, ledger.New(b.Redis(), codec)
	b.worker = b.Worker(worker.Config{Name: "test-1-ABCDEF", APIs: map[string]*sunco.API{app: api}, Concurrency: 4, Logger: slog.New(slog.DiscardHandler)})
	lines := []string{"user,matchCriteria.type,integrationId,phoneNumber,conversationId,confirmation.type"}
	for i := range rows {
		kind := "immediate"
		if i%5 == 4 {
			kind = "prompt" // which messages a person
		}
		lines = append(lines, fmt.Sprintf("user-%d,whatsapp,whatsapp-1,+1212555%04d,chat,%s", i+1, i+1, kind))
	}
	opt := jobs.Defaults()
	opt.App, opt.BatchSize, opt.Rate, opt.Canary.Rows, opt.Timeout = app, 10, 0, canary, time.Second
	b.order = b.lists("unused.csv", 1)
	b.order.Files, b.order.Read.Op, b.order.Options = b.file("rows.csv", lines...), "create", opt
	b.job = b.submit(b.order).ID
	if job := b.finish(); job.Tally.OK != int64(rows) {
		t.Fatalf("got %+v, want %d ok", job.Tally, rows)
	}
	return b
}

// finish works the job to its end.
func (b *mended) finish() jobs.Job {
	b.Helper()
	if err := b.worker.Serve(b.Context(), b.job); err != nil {
		b.Fatal(err)
	}
	job, err := b.Job(b.Context(), b.job)
	if err != nil || job.State != jobs.Finished {
		b.Fatalf("got the job %s, %v; want it finished", job.State, err)
	}
	return job
}

// outcomes are those in the ledger, by row.
func (b *mended) outcomes() map[int64]jobs.Outcome {
	b.Helper()
	all := map[int64]jobs.Outcome{}
	for chunk, err := range b.ledger.Chunks(b.Context(), b.job) {
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range chunk.Outcomes {
			if _, twice := all[o.Row.Number]; twice {
				b.Errorf("I3: row %d has two outcomes", o.Row.Number)
			}
			all[o.Row.Number] = o
		}
	}
	return all
}

// lose drops entries of the outcomes, as a lossy failover did before commits were refused that leave a gap, and returns the rows of them.
func (b *mended) lose() (lost map[int64]bool) {
	b.Helper()
	ctx, name := b.Context(), "sunbulk:{"+b.job+"}:outcomes"
	entries, err := b.Redis().XRange(ctx, name, "-", "+").Result()
	if err != nil {
		b.Fatal(err)
	}
	before := b.outcomes()
	for i, e := range entries {
		if i%2 == 1 || i == 0 {
			b.Redis().XDel(ctx, name, e.ID)
		}
	}
	after := b.outcomes()
	lost = map[int64]bool{}
	for row := range before {
		if _, left := after[row]; !left {
			lost[row] = true
		}
	}
	if len(lost) == 0 {
		b.Fatal("nothing is lost")
	}
	b.Redis().HIncrBy(ctx, "sunbulk:{"+b.job+"}", "ok", -int64(len(lost)))
	return lost
}

// I1, I2, I3, I10: what a finished job has lost is queued again and looked for; what is at the API is not sent, and who gets a message is not sent one twice.
func TestI2I10AFinishedJobThatIsWrongIsMended(t *testing.T) {
	t.Parallel()
	for name, canary := range map[string]int{"": 0, "with a canary": 5} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const rows = 65
			b := newMended(t, rows, canary)
			lost := b.lose()
			b.order.Resume = b.job
			var again int64 // creates that had not arrived, of those that send no message
			for row := range lost {
				if user := fmt.Sprintf("user-%d", row); row%5 != 0 && again == 0 {
					b.remove(user)
					again++
				}
			}
			if job := b.submit(b.order); job.ID != b.job || job.State != jobs.Running {
				t.Fatalf("got job %s, %s; want %s running", job.ID, job.State, b.job)
			}
			b.order.Resume = ""
			job, all := b.finish(), b.outcomes()
			if job.Tally.OK != rows || job.Tally.Unprocessed != 0 || len(all) != rows {
				t.Errorf("got %+v and %d outcomes, want %d ok", job.Tally, len(all), rows)
			}
			adopted := 0
			for row, o := range all {
				if o.Detail == "adopted" {
					adopted++
				}
				if o.Detail == "adopted" && !lost[row] {
					t.Errorf("row %d was not lost, and was looked for", row)
				}
			}
			if want := len(lost) - int(again); adopted != want {
				t.Errorf("%d of %d lost rows were adopted, want %d", adopted, len(lost), want)
			}
			if stats := b.sim.Stats(); stats.Created != rows+again || stats.Duplicates != 0 {
				t.Errorf("%d created, %d duplicates; want %d and none", stats.Created, stats.Duplicates, rows+again)
			}
			if what := job.Events[len(job.Events)-1].What; what != jobs.EventMend {
				t.Errorf("the last event is %s, want %s", what, jobs.EventMend)
			}
			// Once all is there, nothing is added.
			b.order.Resume = b.job
			if _, err := b.Submit(t.Context(), b.order); kindOf(err) != service.Ended {
				t.Errorf("mended twice: got %v, want %s", err, service.Ended)
			}
		})
	}
}

func (b *mended) remove(user string) {
	b.Helper()
	for _, c := range b.sim.Clients(user) {
		if err := b.api.Remove(b.Context(), user, c.ID, sunco.Query{}); err != nil {
			b.Fatal(err)
		}
	}
}
