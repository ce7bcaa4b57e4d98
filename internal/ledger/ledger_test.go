package ledger

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

const job = "20261122-153012-k3f9"

var start = time.UnixMilli(1_795_000_000_000)

// each runs test on both Redis that the ledger must work with: a real one and the embedded one.
func each(t *testing.T, test func(t *testing.T, l *Ledger)) {
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("redis", func(t *testing.T) { test(t, New(redistest.Start(t).Client(t), codec)) })
	t.Run("embedded", func(t *testing.T) {
		r, err := localredis.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		test(t, New(r.Client(), codec))
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func created(t *testing.T, l *Ledger) {
	t.Helper()
	if err := l.Create(t.Context(), jobs.Job{ID: job, Options: jobs.Options{App: "app", Attempts: 5}, Created: start}); err != nil {
		t.Fatal(err)
	}
}

func outcome(n int64, kind jobs.Kind) jobs.Outcome {
	return jobs.Outcome{Row: jobs.Row{Number: n, Op: jobs.Remove, User: "u", ClientID: "c"}, Kind: kind, FinishedAt: start.UTC()}
}

func TestCreateRefusesATakenID(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		if err := l.Create(t.Context(), jobs.Job{ID: job, Created: start}); !errors.Is(err, ErrExists) {
			t.Errorf("second create: got %v, want ErrExists", err)
		}
		if _, err := l.Job(t.Context(), "20261122-153012-zzzz"); !errors.Is(err, ErrNoJob) {
			t.Errorf("unknown job: got %v, want ErrNoJob", err)
		}
		got := must[[]string](t)(l.IDs(t.Context()))
		if want := []string{job}; !slices.Equal(got, want) {
			t.Errorf("ids: got %v, want %v", got, want)
		}
	})
}

func TestI3OnlyTheNewestFenceCommits(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		stale := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w1", Calling: true}, start))
		newest := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w2", Calling: true}, start.Add(time.Minute)))
		if !newest.Dirty || newest.Fence <= stale.Fence || !newest.Since.Equal(start) {
			t.Errorf("second delivery: got %+v, want dirty, a higher fence and the first opening's time", newest)
		}
		progress := jobs.NewProgress(2)
		progress.Finish(0)
		c := Commit{Sequence: 1, Progress: progress, Outcomes: []jobs.Outcome{outcome(1, jobs.OK)}, Tally: jobs.Tally{OK: 1}}
		if got := must[Receipt](t)(l.Commit(ctx, stale, c, start)); got.Accepted {
			t.Error("a stale delivery's commit was accepted")
		}
		if got := must[Receipt](t)(l.Commit(ctx, newest, c, start)); !got.Accepted || got.Tally.OK != 1 {
			t.Errorf("commit: got %+v, want accepted with one ok", got)
		}
		got := must[jobs.Job](t)(l.Job(ctx, job))
		if got.Tally.OK != 1 {
			t.Errorf("ok rows: got %d, want 1", got.Tally.OK)
		}
		again := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w3", Calling: true}, start))
		if diff := cmp.Diff(progress, again.Progress); diff != "" || again.Dirty {
			t.Errorf("third delivery: dirty %t, progress (-want +got):\n%s", again.Dirty, diff)
		}
	})
}

// go-redis sends a script again when its answer was lost.
func TestI3ARepeatedCommitCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		d := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w", Calling: true}, start))
		progress := jobs.NewProgress(2)
		progress.Finish(1)
		c := Commit{Sequence: 1, Progress: progress, Dirty: true, Outcomes: []jobs.Outcome{outcome(2, jobs.Failed)}, Tally: jobs.Tally{Failed: 1},
			Stats: jobs.Stats{Calls: 3, Latency: jobs.Histogram{4: 3}, Causes: map[string]jobs.Cause{"bad_request": {Count: 1, Row: 2, Error: "no: really"}}}}
		for range 3 {
			if got := must[Receipt](t)(l.Commit(ctx, d, c, start)); !got.Accepted {
				t.Error("a repeated commit was refused")
			}
		}
		got := must[jobs.Job](t)(l.Job(ctx, job))
		if diff := cmp.Diff(c.Stats, got.Stats); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
		if chunks := collect(t, l); len(chunks) != 1 {
			t.Errorf("chunks: got %d, want 1", len(chunks))
		}
	})
}

func collect(t *testing.T, l *Ledger) []jobs.Chunk {
	t.Helper()
	var chunks []jobs.Chunk
	for c, err := range l.Chunks(t.Context(), job) {
		if err != nil {
			t.Fatal(err)
		}
		chunks = append(chunks, c)
	}
	return chunks
}

