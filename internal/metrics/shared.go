package metrics

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
)

// shared reads at each scrape what all workers share through Redis. Every worker tells the same of
// an app, so dashboards take the maximum, not the sum.
type shared struct {
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	queues *queue.Queues
	apps   []string

	mu   sync.Mutex
	roll *ledger.Roll

	up, configured, effective, halted, jobs, unprocessed, queued, links, silent *prometheus.Desc
}

// Share adds what Redis knows of the apps: their jobs, queues and paces.
func (m *Metrics) Share(rdb redis.UniversalClient, l *ledger.Ledger, q *queue.Queues) {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	m.registry.MustRegister(&shared{
		rdb: rdb, ledger: l, queues: q, apps: m.apps, roll: l.Roll(nil),
		up:          desc("sunbulk_redis_up", "1 when what all workers share could be read from Redis; when 0, it is left out."),
		configured:  desc("sunbulk_pace_configured_calls_per_second", "Rate that the running jobs, or the operator, want; left out without a limit.", "app"),
		effective:   desc("sunbulk_pace_effective_calls_per_second", "Rate after what answers 429 have taken off; left out without a limit.", "app"),
		halted:      desc("sunbulk_pace_halted", "1 while no call may be made after an answer 429.", "app"),
		jobs:        desc("sunbulk_jobs", "Jobs that have not ended.", "app", "state"),
		unprocessed: desc("sunbulk_rows_unprocessed", "Rows without an outcome of jobs that have not ended.", "app"),
		queued:      desc("sunbulk_queue_batches", "Batches in asynq's queues of jobs that have not ended, by asynq's states.", "app", "state"),
		links:       desc("sunbulk_links", "Links that creates made, of jobs that have not ended, or ended within a day, by what became of them.", "app", "state"),
		silent:      desc("sunbulk_webhook_silent", "1 while links of these jobs are pending and no event of the app's webhook has come for 20 minutes.", "app"),
	})
}

// Describe gives the descriptions of what Collect gives.
func (s *shared) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.up, s.configured, s.effective, s.halted, s.jobs, s.unprocessed, s.queued, s.links, s.silent} {
		ch <- d
	}
}

// Collect reads Redis. Without an answer it says no more than that.
func (s *shared) Collect(ch chan<- prometheus.Metric) {
	const patience = 5 * time.Second // a scrape usually has ten
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	standings, err := s.read(ctx)
	if err != nil {
		ch <- prometheus.MustNewConstMetric(s.up, prometheus.GaugeValue, 0)
		return
	}
	ch <- prometheus.MustNewConstMetric(s.up, prometheus.GaugeValue, 1)
	for _, standing := range standings {
		s.tell(ch, standing)
	}
}

// standing is what all workers share of one app.
type standing struct {
	app         string
	pace        pace.Standing
	jobs        map[jobs.State]int64
	unprocessed int64
	queued      map[string]int64 // batches by asynq's states
	links       jobs.Links
	silent      bool
}

// linksFor is how long the links of a job that has ended are shown: their ends are known later than it.
const linksFor = 24 * time.Hour

func (s *shared) read(ctx context.Context) ([]standing, error) {
	all := make([]standing, len(s.apps))
	for i, app := range s.apps {
		read, err := pace.Read(ctx, s.rdb, app)
		if err != nil {
			return nil, err
		}
		all[i] = standing{app: app, pace: read,
			jobs:   map[jobs.State]int64{jobs.Enqueuing: 0, jobs.Running: 0, jobs.Paused: 0},
			queued: map[string]int64{"pending": 0, "active": 0, "scheduled": 0, "retry": 0, "archived": 0},
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.roll.Each(ctx, func(ctx context.Context, id string) (done bool, err error) {
		app, state, err := s.ledger.Standing(ctx, id)
		if err != nil {
			return false, err
		}
		i := slices.Index(s.apps, app)
		if i < 0 {
			return true, nil
		}
		return s.add(ctx, &all[i], id, state)
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].links.Pending == 0 {
			continue
		}
		if all[i].silent, err = s.ledger.Silent(ctx, all[i].app); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// add counts a job. It is done with one that nothing of is shown any more.
func (s *shared) add(ctx context.Context, to *standing, id string, state jobs.State) (done bool, err error) {
	job, err := s.ledger.Job(ctx, id)
	switch {
	case err != nil && state.Ended():
		return true, nil // as if it were long ago
	case err != nil:
		return false, err
	case state.Ended() && time.Since(job.Finished) > linksFor:
		return true, nil
	}
	for _, c := range job.Links.Counts() {
		to.links.Add(c.State, c.Count)
	}
	if state.Ended() {
		return false, nil
	}
	sizes, err := s.queues.Sizes(ctx, id)
	if err != nil {
		return false, err
	}
	to.jobs[job.State]++
	to.unprocessed += job.Tally.Unprocessed
	for state, n := range sizes {
		to.queued[state] += n
	}
	return false, nil
}

func (s *shared) tell(ch chan<- prometheus.Metric, of standing) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{of.app}, labels...)...)
	}
	if of.pace.Jobs > 0 && of.pace.Of > 0 {
		gauge(s.configured, of.pace.Of)
	}
	if of.pace.Jobs > 0 && of.pace.Rate > 0 {
		gauge(s.effective, of.pace.Rate)
	}
	gauge(s.halted, one(!of.pace.Halted.IsZero()))
	for state, n := range of.jobs {
		gauge(s.jobs, float64(n), string(state))
	}
	gauge(s.unprocessed, float64(of.unprocessed))
	for state, n := range of.queued {
		gauge(s.queued, float64(n), state)
	}
	for _, c := range of.links.Counts() {
		gauge(s.links, float64(c.Count), string(c.State))
	}
	gauge(s.silent, one(of.silent))
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
