package worker_test

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// asked is when the API was asked about each row, since the verify began.
type asked struct {
	mu    sync.Mutex
	times map[int][]time.Duration
}

// between is how many rows were asked about in a time, and how many calls that took.
func (a *asked) between(from, to time.Duration) (rows, calls int) {
	for _, times := range a.times {
		n := 0
		for _, at := range times {
			if at >= from && at < to {
				n++
			}
		}
		if calls += n; n > 0 {
			rows++
		}
	}
	return rows, calls
}

// inVerify works a verify of ten rows for a virtual time. Status is what the API shows of a row's client after a time; play begins what happens meanwhile.
func inVerify(t *testing.T, lasts time.Duration, status func(row int, since time.Duration) string, play func(f *followed)) *asked {
	t.Helper()
	_, _ = net.LookupHost("localhost") // the first makes what all share, which must not be the bubble's
	all := &asked{times: map[int][]time.Duration{}}
	synctest.Test(t, func(t *testing.T) {
		redis, err := localredis.Start()
		if err != nil {
			t.Fatal(err)
		}
		defer redis.Close()
		began := time.Now()
		f := &followed{rows: 10}
		api := f.api(t, func(row int) string {
			since := time.Since(began)
			all.mu.Lock()
			defer all.mu.Unlock()
			all.times[row] = append(all.times[row], since)
			return status(row, since)
		})
		f.begin(newBenchFor(t, redis.Client(), sunco.Config{Transport: &clocked{handler: api}}, f.options(10*time.Hour)))
		play(f)
		w := f.worker()
		time.AfterFunc(lasts, w.Drain)
		if err := w.Serve(t.Context(), f.bench.job); err != nil {
			t.Error(err)
		}
	})
	return all
}

func pendingAll(int, time.Duration) string { return "pending" }

// heard keeps an event of the app that is about nobody of the job.
func (f *followed) heard(name string) {
	if _, err := f.ledger.KeepEvents(f.t.Context(), app, []ledger.NewEvent{{Name: name}}, time.Now()); err != nil {
		f.t.Error(err)
	}
}

// While events come, a client that none has announced is asked for after a minute, and one that was announced is not.
func TestVerifyAsksAfterAMinuteForWhatNoEventAnnounced(t *testing.T) {
	all := inVerify(t, 5*time.Minute, pendingAll, func(f *followed) {
		for row := 1; row <= 7; row++ {
			f.event(row, jobs.LinkPending)
		}
		for i := range 11 {
			time.AfterFunc(time.Duration(i)*30*time.Second, func() { f.heard(fmt.Sprint("event ", i)) })
		}
	})
	if _, calls := all.between(0, time.Minute); calls != 0 {
		t.Errorf("%d calls in the first minute: %v", calls, all.times)
	}
	if rows, _ := all.between(time.Minute, 90*time.Second); rows != 3 || len(all.times) != 3 {
		t.Errorf("%d of the 3 rows were asked about after a minute: %v", rows, all.times)
	}
}

// Without any event one client a minute is asked for at most, until the webhook has been silent for 20 minutes: then all are.
func TestVerifyAsksForAllAfterTwentySilentMinutes(t *testing.T) {
	all := inVerify(t, 27*time.Minute, pendingAll, func(f *followed) {
		for row := 1; row <= 10; row++ {
			f.event(row, jobs.LinkPending)
		}
	})
	if _, calls := all.between(0, time.Minute); calls != 0 {
		t.Errorf("%d calls in the first minute", calls)
	}
	for minute := 1; minute < 19; minute++ {
		from := time.Duration(minute) * time.Minute
		if _, calls := all.between(from, from+time.Minute); calls > 1 {
			t.Errorf("%d calls in minute %d", calls, minute)
		}
	}
	if _, calls := all.between(0, 20*time.Minute); calls < 3 || calls > 19 { // a batch whose one client was asked for waits as a whole
		t.Errorf("%d calls before the webhook was silent, want some", calls)
	}
	if rows, _ := all.between(20*time.Minute, 27*time.Minute); rows != 10 {
		t.Errorf("%d rows were asked about when the webhook was silent, want all", rows)
	}
}

// When the one client that is asked for in a quiet minute has changed without an event, all are asked for at once.
func TestVerifyAsksForAllWhenAnEventIsMissed(t *testing.T) {
	all := inVerify(t, 3*time.Minute, func(int, time.Duration) string { return "active" }, func(f *followed) {
		for row := 1; row <= 10; row++ {
			f.event(row, jobs.LinkPending)
		}
	})
	if _, calls := all.between(0, time.Minute); calls != 0 {
		t.Errorf("%d calls in the first minute", calls)
	}
	if rows, calls := all.between(time.Minute, 3*time.Minute); rows != 10 || calls != 10 {
		t.Errorf("%d rows in %d calls after an event was missed, want 10 in 10: %v", rows, calls, all.times)
	}
}
