package service

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
)

// The webhook of an app is silent when no event has come for 20 minutes, or ever, and of interest while links are pending.
func TestWebhookIsSilentAfterTwentyMinutes(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	s, err := New(rdb)
	if err != nil {
		t.Fatal(err)
	}
	job := jobs.Job{Options: jobs.Options{App: "app"}, Links: jobs.Links{Pending: 1, Active: 2}}
	silent := func() bool {
		t.Helper()
		news, err := s.Webhook(t.Context(), job, time.Now())
		if err != nil || news == nil {
			t.Fatal(news, err)
		}
		return news.Silent
	}
	if !silent() {
		t.Error("a webhook that never sent anything is not silent")
	}
	if err := s.KeepEvents(t.Context(), "app", []webhook.Event{{ID: "one"}}); err != nil {
		t.Fatal(err)
	}
	for ago, want := range map[time.Duration]bool{0: false, 19 * time.Minute: false, 21 * time.Minute: true} {
		rdb.PExpire(t.Context(), "sunbulk:events:{app}:heard", 24*time.Hour-ago)
		if got := silent(); got != want {
			t.Errorf("the last event came %s ago: silent is %t", ago, got)
		}
	}
	job.Links.Pending = 0
	if news, err := s.Webhook(t.Context(), job, time.Now()); err != nil || news != nil {
		t.Errorf("got %+v, %v where nothing is pending", news, err)
	}
}
