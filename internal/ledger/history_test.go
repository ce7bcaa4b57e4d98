package ledger

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

// older is a job on a server that can be restarted with older data.
type older struct {
	*Ledger
	server *redistest.Server
	rdb    redis.UniversalClient
}

func newOlder(t *testing.T) *older {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	s := redistest.Start(t)
	rdb := s.Client(t)
	o := &older{New(rdb, codec), s, rdb}
	created(t, o.Ledger)
	if err := o.Note(t.Context(), job, Note{Read: 40, Batches: 20}); err != nil {
		t.Fatal(err)
	}
	return o
}

// goBack restarts the server with older data.
func (o *older) goBack(t *testing.T, c redistest.Copy) {
	t.Helper()
	o.server.Kill()
	o.server.PutBack(t, c)
	o.server.Restart(t)
}

// later lets time pass since the server was seen to have another history: what came before is longer ago.
func (o *older) later(t *testing.T, by time.Duration) {
	t.Helper()
	ctx, ms := t.Context(), by.Milliseconds()
	if err := o.rdb.HIncrBy(ctx, key(job), "turned", -ms).Err(); err != nil {
		t.Fatal(err)
	}
	for worker, entry := range must[map[string]string](t)(o.rdb.HGetAll(ctx, key(job, "alive")).Result()) {
		f := strings.SplitN(entry, ":", 3)
		entry = fmt.Sprintf("%d:%d:%s", number(f[0])-ms, number(f[1])-ms, f[2])
		if err := o.rdb.HSet(ctx, key(job, "alive"), worker, entry).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func (o *older) open(t *testing.T, batch int64, worker string) Delivery {
	t.Helper()
	return must[Delivery](t)(o.Open(t.Context(), job, batch, Claim{Worker: worker, Calling: true}, start))
}

func (o *older) beat(t *testing.T, worker string) Seen {
	t.Helper()
	return must[Seen](t)(o.Beat(t.Context(), job, worker, Pulse{}))
}

func (o *older) finish(t *testing.T, d Delivery) Receipt {
	t.Helper()
	p := jobs.NewProgress(1)
	p.Finish(0)
	return must[Receipt](t)(o.Commit(t.Context(), d, Commit{Sequence: 1, Progress: p, Outcomes: []jobs.Outcome{outcome(1, jobs.OK)}, Tally: jobs.Tally{OK: 1}}, start))
}

// A batch that was opened and finished within the lost time is known to the worker alone, which tells before anybody can open it.
func TestI2I10AFinishedBatchThatIsLost(t *testing.T) {
	t.Parallel()
	o := newOlder(t)
	o.beat(t, "w")
	o.finish(t, o.open(t, 0, "w"))
	before := o.server.Copy(t)
	o.finish(t, o.open(t, 1, "w"))
	confirmed := o.open(t, 2, "w").Confirmed
	o.goBack(t, before)
	if d := o.open(t, 1, "other"); d.Verdict != Unsettled || d.Generation != 1 {
		t.Fatalf("opening right after: got %+v, want unsettled", d)
	}
	seen := o.beat(t, "w")
	if seen.Generation != 1 || seen.Confirmed != 2 || confirmed != 5 {
		t.Fatalf("got %+v and %d confirmed before, want generation 1, 2 writes confirmed, of 5", seen, confirmed)
	}
	if g := must[int64](t)(o.Report(t.Context(), job, "w", 3, []Known{{Batch: 1}, {Batch: 2, Fence: 1}})); g != 1 {
		t.Errorf("reported to generation %d, want 1", g)
	}
	if d := o.open(t, 1, "other"); d.Verdict != Unsettled {
		t.Errorf("opening before others can have reported: got %s, want unsettled", d.Verdict)
	}
	o.later(t, timeToReport)
	if d := o.open(t, 1, "other"); d.Verdict != Opened || !d.Lost || d.Since.After(start) {
		t.Errorf("got %+v, want opened as lost, since the job was made", d)
	}
	o.beat(t, "w")
	if d := o.open(t, 2, "other"); d.Verdict != Busy {
		t.Errorf("a batch that its worker still has: got %s, want busy", d.Verdict)
	}
	if r := o.finish(t, Delivery{Job: job, Batch: 2, Worker: "w", Fence: 1, Since: start}); !r.Lost {
		t.Errorf("commit of it: got %+v, want lost", r)
	}
	for batch, want := range map[int64]struct{ verdict, lost bool }{0: {false, false}, 2: {true, true}, 3: {true, false}, 19: {true, false}} {
		if d := o.open(t, batch, "other"); d.Verdict == Opened != want.verdict || d.Lost != want.lost {
			t.Errorf("batch %d: got %+v, want opened %t, lost %t", batch, d, want.verdict, want.lost)
		}
	}
	got := must[jobs.Job](t)(o.Job(t.Context(), job)).Rollbacks
	if len(got) != 1 || got[0].Writes != 3 || got[0].Batches != 2 || got[0].Silent != 0 || got[0].NoticedBy != "w" {
		t.Errorf("got %+v, want one that w noticed, with 3 writes and 2 batches", got)
	}
}

// Nobody knows what a worker that is gone was confirmed: what it may have called counts as called.
func TestI2I10AWorkerThatCannotReport(t *testing.T) {
	t.Parallel()
	o := newOlder(t)
	o.beat(t, "gone")
	o.beat(t, "w")
	o.finish(t, o.open(t, 0, "gone"))
	held, kept := o.open(t, 1, "gone"), o.open(t, 2, "w")
	o.goBack(t, o.server.Copy(t))
	if d := o.open(t, 3, "w"); d.Verdict != Unsettled {
		t.Fatalf("got %s, want unsettled", d.Verdict)
	}
	must[int64](t)(o.Report(t.Context(), job, "w", 0, nil))
	o.later(t, timeToReport)
	if d := o.open(t, 3, "w"); d.Verdict != Unsettled {
		t.Errorf("the other worker may still report: got %s, want unsettled", d.Verdict)
	}
	o.later(t, Patience)
	o.beat(t, "w")
	if d := o.open(t, 3, "w"); d.Verdict != Opened || !d.Lost {
		t.Errorf("a batch that it can have opened: got %+v, want opened as lost", d)
	}
	if e := must[string](t)(o.rdb.HGet(t.Context(), key(job, "open"), "1").Result()); !strings.HasPrefix(e, "1:2:") {
		t.Errorf("its batch %d: got entry %q, want dirty 2", held.Batch, e)
	}
	if r := o.finish(t, kept); !r.Accepted {
		t.Errorf("the other's batch: got %+v, want accepted", r)
	}
	if d := o.open(t, 19, "w"); d.Verdict != Opened || d.Lost {
		t.Errorf("a batch far behind: got %+v, want opened as new", d)
	}
	if got := must[jobs.Job](t)(o.Job(t.Context(), job)).Rollbacks; len(got) != 1 || got[0].Silent != 1 || got[0].Writes != 0 {
		t.Errorf("got %+v, want one with one silent worker", got)
	}
}

// A restart or a failover that loses nothing changes nothing.
func TestARestartThatLosesNothing(t *testing.T) {
	t.Parallel()
	o := newOlder(t)
	o.beat(t, "w")
	o.open(t, 0, "w")
	o.server.Kill()
	o.server.Restart(t)
	if seen := o.beat(t, "w"); seen.Generation != 1 || seen.Confirmed != 1 {
		t.Fatalf("got %+v, want generation 1 and all writes", seen)
	}
	must[int64](t)(o.Report(t.Context(), job, "w", 0, nil))
	o.later(t, timeToReport)
	if d := o.open(t, 1, "w"); d.Verdict != Opened || d.Lost || d.Dirty {
		t.Errorf("got %+v, want opened as new", d)
	}
	if got := must[jobs.Job](t)(o.Job(t.Context(), job)).Rollbacks; len(got) != 0 {
		t.Errorf("got %+v, want none", got)
	}
}

// Where INFO is not allowed, the workers' counts show what was lost.
func TestI10WithoutINFO(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	ctx := context.Background()
	if err := s.Client(t).Do(ctx, "ACL", "SETUSER", "plain", "on", "nopass", "~*", "&*", "+@all", "-info").Err(); err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, Username: "plain", Password: "any"})
	t.Cleanup(func() { rdb.Close() })
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	o := &older{New(rdb, codec), s, rdb}
	created(t, o.Ledger)
	o.beat(t, "w")
	o.open(t, 0, "w")
	if g := must[int64](t)(o.Report(ctx, job, "w", 1, []Known{{Batch: 4}})); g != 1 {
		t.Errorf("reported to generation %d, want 1", g)
	}
	if seen := o.beat(t, "other"); seen.Generation != 1 {
		t.Errorf("another worker sees %+v, want generation 1", seen)
	}
	if d := o.open(t, 4, "other"); d.Verdict != Unsettled {
		t.Errorf("got %s, want unsettled", d.Verdict)
	}
	o.later(t, timeToReport)
	if d := o.open(t, 4, "other"); d.Verdict != Opened || !d.Lost {
		t.Errorf("got %+v, want opened as lost", d)
	}
}

// A job that is gone is not made by what is reported about it.
func TestReportsMakeNoJob(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		must[Seen](t)(l.Beat(t.Context(), job, "w", Pulse{}))
		must[int64](t)(l.Report(t.Context(), job, "w", 5, []Known{{Batch: 1, Fence: 1}}))
		if _, err := l.Job(t.Context(), job); err == nil {
			t.Error("the job is there")
		}
	})
}