func TestJobFinishesOnceWithItsLastBatch(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		rejected := []jobs.Rejection{{Number: 2, Line: 3, Cause: "bad"}}
		for range 2 { // the second is the repetition of an enqueue that was started again
			if err := errors.Join(l.Note(ctx, job, Note{Read: 2, Batches: 1, Rejected: rejected}), l.Note(ctx, job, Note{Read: 3, Batches: 2})); err != nil {
				t.Fatal(err)
			}
		}
		finish := func(batch int64) Receipt {
			d := must[Delivery](t)(l.Open(ctx, job, batch, Claim{Worker: "w", Calling: true}, start))
			p := jobs.NewProgress(1)
			p.Finish(0)
			return must[Receipt](t)(l.Commit(ctx, d, Commit{Sequence: 1, Progress: p, Outcomes: []jobs.Outcome{outcome(batch*2+1, jobs.OK)}, Tally: jobs.Tally{OK: 1}}, start))
		}
		if got, want := finish(0).State, jobs.Enqueuing; got != want {
			t.Errorf("state after the first batch: got %s, want %s", got, want)
		}
		if err := l.Seal(ctx, job, []jobs.Input{{Name: "a.csv", Rows: 3}}, start); err != nil {
			t.Fatal(err)
		}
		if got, want := finish(1).State, jobs.Finished; got != want {
			t.Errorf("state after the last batch: got %s, want %s", got, want)
		}
		if d := must[Delivery](t)(l.Open(ctx, job, 1, Claim{Worker: "w", Calling: true}, start)); d.Verdict != AlreadyDone {
			t.Errorf("opening a finished batch: got %s, want %s", d.Verdict, AlreadyDone)
		}
		want := jobs.Job{
			ID: job, Options: jobs.Options{App: "app", Attempts: 5}, State: jobs.Finished, Sealed: true, Batches: 2,
			Inputs: []jobs.Input{{Name: "a.csv", Rows: 3}}, Tally: jobs.Tally{Read: 3, OK: 2, Rejected: 1},
			Created: start.UTC(), Started: start.UTC(), Finished: start.UTC(),
		}
		got := must[jobs.Job](t)(l.Job(ctx, job))
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("job (-want +got):\n%s", diff)
		}
		wantChunks := []jobs.Chunk{{Batch: -1, Rejections: rejected}, {Outcomes: []jobs.Outcome{outcome(1, jobs.OK)}}, {Batch: 1, Outcomes: []jobs.Outcome{outcome(3, jobs.OK)}}}
		if diff := cmp.Diff(wantChunks, collect(t, l), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("chunks (-want +got):\n%s", diff)
		}
	})
}

func TestSealFinishesAJobWithoutBatches(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		if err := l.Seal(t.Context(), job, nil, start); err != nil {
			t.Fatal(err)
		}
		if got := must[jobs.Job](t)(l.Job(t.Context(), job)).State; got != jobs.Finished {
			t.Errorf("state: got %s, want %s", got, jobs.Finished)
		}
	})
}

func TestMoves(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		state := func() jobs.State { return must[jobs.Job](t)(l.Job(ctx, job)).State }
		step := func(name string, err, want error, then jobs.State) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
			if got := state(); got != then {
				t.Errorf("state after %s: got %s, want %s", name, got, then)
			}
		}
		step("resume", l.Resume(ctx, job, "ann", ""), ErrIllegal, jobs.Enqueuing)
		step("pause", l.Pause(ctx, job, "ann", jobs.PauseByHand, "night"), nil, jobs.Paused)
		if d := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w", Calling: true}, start)); d.Verdict != OnHold {
			t.Errorf("opening in a paused job: got %s, want %s", d.Verdict, OnHold)
		}
		if got := must[jobs.Job](t)(l.Job(ctx, job)).Reason; got != "night" {
			t.Errorf("reason: got %q, want %q", got, "night")
		}
		step("pause again", l.Pause(ctx, job, "ann", jobs.PauseByHand, ""), nil, jobs.Paused)
		step("resume", l.Resume(ctx, job, "ann", ""), nil, jobs.Enqueuing)
		step("cancel", l.Cancel(ctx, job, "ann", ""), nil, jobs.Cancelled)
		step("resume", l.Resume(ctx, job, "ann", ""), ErrIllegal, jobs.Cancelled)
		var done []string
		for _, e := range must[jobs.Job](t)(l.Job(ctx, job)).Events {
			done = append(done, e.Who+" "+e.What+" "+e.Reason)
		}
		if want := []string{"ann pause night", "ann resume ", "ann cancel "}; !slices.Equal(done, want) {
			t.Errorf("events: got %q, want %q", done, want)
		}
		step("unknown", l.Pause(ctx, "20261122-153012-zzzz", "", jobs.PauseByHand, ""), ErrNoJob, jobs.Cancelled)
	})
}

func TestUnfinishedBatches(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := context.Background()
		p := jobs.NewProgress(1)
		p.Finish(0)
		for _, batch := range []int64{0, 3, 9} {
			d := must[Delivery](t)(l.Open(ctx, job, batch, Claim{Worker: "w", Calling: true}, start))
			must[Receipt](t)(l.Commit(ctx, d, Commit{Sequence: 1, Progress: p}, start))
		}
		for range 2 {
			must[Delivery](t)(l.Open(ctx, job, 5, Claim{Worker: "w"}, start))
		}
		seq, err := l.Unfinished(ctx, job, 11)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for batch, fence := range seq {
			if want := int64(0); batch != 5 && fence != want || batch == 5 && fence != 2 {
				t.Errorf("fence of batch %d: got %d", batch, fence)
			}
			got = append(got, batch)
		}
		want := []int64{1, 2, 4, 5, 6, 7, 8, 10}
		if !slices.Equal(got, want) {
			t.Errorf("unfinished: got %v, want %v", got, want)
		}
	})
}
