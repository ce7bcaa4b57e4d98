package runs

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// A run goes from step to step, and its last step ends it.
func TestRunMovesToItsEnd(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 25)
	w.move() // nothing: the step is at work
	if got := w.now(r); got.Step != 0 {
		t.Fatalf("got step %d of a job that is at work, want 0", got.Step)
	}
	w.work(r, 0, oneOld)
	w.move()
	w.move()
	if got := w.now(r); got.Step != 1 || got.Rows != 25 {
		t.Fatalf("got step %d with %d rows of input, want 1 with 25", got.Step, got.Rows)
	}
	for i, rows := range w.queuedRows(r, 1) {
		for j, row := range rows {
			n := 10*i + j + 1
			want := jobs.Row{Number: int64(n), Line: int64(n + 1), Op: jobs.Remove, User: fmt.Sprintf("user-%04d", n),
				ClientID: fmt.Sprintf("old-user-%04d", n), Carry: fmt.Sprintf("[%d]", n)}
			if diff := cmp.Diff(want, row); diff != "" {
				t.Errorf("row %d (-want +got):\n%s", n, diff)
			}
		}
	}
	w.work(w.now(r), 1, done)
	w.move()
	if got := w.now(r); got.State != jobs.Finished || got.Step != 2 {
		t.Errorf("got %s at step %d, want finished at 2", got.State, got.Step)
	}
	w.ok(w.Start(t.Context(), r, w.users(25))) // of a command that was killed at its very end, and goes on
	if rows, err := w.LastRows(t.Context(), app, "cleanup"); rows != 25 || err != nil {
		t.Errorf("got %d rows of the last run, %v; want 25", rows, err)
	}
}

// Nothing comes through: the steps behind have no rows, and the run finishes.
func TestRunOfWhichNothingComesThroughFinishes(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 12)
	w.work(r, 0, func(jobs.Row) jobs.Outcome { return jobs.Outcome{Kind: jobs.Failed, ErrorCode: "user_not_found"} })
	for range 3 {
		w.move()
	}
	got := w.now(r)
	if job := w.job(r, 1); got.State != jobs.Finished || job.Tally != (jobs.Tally{}) {
		t.Errorf("got %s, and a last step with %+v; want finished, with no rows", got.State, job.Tally)
	}
}

func TestCapPausesBeforeItIsExceeded(t *testing.T) {
	for name, c := range map[string]struct {
		caps   string
		reason string
	}{
		"removes":          {"max_removes: 24", "cap of step unlink: 25 clients would be removed, and max_removes is 24"},
		"removes, just so": {"max_removes: 25", ""},
		"share":            {"max_share: 90%", "cap of step unlink: 25 clients would be removed for 25 rows of input, and max_share is 90%"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := w.begun(cleanup+"caps: {"+c.caps+"}\n", 25)
			w.work(r, 0, oneOld)
			w.move()
			w.move()
			got := w.now(r)
			_, err := w.ledger.Job(t.Context(), r.Job(1))
			if got.Reason != c.reason || errors.Is(err, ledger.ErrNoJob) != (c.reason != "") {
				t.Fatalf("got %s %q, job: %v; want %q, and a job only without", got.State, got.Reason, err, c.reason)
			}
			if c.reason == "" {
				return
			}
			w.ok(w.Resume(t.Context(), runID, "ann", 0)) // without leave to exceed it
			w.move()
			if got := w.now(r); got.State != jobs.Paused {
				t.Fatalf("got %s after a resume, want paused again", got.State)
			}
			w.ok(w.Resume(t.Context(), runID, "ann", 2))
			w.move()
			if got := w.shape(r, 1); got.Tally.Read != 25 || !got.Sealed {
				t.Errorf("got %+v of the step that may exceed its caps", got)
			}
		})
	}
}

