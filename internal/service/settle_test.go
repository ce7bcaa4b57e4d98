package service

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
)

var began = time.UnixMilli(1_795_000_000_000).UTC()

// linked makes a job whose rows 1 to 5 left pending clients c1 to c5 of users u1 to u5, and whose rows 6 and 7, of u6, and 8, of u8, are in doubt.
func linked(t *testing.T, s *Service, id string) {
	t.Helper()
	ctx := t.Context()
	if err := s.ledger.Create(ctx, jobs.Job{ID: id, Options: jobs.Options{App: "app", BatchSize: 8}, Created: began}); err != nil {
		t.Fatal(err)
	}
	if err := s.ledger.Note(ctx, id, ledger.Note{Read: 8, Batches: 1, Through: 8}); err != nil {
		t.Fatal(err)
	}
	c := ledger.Commit{Sequence: 1, Progress: jobs.NewProgress(8), Tally: jobs.Tally{OK: 5, InDoubt: 3}}
	c.Stats.Causes = map[string]jobs.Cause{"no_answer": {Count: 3, Row: 6}}
	for row := range int64(8) {
		c.Progress.Finish(int(row))
		o := jobs.Outcome{Row: jobs.Row{Number: row + 1, Op: jobs.Create, User: fmt.Sprintf("u%d", row+1)}, Kind: jobs.OK, ClientID: fmt.Sprintf("c%d", row+1),
			ClientStatus: "pending", FinishedAt: began}
		if row >= 5 {
			o.Kind, o.ClientID, o.ClientStatus, o.ErrorCode = jobs.InDoubt, "", "", "no_answer"
			o.Row.Type, o.Row.IntegrationID, o.Row.ConversationID = "whatsapp", "int", "conv"
		}
		if row == 6 {
			o.Row.User = "u6"
		}
		c.Outcomes = append(c.Outcomes, o)
	}
	d, err := s.ledger.Open(ctx, id, 0, ledger.Claim{Worker: "w", Calling: true}, began)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.ledger.Commit(ctx, d, c, began); err != nil || !r.Accepted {
		t.Fatal(r, err)
	}
}

// payload is one event of a client, ms after the job began.
func payload(ms int, kind, reason, client, user string) []byte {
	return fmt.Appendf(nil, `{"app":{"id":"app"},"events":[{"id":"e","type":%q,"createdAt":%q,"payload":{"client":{"id":%q,"type":"whatsapp","integrationId":"int"},
		"user":{"id":"internal-%s","externalId":%q},"conversation":{"id":"conv"},"reason":%q}}]}`,
		kind, began.Add(time.Duration(ms)*time.Millisecond).Format(time.RFC3339Nano), client, user, user, reason)
}

// news are events about all rows of linked, and what became of its links by them: c1 active, c2 failed, c3 cancelled, c4 taken after it was active,
// c5 merged; row 8 adopted and active; rows 6 and 7 fit the same event.
func news() (payloads [][]byte, want string) {
	merge := fmt.Appendf(nil, `{"app":{"id":"app"},"events":[{"id":"m","type":"user:merge","createdAt":%q,"payload":{"mergedUsers":{"surviving":{"id":"s"},"discarded":{"id":"u5"}},
		"mergedClients":{"surviving":{"id":"old"},"discarded":{"id":"c5"}}}}]}`, began.Add(time.Second).Format(time.RFC3339Nano))
	return [][]byte{
		payload(1, "client:add", "channelLinking", "c1", "u1"), payload(5, "client:update", "confirmed", "c1", "u1"), payload(3, "client:update", "matched", "c1", "u1"),
		payload(9, "client:remove", "linkFailed", "c2", "u2"), payload(8, "client:remove", "linkCancelled", "c3", "u3"),
		payload(4, "client:update", "confirmed", "c4", "u4"), payload(6, "client:remove", "theft", "c4", "u4"), merge,
		payload(2, "client:add", "channelLinking", "c6", "u6"), payload(7, "client:update", "confirmed", "c6", "u6"),
		payload(2, "client:add", "channelLinking", "c8", "u8"), payload(7, "client:update", "confirmed", "c8", "u8"),
		payload(7, "client:remove", "theft", "outside", "someone"), guest("u1", "guest"), guest("someone", "other"),
	}, "1 ok active;2 ok failed;3 ok cancelled;4 ok taken;5 ok merged;6 in_doubt ;7 in_doubt ;8 ok active;"
}

