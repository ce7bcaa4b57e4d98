package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Console counts what a console answers. It is safe for concurrent use.
type Console struct {
	process
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

// NewConsole returns the metrics of a console of the given version; viewers is how many follow a job now.
func NewConsole(version string, viewers func() int) *Console {
	c := &Console{process: newProcess(version)}
	c.requests = counter("sunbulk_console_requests_total", "Requests that the console answered.", "route", "status")
	c.durations = histogram("sunbulk_console_request_duration_seconds", "Time until an answer of the console was written, without those that follow a job.",
		[]float64{.005, .01, .025, .05, .1, .2, .5, 1, 2.5, 10, 60}, "route")
	c.registry.MustRegister(c.requests, c.durations, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sunbulk_console_viewers", Help: "Those who follow a job now."}, func() float64 { return float64(viewers()) }))
	return c
}

// Served counts a request: route is such as GET /jobs/{job}, or empty where the request came to none.
func (c *Console) Served(route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	c.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	if route != "GET /v1/jobs/{job}/events" {
		c.durations.WithLabelValues(route).Observe(took.Seconds())
	}
}
