package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

const (
	feedPace   = time.Second      // between two looks at a job
	feedLasts  = 10 * time.Minute // then the browser asks again, with rights that may be others
	feedSilent = 15 * time.Second // between heartbeats where nothing changes
	mostFeeds  = 1000             // that are followed at once
)

// Progress is a job at a moment, as GET /v1/jobs/{job}/events tells it.
type Progress struct {
	Job     string     `json:"job"`
	State   jobs.State `json:"state"`
	Reason  string     `json:"reason,omitempty"`
	Rows    jobs.Tally `json:"rows"`
	Calls   int64      `json:"calls"`
	Workers int        `json:"workers"`
	Slow    []string   `json:"slow,omitempty"`
}

// feeds are the jobs that are being followed: each is read once for all that follow it.
type feeds struct {
	mu  sync.Mutex
	all map[string]*feed
	n   int
}

// feed is one job that is followed.
type feed struct {
	stop    context.CancelFunc
	last    []byte
	ended   bool
	waiting map[chan struct{}]bool
}

// followJob sends a job as it changes, until it has ended.
func followJob(x *exchange) error {
	job, err := x.job()
	if err != nil {
		return err
	}
	f, wake, err := x.follow(job.ID)
	if err != nil {
		return err
	}
	defer x.unfollow(job.ID, f, wake)
	x.w.Header().Set("Content-Type", "text/event-stream")
	x.w.Header().Set("X-Accel-Buffering", "no")
	x.w.WriteHeader(http.StatusOK)
	over := time.NewTimer(feedLasts)
	defer over.Stop()
	var sent []byte
	for alive := false; ; {
		now, ended := x.feeds.now(f)
		text := ""
		if !bytes.Equal(now, sent) {
			text = "event: progress\ndata: " + string(x.maskProgress(now)) + "\n\n"
		} else if alive {
			text = ": still here\n\n"
		}
		if ended {
			text += "event: end\ndata: {}\n\n"
		}
		if text != "" {
			x.patience(2 * feedSilent)
			if _, err := x.w.Write([]byte(text)); err != nil || http.NewResponseController(x.w).Flush() != nil || ended {
				return nil
			}
		}
		sent, alive = now, false
		select {
		case <-wake:
		case <-time.After(feedSilent):
			alive = true
		case <-over.C:
			return nil
		case <-x.r.Context().Done():
			return nil
		case <-x.staying.Done():
			return nil
		}
	}
}

func (x *exchange) maskProgress(data []byte) []byte {
	var p Progress
	if x.actor.May(service.People) || json.Unmarshal(data, &p) != nil {
		return data
	}
	p.Reason = x.Service.Mask(p.Reason)
	if masked, err := json.Marshal(p); err == nil {
		return masked
	}
	return data
}

// follow returns the feed of a job, which the first one begins, and what wakes its caller when the job has changed.
func (s *Server) follow(id string) (*feed, chan struct{}, error) {
	first, err := s.progress(s.ctx, id)
	if err != nil {
		return nil, nil, err
	}
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	if s.feeds.n >= mostFeeds {
		return nil, nil, &refusal{http.StatusServiceUnavailable, "busy", fmt.Sprintf("%d others follow jobs", mostFeeds), "ask for the job itself, now and then"}
	}
	f := s.feeds.all[id]
	if f == nil {
		ctx, stop := context.WithCancel(s.ctx)
		f = &feed{stop: stop, waiting: map[chan struct{}]bool{}}
		f.set(first)
		if s.feeds.all == nil {
			s.feeds.all = map[string]*feed{}
		}
		s.feeds.all[id] = f
		s.working.Go(func() { s.lookAt(ctx, id, f) })
	}
	s.feeds.n++
	wake := make(chan struct{}, 1)
	f.waiting[wake] = true
	return f, wake, nil
}

func (s *Server) unfollow(id string, f *feed, wake chan struct{}) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	s.feeds.n--
	delete(f.waiting, wake)
	if len(f.waiting) == 0 {
		f.stop()
		if s.feeds.all[id] == f {
			delete(s.feeds.all, id)
		}
	}
}

// lookAt looks at a job until nobody follows it or it has ended.
func (s *Server) lookAt(ctx context.Context, id string, f *feed) {
	tick := time.NewTicker(feedPace)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p, err := s.progress(ctx, id)
		if err != nil { // a Redis that is away comes back
			continue
		}
		s.feeds.mu.Lock()
		f.set(p)
		ended := f.ended
		s.feeds.mu.Unlock()
		if ended {
			return
		}
	}
}

func (s *Server) progress(ctx context.Context, id string) (Progress, error) {
	n, err := s.Service.Snapshot(ctx, id)
	return progressOf(n), err
}

func progressOf(n service.Snapshot) Progress {
	return Progress{Job: n.Job.ID, State: n.Job.State, Reason: n.Job.Reason, Rows: n.Job.Tally, Calls: n.Job.Stats.Calls, Workers: n.Workers, Slow: n.Slow}
}

// set keeps what the job is now, and wakes those who wait for another.
func (f *feed) set(p Progress) {
	data, err := json.Marshal(p)
	if err != nil || bytes.Equal(data, f.last) {
		return
	}
	f.last, f.ended = data, p.State.Ended()
	for wake := range f.waiting {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

func (f *feeds) now(one *feed) (data []byte, ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return one.last, one.ended
}