func TestInputKeepsARunFromBeginning(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct {
		caps string
		rows int
		want string
	}{
		{"max_rows: 4", 5, "the input has 5 rows, and max_rows is 4"},
		{"min_rows: 6", 5, "the input has 5 rows, and min_rows is 6"},
		{"max_rows: 9", 0, "the input has no rows"},
	} {
		r := w.run(fmt.Sprintf("20261122-03000%d-caps", i), cleanup+"caps: {"+c.caps+"}\n")
		err := w.Start(t.Context(), r, w.users(c.rows))
		if refusal, refused := errors.AsType[*Refusal](err); !refused || refusal.Reason != c.want {
			t.Errorf("%s: got %v, want %q", c.caps, err, c.want)
		}
		if _, err := w.Store.Run(t.Context(), r.ID); !errors.Is(err, ErrNoRun) {
			t.Errorf("%s: got %v of the run, want ErrNoRun", c.caps, err)
		}
		r.Exceed = 1
		w.ok(w.Start(t.Context(), r, w.users(c.rows)))
	}
}

// What an input that breaks off lacks would be taken for what is not there.
func TestInputThatBreaksOffPausesTheRun(t *testing.T) {
	w := newWorld(t)
	files := w.users(3)
	w.ok(os.WriteFile(filepath.Join(w.dir, "users.csv"), []byte(`[{"user": "ann"}, {"user":`), 0o600))
	r := w.run(runID, cleanup)
	err := w.Start(t.Context(), r, files)
	if refusal, refused := errors.AsType[*Refusal](err); !refused || !strings.Contains(refusal.Reason, "was not read to its end") {
		t.Fatalf("got %v, want a refusal", err)
	}
	w.ok(w.Create(t.Context(), r)) // as if it had been whole when it was counted
	w.ok(w.Start(t.Context(), r, files))
	if got := w.now(Run{ID: runID}); got.State != jobs.Paused || !strings.Contains(got.Reason, "was not read to its end") {
		t.Errorf("got %s %q", got.State, got.Reason)
	}
}

// A pause holds the job of the run, whenever that was made, and a resume lets it go.
func TestPauseAndResumeReachTheJob(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 12)
	w.ok(w.Pause(t.Context(), runID, "ann", jobs.PauseByHand, "lunch"))
	w.move()
	if job := w.job(r, 0); job.State != jobs.Paused {
		t.Fatalf("got a job that is %s of a paused run", job.State)
	}
	w.ok(w.Resume(t.Context(), runID, "ann", 0))
	w.move()
	if job := w.job(r, 0); job.State != jobs.Running {
		t.Errorf("got a job that is %s: %s, want running", job.State, job.Reason)
	}
	w.ok(w.ledger.Pause(t.Context(), r.Job(0), "ann", jobs.PauseByHand, "my own reason"))
	w.move()
	if job := w.job(r, 0); job.State != jobs.Paused {
		t.Errorf("got a job that is %s: an operator's pause of the job was undone", job.State)
	}
}

// A run may be cancelled while a step is being queued: no call of that step is made.
func TestCancelReachesAJobThatIsMadeMeanwhile(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 12)
	w.work(r, 0, oneOld)
	w.move()
	r = w.now(r)
	w.ok(w.Cancel(t.Context(), runID, "ann", "enough"))
	w.ok(w.queue(t.Context(), r, nil)) // by a worker that has read the run before
	if job := w.job(r, 1); job.State != jobs.Cancelled || job.Batches != 0 {
		t.Errorf("got a job that is %s with %d batches, want cancelled with none", job.State, job.Batches)
	}
	if err := w.Start(t.Context(), r, w.users(12)); !errors.Is(err, ErrIllegal) {
		t.Errorf("got %v of a start that goes on, want ErrIllegal", err)
	}
}

// A worker that dies after it has cancelled a run leaves the job to the others.
func TestCancelledRunHasNoJobAtWork(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 12)
	w.ok(w.Cancel(t.Context(), runID, "ann", "enough"))
	w.move()
	if job := w.job(r, 0); job.State != jobs.Cancelled || job.Reason != "enough" {
		t.Errorf("got a job that is %s %q, want cancelled with the run's reason", job.State, job.Reason)
	}
}

