package service_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	const rows = 400
	b := newBench(t)
	quiet := slog.New(slog.DiscardHandler)
	target := httptest.NewServer(webhook.NewReceiver([]string{"secret"}, []string{app}, b.KeepEvents, quiet))
	defer target.Close()
	sim := suncotest.New(suncotest.Config{
		Knobs:   suncotest.Knobs{PendingFor: 500 * time.Millisecond, FailedLinkShare: 0.2},
		Webhook: &suncotest.Webhook{Target: target.URL, Secret: "secret", App: app, Early: 0.02, Twice: 0.05, Late: 0.05},
	})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	api, err := sunco.New(app, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any")})
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{"user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId"}
	for i := range rows {
		lines = append(lines, fmt.Sprintf("user-%d,whatsapp,5f1a0c52d8b7e4000c3a9e02,+1212555%04d,immediate,conv-%d", i+1, 1001+i, i+1))
	}
	opt := jobs.Defaults()
	opt.App, opt.BatchSize, opt.Rate = app, 20, 0
	job := b.submit(service.Order{Files: b.file("rows.csv", lines...), Read: input.Spec{Op: "create"}, Options: opt})
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
	r, err := b.Report(t.Context(), job.ID, filepath.Join(b.dir, "report"), false, nil)
	if err != nil || r.Summary.Links != job.Links {
		t.Fatalf("the report counts %+v, the job %+v (%v)", r.Summary.Links, job.Links, err)
	}
	f, err := os.Open(filepath.Join(b.dir, "report", "results.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) != rows+1 {
		t.Fatal(len(records), err)
	}
	seen := map[string]int{}
	for _, rec := range records[1:] {
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
