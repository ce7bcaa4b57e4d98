// Package metrics tells Prometheus what a worker does, how the jobs, queues and paces of its
// apps stand, and what a console answers. It is the only room that knows Prometheus.
//
// Labels come from small sets: apps, operations, statuses, outcomes, states. There is none for a
// job: jobs come and go, and each would leave its series behind for as long as Prometheus keeps
// anything. `sunbulk status JOB` reports one job.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// Metrics counts what this process does since it began: it is the Observer of its worker. It is
// safe for concurrent use.
type Metrics struct {
	process
	apps []string

	calls     *prometheus.CounterVec
	durations *prometheus.HistogramVec
	waits     *prometheus.HistogramVec
	opened    *prometheus.CounterVec
	finished  *prometheus.CounterVec
	rows      *prometheus.CounterVec
	notices   *prometheus.CounterVec
}

// New returns the metrics of a process of the given version that serves the apps.
func New(version string, apps []string) *Metrics {
	m := &Metrics{
		process: newProcess(version),
		apps:    apps,
		calls:   counter("sunbulk_calls_total", "Requests made to the API.", "app", "operation", "status"),
		durations: histogram("sunbulk_call_duration_seconds", "Time of the calls that were answered.",
			[]float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}, "app", "operation"),
		waits: histogram("sunbulk_call_wait_seconds", "Time that calls waited for the circuit breaker, the pace and a place in flight.",
			[]float64{.01, .1, .5, 1, 5, 10, 30, 60, 300, 1800}, "app"),
		opened:   counter("sunbulk_batches_opened_total", "Deliveries of batches that were worked.", "app"),
		finished: counter("sunbulk_batches_finished_total", "Batches whose rows all have an outcome.", "app"),
		rows:     counter("sunbulk_rows_total", "Rows that got their outcome.", "app", "operation", "outcome"),
		notices:  counter("sunbulk_notices_total", "Attempts to deliver a notice.", "event", "result"),
	}
	m.registry.MustRegister(m.calls, m.durations, m.waits, m.opened, m.finished, m.rows, m.notices)
	for _, app := range apps {
		m.begin(app)
	}
	return m
}

// begin sets the counters of an app to zero: without it, the first of anything would not be seen as
// an increase.
func (m *Metrics) begin(app string) {
	m.opened.WithLabelValues(app)
	m.finished.WithLabelValues(app)
	for _, op := range jobs.Operations() {
		for _, kind := range []jobs.Kind{jobs.OK, jobs.Noop, jobs.Failed, jobs.InDoubt} {
			m.rows.WithLabelValues(app, string(op.Name), string(kind))
		}
	}
}

// Expect sets the counters of an event's notices to zero, for the same reason.
func (m *Metrics) Expect(event string) {
	for _, result := range []string{"delivered", "failed", "given_up"} {
		m.notices.WithLabelValues(event, result)
	}
}

// Called counts a call.
func (m *Metrics) Called(app string, c worker.Call) {
	operation := string(c.Op)
	switch {
	case c.Look:
		operation = "look"
	case c.Lookup:
		operation = "lookup"
	}
	m.calls.WithLabelValues(app, operation, c.Status).Inc()
	m.waits.WithLabelValues(app).Observe(c.Waited.Seconds())
	if c.Answered {
		m.durations.WithLabelValues(app, operation).Observe(c.Took.Seconds())
	}
}

// Opened counts a delivery of a batch.
func (m *Metrics) Opened(app string) { m.opened.WithLabelValues(app).Inc() }

// Committed counts rows that have their outcome.
func (m *Metrics) Committed(app string, outcomes []jobs.Outcome, finished bool) {
	for i := range outcomes {
		m.rows.WithLabelValues(app, string(outcomes[i].Row.Op), string(outcomes[i].Kind)).Inc()
	}
	if finished {
		m.finished.WithLabelValues(app).Inc()
	}
}

// Noticed counts an attempt to deliver a notice: event is such as paused, result such as delivered.
func (m *Metrics) Noticed(event, result string) { m.notices.WithLabelValues(event, result).Inc() }