func TestJobThatIsCancelledEndsTheRun(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 12)
	w.ok(w.ledger.Cancel(t.Context(), r.Job(0), "ann", "enough"))
	w.move()
	if got := w.now(r); got.State != jobs.Cancelled || got.Reason != "step find was cancelled: enough" {
		t.Errorf("got %s %q", got.State, got.Reason)
	}
}

// A run of an app without credentials is left to the workers that have them.
func TestRunOfAnotherAppIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 12)
	w.work(r, 0, oneOld)
	stranger := w.another("stranger", "another-app")
	w.ok(stranger.roll.Each(t.Context(), stranger.move))
	if got := w.now(r); got.Step != 0 {
		t.Fatalf("got step %d by a worker of another app", got.Step)
	}
	w.ok(w.roll.Each(t.Context(), w.Conductor.move))
	if got := w.now(r); got.Step != 1 {
		t.Errorf("got step %d by a worker of the app, want 1", got.Step)
	}
}

// A run that this version cannot read stops no other, and is reported once.
func TestUnreadableRunStopsNoOther(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 12)
	w.work(r, 0, oneOld)
	newer := w.run("20261122-040000-zzzz", cleanup)
	newer.Created = at.AddDate(0, 0, 1) // comes first
	w.ok(w.Create(t.Context(), newer))
	w.ok(w.rdb.HSet(t.Context(), key(newer.ID), "head", `{"runbook": {"name": "x", "op": "of a newer version"}}`).Err())
	var log bytes.Buffer
	w.Conductor.roll = w.Roll(slog.New(slog.NewTextHandler(&log, nil)))
	for range 3 {
		w.ok(w.roll.Each(t.Context(), w.Conductor.move))
	}
	if got := w.now(r); got.Step != 1 || !w.job(r, 1).Sealed {
		t.Errorf("got step %d of the other run, want 1 and queued", got.Step)
	}
	if got := strings.Count(log.String(), "passing over a run"); got != 1 {
		t.Errorf("the run was reported %d times, want once:\n%s", got, log.String())
	}
}

// I9: a stricter release continues a run whose runbook no file may hold any more; one of a newer version is left alone.
func TestRunsOfOtherReleases(t *testing.T) {
	w := newWorld(t)
	r := w.begun(cleanup, 12)
	head := func(h string) { w.ok(w.rdb.HSet(t.Context(), key(r.ID), "head", h).Err()) }
	lax := `"runbook": {"name": "cleanup", "app": "` + app + `", "batch": 10, "caps": {"max_rows": 3, "min_rows": 9},
		"steps": [{"name": "find", "op": "list", "where": "client.integrationId == \"old\""}, {"name": "unlink", "op": "remove", "set": {"phoneNumber": "+1"}}]}`
	head(`{` + lax + `, "local": true}`)
	w.work(r, 0, oneOld)
	w.move()
	w.move()
	if got := w.now(r); got.Step != 1 || !w.job(r, 1).Sealed {
		t.Errorf("got step %d of a run of a laxer release, want 1 and queued", got.Step)
	}
	head(`{"version": 2, ` + lax + `, "local": true}`)
	_, err := w.Store.Run(t.Context(), r.ID)
	if !errors.As(err, new(*UnreadableError)) || !strings.Contains(err.Error(), "version 2, and this release knows 1") {
		t.Errorf("got %v, want an error that names the version", err)
	}
}

// I12: a head in Redis that claims that workers read its input gets at nothing that their own setting does not hold.
func TestAForgedHeadReadsNothing(t *testing.T) {
	for _, name := range []string{"/etc/passwd", "/proc/self/environ", "http://127.0.0.1:6379/", "s3://secrets/keys.csv", "/etc/*"} {
		w := newWorld(t)
		r := w.run(runID, strings.Replace(cleanup, "batch: 10\n", "batch: 10\ninput: \""+name+"\"\n", 1))
		r.Local = false
		w.ok(w.Create(w.Context(), r))
		w.ok(w.Move(w.Context(), r.ID))
		now := w.now(r)
		if now.State != jobs.Paused || !strings.Contains(now.Reason, name) || strings.Contains(now.Reason, "root:") {
			t.Errorf("%s: got %s: %s", name, now.State, now.Reason)
		}
	}
}
