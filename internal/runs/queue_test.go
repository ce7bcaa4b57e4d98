package runs

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// mortal is a hook by which a process dies after some commands to Redis: the last one may reach it, but its
// answer is lost, and nothing more is sent.
type mortal struct {
	left  atomic.Int64
	reach bool
}

var errDead = errors.New("dead")

func (m *mortal) DialHook(next redis.DialHook) redis.DialHook { return next }

func (m *mortal) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		left := m.left.Add(-1)
		if left > 0 {
			return next(ctx, cmd)
		}
		if left == 0 && m.reach {
			_ = next(ctx, cmd) // nobody hears of it
		}
		cmd.SetErr(errDead)
		return errDead
	}
}

func (m *mortal) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// dying returns a conductor that dies after so many commands.
func (w *world) dying(after int, reach bool) *Conductor {
	m := &mortal{reach: reach}
	m.left.Store(int64(after))
	rdb := w.server.Client(w)
	rdb.AddHook(m)
	return New(rdb, w.codec, Config{Name: "dying", Apps: []string{app}})
}

// shape is what of a queued step must not depend on who queued it.
type shape struct {
	Batches  [][]jobs.Row
	Tally    jobs.Tally
	Filtered int64
	Outcomes []string
	Sealed   bool
	Listed   bool // workers see it
}

func (w *world) shape(r Run, step int) shape {
	w.Helper()
	job := w.job(r, step)
	s := shape{Batches: w.queuedRows(r, step), Tally: job.Tally, Filtered: job.Filtered, Sealed: job.Sealed}
	ids, err := w.ledger.IDs(w.Context())
	w.ok(err)
	s.Listed = slices.Contains(ids, job.ID)
	for chunk, err := range w.ledger.Chunks(w.Context(), job.ID) {
		w.ok(err)
		for _, o := range chunk.Outcomes {
			s.Outcomes = append(s.Outcomes, string(o.Kind)+" "+o.Row.Carry)
		}
		for _, rejected := range chunk.Rejections {
			s.Outcomes = append(s.Outcomes, "rejected "+rejected.Values[0])
		}
	}
	return s
}

// sorting is a runbook whose last step has rows that are rejected, left out, and of a canary.
const sorting = "name: sorting\napp: " + app + "\nbatch: 5\nsteps:\n" +
	"  - {name: find, op: list, where: client.integrationId == \"old\"}\n" +
	"  - name: link\n    op: ensure\n    where: row.user != \"user-0003\"\n    canary: {rows: 7, wait: 0s}\n" +
	"    set: {matchCriteria.type: whatsapp, integrationId: new, phoneNumber: '${client.externalId}', confirmation.type: immediate, conversationId: '${row.columns[\"chat\"]}'}\n"

// withFaults lists one old client of a user, none of others, one without a number, and two of some.
func withFaults(row jobs.Row) jobs.Outcome {
	o := oneOld(row)
	switch {
	case row.Number%10 == 4:
		o.Clients = o.Clients[:1]
	case row.Number%10 == 7:
		o.Clients = append(o.Clients, []byte(`{"id":"x","type":"twilio","status":"active","integrationId":"old"}`))
	case row.Number%10 == 8:
		o = jobs.Outcome{Kind: jobs.Failed, ErrorCode: "user_not_found"}
	}
	return o
}

// The process that queues a step may die between any two commands, and another goes on: the job has each row once,
// in the same batches.
func TestI9StepIsQueuedOnceWhereverItWasCutOff(t *testing.T) {
	const users = 60
	w := newWorld(t)
	r := w.begun(sorting, users)
	w.work(r, 0, withFaults)
	w.move()
	r = w.now(r)
	w.move()
	want := w.shape(r, 1)
	if !want.Sealed || want.Tally.Read != 54 || want.Tally.Rejected != 6 || want.Filtered != 1 {
		t.Fatalf("got %+v of the step in one go", want)
	}
	cuts := 0
	for n := 2; ; n++ {
		w.forget(r, 1)
		err := w.dying(n/2, n%2 == 0).Move(t.Context(), runID)
		w.lapse()
		w.move()
		if diff := cmp.Diff(want, w.shape(r, 1)); diff != "" {
			t.Fatalf("after %d commands (-want +got):\n%s", n/2, diff)
		}
		if err == nil {
			break
		}
		cuts++
	}
	if cuts < 20 {
		t.Errorf("got %d cuts, want one at each of more commands", cuts)
	}
	w.forget(r, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Move(ctx, runID); err == nil {
		t.Error("got no error of a context that has ended")
	}
}

// forget removes the job of a step, and the process that knows its queue.
func (w *world) forget(r Run, step int) {
	w.Helper()
	w.Conductor = w.another("first", app)
	ctx, job := w.Context(), r.Job(step)
	w.ok(w.queues.Drop(ctx, job))
	keys := w.rdb.Keys(ctx, "sunbulk:{"+job+"}*").Val()
	w.ok(w.rdb.Del(ctx, append(keys, "asynq:none")...).Err())
	w.ok(w.rdb.ZRem(ctx, "sunbulk:jobs", job).Err())
}

// The command that begins a run may die, too: the next one waits for what the dead one held, and queues what is missing.
func TestI9StartGoesOnWhereItWasCutOff(t *testing.T) {
	w := newWorld(t)
	r, files := w.run(runID, cleanup), w.users(95, `"",`)
	w.ok(w.Start(t.Context(), r, files))
	want := w.shape(r, 0)
	if want.Tally.Read != 96 || want.Tally.Rejected != 1 || !want.Sealed {
		t.Fatalf("got %+v in one go", want)
	}
	for n := 2; ; n++ {
		w.forget(r, 0)
		w.ok(w.rdb.Del(t.Context(), key(runID), allRuns).Err())
		err := w.dying(n/2, n%2 == 0).Start(t.Context(), r, files)
		if w.rdb.Exists(t.Context(), key(runID)).Val() == 1 {
			w.lapse()
		}
		w.ok(w.Start(t.Context(), r, files))
		if diff := cmp.Diff(want, w.shape(r, 0)); diff != "" {
			t.Fatalf("after %d commands (-want +got):\n%s", n/2, diff)
		}
		if runs, err := w.IDs(t.Context()); len(runs) != 1 || err != nil {
			t.Fatalf("after %d commands: got runs %v and %v, want one", n/2, runs, err)
		}
		if err == nil {
			break
		}
	}
}

// While another process is at it, a start that goes on does not say that all is queued.
func TestStartWaitsForAnotherThatQueues(t *testing.T) {
	w := newWorld(t)
	r, files := w.run(runID, cleanup), w.users(3)
	w.ok(w.Create(t.Context(), r))
	if got, err := w.Lease(t.Context(), runID, "other", leaseTime); !got || err != nil {
		t.Fatalf("got %t, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	rdb := w.server.Client(t)
	rdb.AddHook(&impatient{commands: 20, cancel: cancel})
	waiting := New(rdb, w.codec, Config{Name: "waiting", Apps: []string{app}})
	if err := waiting.Start(ctx, r, files); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v of a start while another process queues, want it to wait", err)
	}
	w.lapse()
	w.ok(w.Start(t.Context(), r, files))
	if got := w.shape(r, 0); got.Tally.Read != 3 || !got.Sealed {
		t.Errorf("got %+v", got)
	}
}

// impatient is a hook that ends a context after some commands.
type impatient struct {
	mortal
	commands int
	cancel   context.CancelFunc
}

func (i *impatient) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if i.commands--; i.commands == 0 {
			i.cancel()
		}
		return next(ctx, cmd)
	}
}
