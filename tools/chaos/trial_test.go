package chaos

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// trial is one run of a job on a topology, and what it came to.
type trial struct {
	*chaos
	t        *testing.T
	topology topology
	program  string
	task     *task

	gone     int64         // writes about batches that a master confirmed and its successor lacks, as the servers themselves show
	within   int           // batches opened and finished within the lost time
	failover time.Duration // until another has the slot
	still    time.Duration // the longest time without a call after the fault
	took     time.Duration
	twice    int // rows with two outcomes
	job      jobs.Job
	stats    suncotest.Stats
}

// rateOfTrial is the calls per second of the job.
const rateOfTrial = 250

func newTrial(t *testing.T, program string, p topology) *trial {
	work := &task{name: "job", app: apps()[0], batch: p.batch, rate: rateOfTrial}
	for i := range option[int]("rows") {
		work.rows = append(work.rows, row{[]string{"create", fmt.Sprintf("user-%07d", i), "whatsapp", "whatsapp-1", fmt.Sprintf("+1212%06d5", i),
			"immediate", "", "chat", ""}, []jobs.Kind{jobs.OK}})
	}
	return &trial{t: t, topology: p, program: program, task: work}
}

// on is called with the Redis that the processes are to use.
func (t *trial) on(url string, rdb redis.UniversalClient) {
	r := newRigOn(t.t, suncotest.World{Lenient: true}, t.program, url, rdb)
	r.sim.SetKnobs(suncotest.Knobs{LatencyMin: 20 * time.Millisecond, LatencyMax: 200 * time.Millisecond, CutAfter: 0.01})
	t.chaos = &chaos{rig: r, plan: &plan{tasks: []*task{t.task}}}
}

// run lets three workers do the job while Redis breaks, and checks what came of it.
func (t *trial) run() {
	breaks := t.topology.begin(t)
	var workers []*process
	for range 3 {
		workers = append(workers, t.startTrialWorker())
	}
	t.enqueueAll()
	t.until(0.2)
	at := time.Now()
	breaks()
	t.untilFinished()
	t.took, t.still = time.Since(at), t.witness.longestStill(t.task.app, at)
	for _, w := range workers {
		if code, err := w.end(20 * time.Second); err != nil || code != 0 {
			t.Errorf("a worker ended with code %d, %v:\n%s", code, err, w.tail())
		}
	}
	t.check()
}

func (t *trial) startTrialWorker() *process {
	t.Helper()
	return t.start("worker", "worker", "--redis", t.url, "--base-url", "http://"+t.api, "--credentials", t.secrets, "--concurrency", "16", "--log-format", "json")
}

func (t *trial) enqueueAll() {
	t.Helper()
	if err := t.task.write(filepath.Join(t.dir, t.task.input())); err != nil {
		t.Fatal(err)
	}
	t.task.job = t.command(0, append([]string{"enqueue", t.task.input()}, t.task.flags()...)...).answered()
}

// command runs a command that ends, with the code that it should.
func (t *trial) command(want int, args ...string) *process {
	t.Helper()
	p := t.start(args[0], append(args, "--redis", t.url)...)
	<-p.ended
	if code := p.code(); code != want {
		t.Fatalf("%s ended with code %d, want %d:\n%s", args[0], code, want, p.tail())
	}
	return p
}

// until waits until the API has seen a share of the creates.
func (t *trial) until(share float64) {
	t.Helper()
	t.await("the creates come", func() bool { return t.witness.seen(t.task.app) >= int(share*float64(len(t.task.rows))) })
}

// untilFinished waits for the end of the job, which an operator would see by status.
func (t *trial) untilFinished() {
	t.Helper()
	t.await("the job ends", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		job, err := t.ledger.Job(ctx, t.task.job)
		return err == nil && job.State.Ended()
	})
}

func (t *trial) await(what string, holds func() bool) {
	t.Helper()
	limit := time.Duration(len(t.task.rows)/rateOfTrial)*time.Second + 4*time.Minute // asynq recovers a task after up to two minutes, where its hand-over was lost
	for end := time.Now().Add(limit); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p := t.start("status", "status", t.task.job, "--redis", t.url)
			<-p.ended
			said, _ := os.ReadFile(p.out)
			t.Fatalf("waited for %s until %s:\n%s%s", limit, what, said, p.tail())
		}
	}
}

// check compares ledger, report and API.
func (t *trial) check() {
	t.Helper()
	var err error
	if t.job, err = t.ledger.Job(context.Background(), t.task.job); err != nil {
		t.Fatal(err)
	}
	t.stats = t.sim.Stats()
	rows := int64(len(t.task.rows))
	if t.job.State != jobs.Finished || t.job.Tally.OK != rows || t.stats.Created != rows || t.stats.Duplicates != 0 {
		t.Errorf("got %s, %+v, %d created, %d duplicates; want all %d ok and created once", t.job.State, t.job.Tally, t.stats.Created, t.stats.Duplicates, rows)
	}
	wrong := t.wrong
	t.oneOutcomeEach(t.task)
	t.twice = t.wrong - wrong
	status := t.command(0, "status", t.task.job)
	t.command(0, "report", t.task.job, "--out", t.task.out())
	s := t.summary(filepath.Join(t.dir, t.task.out()))
	t.conserved(t.task, s)
	t.everyRow(t.task, t.results(filepath.Join(t.dir, t.task.out())))
	if !t.topology.lossy && t.gone == 0 {
		return
	}
	said, _ := os.ReadFile(status.out)
	if t.lostWrites() == 0 || !strings.Contains(string(said), "Redis went back: ") || len(s.Rollbacks) == 0 {
		t.Errorf("Redis went back: the ledger, status and report say %v, %q, %v", t.job.Rollbacks, said, s.Rollbacks)
	}
	if t.topology.batch == 5 && t.within == 0 {
		t.Error("no batch was opened and finished within the lost time")
	}
}

func (t *trial) lostWrites() (n int64) {
	for _, r := range t.job.Rollbacks {
		n += r.Writes
	}
	return n
}

// printTrials writes a line for each trial.
func printTrials(w io.Writer, name string, trials []*trial) {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "%s\nok\tunprocessed\tcreated\tduplicates\ttwo outcomes\tlost by Redis\twrites lost\tbatches within\tlooks\tmost calls/s\tfailover s\tstill s\tseconds\n", name)
	for _, t := range trials {
		fmt.Fprintf(tab, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f\t%.1f\t%.0f\n", t.job.Tally.OK, t.job.Tally.Unprocessed, t.stats.Created, t.stats.Duplicates,
			t.twice, t.gone, t.lostWrites(), t.within, t.job.Stats.Looks, t.witness.most(t.task.app), t.failover.Seconds(), t.still.Seconds(), t.took.Seconds())
	}
	tab.Flush()
}
