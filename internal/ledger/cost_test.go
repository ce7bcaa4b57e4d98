package ledger

import (
	"context"
	"regexp"
	"strconv"
	"testing"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

// BenchmarkScripts measures what Redis spends on the two scripts of a batch, by its own account: an opening and a commit that finishes a
// hundred rows.
func BenchmarkScripts(b *testing.B) {
	codec, err := jobs.NewCodec()
	if err != nil {
		b.Fatal(err)
	}
	rdb := redistest.Start(b, "--appendonly", "no").Client(b)
	l, ctx := New(rdb, codec), context.Background()
	if err := l.Create(ctx, jobs.Job{ID: job, Options: jobs.Options{App: "app"}, Created: start}); err != nil {
		b.Fatal(err)
	}
	c := Commit{Sequence: 1, Progress: jobs.NewProgress(100), Tally: jobs.Tally{OK: 100}, Stats: jobs.Stats{Calls: 100, Latency: jobs.Histogram{5: 60, 6: 40}}}
	for i := range c.Progress {
		c.Progress.Finish(i)
		c.Outcomes = append(c.Outcomes, outcome(int64(i), jobs.OK))
	}
	cost := map[string]float64{}
	measure := func(name string, do func()) {
		rdb.ConfigResetStat(ctx)
		do()
		info, err := rdb.Info(ctx, "commandstats").Result()
		m := regexp.MustCompile(`cmdstat_evalsha:calls=\d+,usec=(\d+)`).FindStringSubmatch(info)
		if err != nil || m == nil {
			b.Fatal(err, info)
		}
		usec, _ := strconv.ParseFloat(m[1], 64)
		cost[name] = usec / float64(b.N)
	}
	deliveries := make([]Delivery, b.N)
	measure("open", func() {
		for i := range b.N {
			if deliveries[i], err = l.Open(ctx, job, int64(i), Claim{Worker: "w", Calling: true}, start); err != nil {
				b.Fatal(err)
			}
		}
	})
	measure("commit", func() {
		for _, d := range deliveries {
			if _, err := l.Commit(ctx, d, c, start); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(cost["open"], "µs/open")
	b.ReportMetric(cost["commit"], "µs/commit")
}