// guest is the event of a user outside the job who was merged into another.
func guest(into, from string) []byte {
	return fmt.Appendf(nil, `{"app":{"id":"app"},"events":[{"id":%q,"type":"user:merge","createdAt":%q,"payload":{"mergedUsers":{"surviving":{"id":%q},"discarded":{"id":%q}}}}]}`,
		from, began.Add(time.Second).Format(time.RFC3339Nano), into, from)
}

// shown is what a report says of the rows of a job.
func shown(t *testing.T, s *Service, id string) string {
	t.Helper()
	job, err := s.Job(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for c, err := range s.Source(job, nil).Chunks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range c.Outcomes {
			fmt.Fprintf(&out, "%d %s %s;", o.Row.Number, o.Kind, o.Link.State)
		}
	}
	return out.String()
}

func lines(payloads [][]byte) *bytes.Reader {
	return bytes.NewReader(bytes.ReplaceAll(bytes.ReplaceAll(bytes.Join(payloads, []byte("\x00")), []byte("\n"), nil), []byte("\x00"), []byte("\n")))
}

// Events that come twice, out of order and in several files end in the same links and counts (I1).
func TestSettleDoesNotDependOnTheOrderOfEventsI1(t *testing.T) {
	s, err := New(redistest.Start(t).Client(t))
	if err != nil {
		t.Fatal(err)
	}
	payloads, want := news()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		id := fmt.Sprintf("20261122-153012-k%03d", i)
		linked(t, s, id)
		all := append([][]byte{}, payloads...)
		if i > 0 {
			all = append(all, payloads...)
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		if _, err := s.Settle(t.Context(), id, webhook.Lines(lines(all))); err != nil {
			t.Fatal(err)
		}
		done, err := s.Settle(t.Context(), id, webhook.Lines(lines(all)))
		if err != nil || done.Changed != 0 || done.Adopted != 0 {
			t.Errorf("%d: settled again, got %+v, %v", i, done, err)
		}
		if got := shown(t, s, id); got != want {
			t.Errorf("%d:\n%s\ngot  %s\nwant %s", i, all, got, want)
		}
		job, err := s.Job(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		tally := jobs.Tally{Read: 8, OK: 6, InDoubt: 2}
		links := jobs.Links{Active: 2, Failed: 1, Cancelled: 1, Taken: 1, Merged: 1}
		if job.Tally != tally || job.Links != links || done.Links != links || job.Taken != 1 || job.Merged != 1 || job.Stats.Causes["no_answer"].Count != 2 {
			t.Errorf("%d: got %+v, %+v, %d taken, %v", i, job.Tally, job.Links, job.Taken, job.Stats.Causes)
		}
	}
}

func TestSettleSaysWhatItDid(t *testing.T) {
	s, err := New(redistest.Start(t).Client(t))
	if err != nil {
		t.Fatal(err)
	}
	const id = "20261122-153012-k3f9"
	linked(t, s, id)
	payloads, _ := news()
	v1 := []byte(`{"trigger":"link:success","appUser":{"_id":"u2"},"channel":"whatsapp"}`)
	renamed := []byte(`{"type":"user:merge","createdAt":"2026-11-22T15:31:00Z","payload":{"mergedUsers":{"discarded":{"id":"u1"},"surviving":{"id":"s"}}}}`)
	foreignApp := []byte(`{"app":{"id":"another"},"events":[{"type":"client:update","createdAt":"2026-11-22T15:31:00Z","payload":{"client":{"id":"c1"},"reason":"blocked"}}]}`)
	got, err := s.Settle(t.Context(), id, webhook.Lines(lines(append(payloads, v1, renamed, foreignApp, []byte("{")))))
	if err != nil {
		t.Fatal(err)
	}
	want := Settled{Job: id, Payloads: 19, Events: 15, Changed: got.Changed, Known: got.Known, Foreign: 5, Adopted: 1, Renamed: 1, Taken: 1, Merged: 1,
		Skipped: map[webhook.Skip]int64{webhook.OtherApp: 1, webhook.NotJSON: 1}, Links: jobs.Links{Active: 2, Failed: 1, Cancelled: 1, Taken: 1, Merged: 1}}
	if diff := cmp.Diff(want, got); diff != "" || got.Changed+got.Known+got.Foreign+got.Renamed-2 != got.Events {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
