package service_test

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// I10: what is called queued is there after a graceful failover, though the old master confirms for a while what is lost. Each takes the seconds that
// Sentinels need.
func TestSentinelI10WhatIsCalledQueuedIsThereAfterAFailover(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	open := func() *bench {
		x, _, err := service.Open(t.Context(), s.URL())
		if err != nil {
			t.Fatal(err)
		}
		return &bench{t, x, t.TempDir()}
	}
	for i, after := range []time.Duration{300 * time.Millisecond, 700 * time.Millisecond} {
		b := open()
		order := b.lists("users.csv", 400+i)
		queued := make(chan jobs.Job)
		go func() {
			defer close(queued)
			time.Sleep(after)
			for t.Context().Err() == nil {
				if job, err := b.Submit(t.Context(), order); err == nil { // else the same command is given again
					queued <- job
					return
				}
			}
		}()
		s.Failover(t)
		job := <-queued
		time.Sleep(5 * time.Second) // by then everybody knows the new master, and Sentinels allow another failover
		other := open()
		status, now, err := other.Status(t.Context(), job.ID)
		if err != nil || !now.Sealed || now.Tally.Read != int64(400+i) || status.Lost != 0 {
			t.Errorf("queued %s after a failover began: got %+v, sealed %v, %d lost, %v; want a job that lost nothing", after, now.Tally, now.Sealed, status.Lost, err)
		}
		b.Close()
		other.Close()
	}
}
