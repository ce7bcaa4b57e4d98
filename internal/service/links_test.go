package service_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// Creates whose links settle or fail on an API that sends its events early, twice and out of order, some of them to a receiver that is not
// there, end in the report as the API has them.
func TestLinksEndAsTheAPIHasThem(t *testing.T) {
	t.Run("v2", func(t *testing.T) { linksEnd(t, false) })
	t.Run("v1", func(t *testing.T) { linksEnd(t, true) })
}

func linksEnd(t *testing.T, v1 bool) {
	const rows = 400
	b := newBench(t)
	quiet := slog.New(slog.DiscardHandler)
	target := httptest.NewServer(webhook.NewReceiver([]string{"secret"}, []string{app}, b.KeepEvents, quiet))
	defer target.Close()
	sim := suncotest.New(suncotest.Config{
		Knobs:   suncotest.Knobs{PendingFor: 500 * time.Millisecond, FailedLinkShare: 0.2},
		Webhook: &suncotest.Webhook{Target: target.URL, Secret: "secret", App: app, V1: v1, Early: 0.02, Twice: 0.05, Late: 0.05},
	})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	api, err := sunco.New(app, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any")})
	if err != nil {
		t.Fatal(err)
	}
	job := b.submit(b.creates(rows))
	ctx, stop := context.WithCancel(t.Context())
	var followers sync.WaitGroup
	for range 2 {
		followers.Go(func() { b.FollowLinks(ctx, app, quiet) })
	}
	w := b.Worker(worker.Config{Name: "test-1-ABCDEF", APIs: map[string]*sunco.API{app: api}, Concurrency: 8, Logger: quiet})
	if err := w.Serve(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if job, err = b.Job(t.Context(), job.ID); err != nil || job.Links.Total() == rows && job.Links.Pending == 0 {
			break
		}
	}
	stop()
	followers.Wait()
	records := b.results(job)
	seen := map[string]int{}
	for _, rec := range records {
		user, client, link := rec[3], rec[4], rec[len(rec)-3]
		want := "failed"
		for _, c := range sim.Clients(user) {
			if c.ID == client {
				want = c.Status
			}
		}
		if seen[link]++; link != want {
			t.Errorf("row %s: link %q, and the API has it %s", rec[0], link, want)
		}
	}
	if seen["active"] == 0 || seen["failed"] == 0 {
		t.Errorf("got %v: the test proves nothing", seen)
	}
	if calls := job.Stats.Calls; calls != rows {
		t.Errorf("%d calls, want one a row: following makes none", calls)
	}
}

// creates is an order of n of them, each of another user.
func (b *bench) creates(n int) service.Order {
	b.Helper()
	lines := []string{"user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId"}
	for i := range n {
		lines = append(lines, fmt.Sprintf("user-%d,whatsapp,5f1a0c52d8b7e4000c3a9e02,+1212555%04d,immediate,conv-%d", i+1, 1001+i, i+1))
	}
	opt := jobs.Defaults()
	opt.App, opt.BatchSize, opt.Rate = app, 20, 0
	return service.Order{Files: b.file("rows.csv", lines...), Read: input.Spec{Op: "create"}, Options: opt}
}

// results writes the report of a job, and returns the lines of its results.csv.
func (b *bench) results(job jobs.Job) [][]string {
	b.Helper()
	r, err := b.Report(b.Context(), job.ID, filepath.Join(b.dir, "report"), false, nil)
	if err != nil || r.Summary.Links != job.Links {
		b.Fatalf("the report counts %+v, the job %+v (%v)", r.Summary.Links, job.Links, err)
	}
	f, err := os.Open(filepath.Join(b.dir, "report", "results.csv"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || int64(len(records)) != job.Tally.Read+1 {
		b.Fatal(len(records), err)
	}
	return records[1:]
}

// Creates whose answers are lost, and whose links have failed, or were cancelled or taken before the look, are made once, and each link ends as the API has it (I2).
func TestI2LinksThatEndBeforeTheLookAreMadeOnce(t *testing.T) {
	const rows = 400
	b := newBench(t)
	quiet := slog.New(slog.DiscardHandler)
	target := httptest.NewServer(webhook.NewReceiver([]string{"secret"}, []string{app}, b.KeepEvents, quiet))
	defer target.Close()
	sim := suncotest.New(suncotest.Config{
		Fates:   true,
		Knobs:   suncotest.Knobs{PendingFor: 20 * time.Millisecond, FailedLinkShare: 0.2, CancelledLinkShare: 0.2, TakenLinkShare: 0.2, MergedLinkShare: 0.2, CutAfter: 0.2, Share503After: 0.2},
		Webhook: &suncotest.Webhook{Target: target.URL, Secret: "secret", App: app, Early: 0.02, Twice: 0.05, Late: 0.1, Swapped: 0.1},
	})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	api, err := sunco.New(app, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any")})
	if err != nil {
		t.Fatal(err)
	}
	order := b.creates(rows)
	order.Options.Timeout, order.Options.Attempts = time.Second, 20
	job := b.submit(order)
	ctx, stop := context.WithCancel(t.Context())
	var follower sync.WaitGroup
	follower.Go(func() { b.FollowLinks(ctx, app, quiet) })
	w := b.Worker(worker.Config{Name: "test-1-ABCDEF", APIs: map[string]*sunco.API{app: api}, Concurrency: 32, Logger: quiet})
	if err := w.Serve(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if job, err = b.Job(t.Context(), job.ID); err != nil || job.Links.Total() == rows && job.Links.Pending == 0 {
			break
		}
	}
	stop()
	follower.Wait()
	ends, made, adopted := map[string]string{}, map[string]int{}, 0
	for _, f := range sim.Fates() {
		made[f.User]++
		ends[f.Client] = map[string]string{"": "active", "linkFailed": "failed", "linkCancelled": "cancelled", "theft": "taken", "merge": "merged"}[f.End]
	}
	for _, rec := range b.results(job) {
		user, client, link := rec[3], rec[4], rec[len(rec)-3]
		if made[user] != 1 || ends[client] != link {
			t.Errorf("row %s: %d clients were made; link %q, and the API has it %q", rec[0], made[user], link, ends[client])
		}
		if strings.Contains(strings.Join(rec, ","), "adopted: an event names it") {
			adopted++
		}
	}
	if adopted == 0 {
		t.Error("no client was known by an event alone: the test proves nothing")
	}
}
