package worker_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// topology is a job at 250 calls per second, with three workers, on a Redis that is failed over.
type topology struct {
	*bench
	sim     *suncotest.Server
	sent    atomic.Int64 // creates
	workers []*worker.Worker
	done    chan error
	rows    int
}

// topologyRows is how many creates a job has: SUNBULK_TOPOLOGY_ROWS, or few.
func topologyRows(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SUNBULK_TOPOLOGY_ROWS")
	if text == "" {
		return 1000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// startTopology begins a job; each worker has a client of its own.
func startTopology(t *testing.T, s *redistest.Sentinel) *topology {
	t.Helper()
	p := &topology{rows: topologyRows(t), done: make(chan error, 3),
		sim: suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMin: 20 * time.Millisecond, LatencyMax: 200 * time.Millisecond, CutAfter: 0.01}})}
	opt := options()
	opt.Rate, opt.Burst, opt.Attempts = 250, 25, 10
	p.bench = newBenchOn(t, s.Client(t), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/clients") {
			p.sent.Add(1)
		}
		p.sim.ServeHTTP(w, r)
	}), opt)
	p.queue(10, creates(p.rows)...)
	for range cap(p.done) {
		w := worker.New(s.Client(t), p.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: p.api}, Backoff: 50 * time.Millisecond})
		p.workers = append(p.workers, w)
		go func() { p.done <- w.Run(t.Context()) }()
	}
	return p
}

// until waits for a share of the creates to be sent.
func (p *topology) until(share float64) {
	p.t.Helper()
	for p.sent.Load() < int64(share*float64(p.rows)) {
		if p.t.Context().Err() != nil {
			p.t.FailNow()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// end waits for the end of the job, and checks that nothing is lost, sent twice or counted twice.
func (p *topology) end() jobs.Job {
	p.t.Helper()
	for end := time.Now().Add(10 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		job, err := p.ledger.Job(p.t.Context(), p.job)
		if err == nil && job.State.Ended() {
			break
		}
		if time.Now().After(end) {
			p.t.Fatalf("the job does not end: %+v, %v", job.Tally, err)
		}
	}
	for _, w := range p.workers {
		w.Drain()
	}
	for range p.workers {
		if err := <-p.done; err != nil {
			p.t.Error(err)
		}
	}
	job, stats, all := p.state(), p.sim.Stats(), p.outcomes()
	if job.State != jobs.Finished || job.Tally.OK != int64(p.rows) || len(all) != p.rows || stats.Created != int64(p.rows) || stats.Duplicates != 0 {
		p.t.Errorf("got %s, %+v, %d outcomes, %d created, %d duplicates; want %d ok, each created once",
			job.State, job.Tally, len(all), stats.Created, stats.Duplicates, p.rows)
	}
	p.t.Logf("%d looks, %v, %v", job.Stats.Looks, job.Finished.Sub(job.Started).Round(time.Second), job.Rollbacks)
	return job
}

// A replica is promoted while the master is well, which goes on confirming for a while what is lost.
func TestTopologyI2I3I10GracefulFailovers(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	p := startTopology(t, s)
	p.until(0.2)
	s.Failover(t)
	p.until(0.6)
	s.Failover(t)
	p.end()
}

// The replicas get nothing for seconds before the master is killed.
func TestTopologyI2I3I10LostReplication(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	p := startTopology(t, s)
	p.until(0.2)
	s.Cut(t)
	p.until(0.2 + 500/float64(p.rows)) // 2 s
	master := s.Master(t)
	master.Kill()
	job := p.end()
	if len(job.Rollbacks) == 0 || job.Rollbacks[0].Writes == 0 {
		t.Errorf("got rollbacks %+v, want one with writes lost", job.Rollbacks)
	}
}
