package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

func TestOneOfSeveralWorkersTells(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	p.pause(jobs.PauseByHand, "vendor maintenance")
	p.resume()
	p.finish(time.Now())
	var workers sync.WaitGroup
	for range 5 {
		workers.Go(func() {
			n := p.notifier(r.hook(t, JSON, ""))
			for range 3 {
				p.look(n)
			}
		})
	}
	workers.Wait()
	got := slices.Sorted(slices.Values(r.ids())) // two workers may tell one each, at the same time
	if diff := cmp.Diff([]string{job + ":finished", job + ":paused:1"}, got); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestNoticeOutlivesTheWorkerThatOwedIt(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	p.finish(time.Now())
	_, _, err := p.ledger.ClaimNotice(t.Context(), job, "finished", true, 300*time.Millisecond)
	p.do(err) // and the one who claimed it dies
	n := p.notifier(r.hook(t, JSON, ""))
	p.look(n)
	if got := r.ids(); got != nil {
		t.Errorf("told while another may: %q", got)
	}
	p.do(n.Deliver(t.Context(), job))
	if diff := cmp.Diff([]string{job + ":finished"}, r.ids()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestEachPauseIsToldButThoseByTheWindow(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusNoContent)
	n := p.notifier(r.hook(t, JSON, ""))
	p.pause(jobs.PauseRefused, "outside the window 01:00-02:00 (UTC)")
	p.look(n)
	p.resume()
	p.pause(jobs.PauseWindow, "reworded")
	p.look(n)
	p.resume()
	p.pause(jobs.PauseFailures, "12 rows failed")
	p.look(n)
	p.do(p.ledger.Cancel(t.Context(), job, "ann@host", "no longer wanted"))
	p.look(n)
	p.look(n)
	want := []string{job + ":paused:1", job + ":paused:5", job + ":cancelled"}
	if diff := cmp.Diff(want, r.ids()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestWhatIsLongPastIsNotTold(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	p.finish(time.Now().Add(-2 * fresh))
	p.look(p.notifier(r.hook(t, JSON, "")))
	if got := r.ids(); got != nil {
		t.Fatalf("told: %q", got)
	}
	_, _, err := p.ledger.ClaimNotice(t.Context(), job, "finished", true, 0)
	p.do(err) // when it was new, and the receiver was down since
	p.look(p.notifier(r.hook(t, JSON, "")))
	if diff := cmp.Diff([]string{job + ":finished"}, r.ids()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestOtherAppsJobsAreNotTold(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	p.finish(time.Now())
	p.look(New(p.rdb, p.ledger, r.hook(t, JSON, ""), Config{Apps: []string{"another"}}))
	if got := r.ids(); got != nil {
		t.Errorf("told: %q", got)
	}
}

func TestFailedAttemptsAreMadeAgain(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusBadGateway, 0, http.StatusOK)
	p.finish(time.Now())
	p.do(p.notifier(r.hook(t, JSON, "")).Deliver(t.Context(), job))
	id := job + ":finished"
	if diff := cmp.Diff([]string{id, id, id}, r.ids()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestRefusedNoticeIsGivenUp(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusNotFound)
	p.finish(time.Now())
	p.look(p.notifier(r.hook(t, JSON, "")))
	p.look(p.notifier(r.hook(t, JSON, "")))
	if got := len(r.ids()); got != 1 {
		t.Errorf("attempts: got %d, want 1", got)
	}
}

func TestDeliverEndsWithItsContext(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusServiceUnavailable)
	p.finish(time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := p.notifier(r.hook(t, JSON, "")).Deliver(ctx, job); err == nil || !strings.HasSuffix(err.Error(), "not delivered: 1") {
		t.Errorf("got %v, although one is not delivered", err)
	}
}

func TestNoticeIsWholeAndSigned(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	p.pause(jobs.PauseFailures, "12 rows failed, the limit is 10")
	p.look(p.notifier(r.hook(t, JSON, "open sesame")))
	if len(r.posts) != 1 {
		t.Fatalf("posts: got %d, want 1", len(r.posts))
	}
	header, body := r.posts[0].header, r.posts[0].body
	stamp, mac, _ := strings.Cut(strings.TrimPrefix(header.Get("Sunbulk-Signature"), "t="), ",v1=")
	h := hmac.New(sha256.New, []byte("open sesame"))
	h.Write([]byte(stamp + "." + string(body)))
	if want := hex.EncodeToString(h.Sum(nil)); mac != want {
		t.Errorf("signature of %q: got %s, want %s", stamp, mac, want)
	}
	var got map[string]any
	p.do(json.Unmarshal(body, &got))
	for _, name := range []string{"at", "times"} {
		if got[name] == nil {
			t.Errorf("no %s in %s", name, body)
		}
		delete(got, name)
	}
	want := map[string]any{
		"id": job + ":paused:1", "event": "paused", "job": job, "app": app, "state": "paused", "pauseKind": "failures", "reason": "12 rows failed, the limit is 10",
		"hint": "mend the cause, then 'sunbulk resume " + job + "'",
		"rows": map[string]any{"read": 10.0, "ok": 0.0, "noop": 0.0, "failed": 0.0, "rejected": 0.0, "in_doubt": 0.0, "unprocessed": 10.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notice (-want +got):\n%s", diff)
	}
}

func TestSlackGetsPlainText(t *testing.T) {
	n := newNotice(jobs.Job{ID: job, Options: jobs.Options{App: app, Simulated: true}, State: jobs.Paused}, Paused, "paused:1", time.Now(), "<!channel> a & b > c")
	body, err := (&Hook{format: Slack}).body(n)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Text string }
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(body), `"mrkdwn":false}`) {
		t.Errorf("got %s, which Slack may format", body)
	}
	n.Reason = "a\njob b is finished\x1b[2J\u202e"
	if forged := text(n); strings.Count(forged, "\n") != 2 || strings.ContainsAny(forged, "\x1b\u202e") {
		t.Errorf("got %q, want three lines without controls", forged)
	}
	if want := "is paused, simulated: &lt;!channel&gt; a &amp; b &gt; c\n"; !strings.Contains(got.Text, want) {
		t.Errorf("text: got %q, want %q in it", got.Text, want)
	}
}

// I7: the URL of a hook may hold a key.
func TestErrorsDoNotTellTheURL(t *testing.T) {
	for _, address := range []string{"http://127.0.0.1:1/HOOKKEY", "http://HOOKKEY.invalid/", "ftp://HOOKKEY", "http://HOOKKEY\x7f", "https://" + receive(t, 200).Listener.Addr().String() + "/HOOKKEY"} {
		h, err := NewHook(address, Sender{})
		if err == nil {
			err = h.post(t.Context(), Notice{})
		}
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "hookkey") || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

// A rollback of a job's Redis is reported once.
func TestRollbackIsTold(t *testing.T) {
	job := jobs.Job{ID: "20261122-153012-k3f9", State: jobs.Running, Rollbacks: []jobs.Rollback{{At: time.UnixMilli(1_795_000_000_000), Writes: 3, Batches: 2}}}
	got := transitions(job)
	if len(got) != 1 || got[0].Event != RolledBack || !strings.Contains(got[0].Reason, "3 writes that it had confirmed are gone") {
		t.Errorf("got %+v, want one of %s", got, RolledBack)
	}
	if text := hint(job, RolledBack, false); !strings.Contains(text, "sunbulk status "+job.ID) {
		t.Errorf("hint: got %q", text)
	}
}

// A notice counts links, and says that nothing reports those that are pending.
func TestNoticeCountsLinks(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	links := func() (links any, silent any) {
		t.Helper()
		var got map[string]any
		p.do(json.Unmarshal(r.posts[len(r.posts)-1].body, &got))
		return got["links"], got["webhookSilent"]
	}
	n := p.notifier(r.hook(t, JSON, ""))
	key := "sunbulk:{" + job + "}"
	p.do(p.rdb.HSet(t.Context(), key, "made_pending", 3, "made_active", 2, "link:pending", -1, "link:failed", 1).Err())
	p.pause(jobs.PauseByHand, "one")
	p.look(n)
	want := map[string]any{"pending": 2.0, "active": 2.0, "failed": 1.0, "cancelled": 0.0, "taken": 0.0, "merged": 0.0}
	if got, silent := links(); !cmp.Equal(got, any(want)) || silent != true {
		t.Errorf("links %v, silent %v", got, silent)
	}
	_, err := p.ledger.KeepEvents(t.Context(), app, []ledger.NewEvent{{Name: "one"}}, time.Now())
	p.do(err)
	p.resume()
	p.finish(time.Now())
	p.look(n)
	if got, silent := links(); !cmp.Equal(got, any(want)) || silent != nil {
		t.Errorf("links %v, silent %v after an event", got, silent)
	}
}
