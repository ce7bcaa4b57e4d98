package service

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
)

// Events that a webhook brings before their creates are answered, twice and out of order, followed by several receivers that come and go, end where
// settle does.
func TestFollowersEndWhereSettleDoes(t *testing.T) {
	s, err := New(redistest.Start(t).Client(t))
	if err != nil {
		t.Fatal(err)
	}
	const id = "20261122-153012-k3f9"
	payloads, want := news()
	all := append(append([][]byte{}, payloads...), payloads...)
	r := rand.New(rand.NewPCG(3, 4))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	keep := func(some [][]byte) {
		for _, p := range some {
			events, skipped := webhook.Decode(p)
			if len(skipped) > 0 {
				t.Error(skipped)
			}
			if err := s.KeepEvents(t.Context(), "app", distinct(events, p)); err != nil {
				t.Fatal(err)
			}
		}
	}
	keep(all[:len(all)/2])
	ctx, stop := context.WithCancel(t.Context())
	var followers sync.WaitGroup
	for range 3 {
		followers.Go(func() {
			killed, kill := context.WithTimeout(ctx, 700*time.Millisecond)
			s.FollowLinks(killed, "app", slog.New(slog.DiscardHandler))
			kill()
			s.FollowLinks(ctx, "app", slog.New(slog.DiscardHandler))
		})
	}
	linked(t, s, id)
	keep(all[len(all)/2:])
	for deadline := time.Now().Add(time.Minute); shown(t, s, id) != want && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	followers.Wait()
	if got := shown(t, s, id); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	job, err := s.Job(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if links := (jobs.Links{Active: 2, Failed: 1, Cancelled: 1, Taken: 1, Merged: 1}); job.Links != links || job.Tally != (jobs.Tally{Read: 8, OK: 6, InDoubt: 2}) || job.Taken != 1 || job.Merged != 1 {
		t.Errorf("got %+v, %+v, %d taken, %d merged", job.Links, job.Tally, job.Taken, job.Merged)
	}
	waiting, err := s.ledger.KeptEvents(t.Context(), "app", "", 100)
	if err != nil || len(waiting) != 5 { // both of c6, which no row or two fit, and three about others
		t.Errorf("%d events wait, want 5 (%v)", len(waiting), err)
	}
}

// distinct gives events ids of their own, which the payloads of the tests have not.
func distinct(events []webhook.Event, payload []byte) []webhook.Event {
	for i := range events {
		events[i].ID += string(payload)
	}
	return events
}
