package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/pace/cubic"
)

// limit is one kind of limit of the API, and the rate of a job that does not know it.
type limit struct {
	name    string
	flags   []string // of the simulator
	rate    int      // of the job
	allowed float64  // calls per second
}

var limits = []limit{
	{"1 % get a 429", []string{"--share-429", "0.01", "--retry-after", "none"}, 40, 40},
	{"50 in any second", []string{"--rate-limit", "50", "--limit-kind", "sliding"}, 200, 50},
	{"50 in any second, no Retry-After", []string{"--rate-limit", "50", "--limit-kind", "sliding", "--retry-after", "none"}, 200, 50},
	{"30 in any second", []string{"--rate-limit", "30", "--limit-kind", "sliding"}, 40, 30},
	{"bucket 50/s, burst 100", []string{"--rate-limit", "50", "--rate-burst", "100"}, 200, 50},
	{"40 in each second, no Retry-After", []string{"--rate-limit", "40", "--limit-kind", "fixed", "--retry-after", "none"}, 100, 40},
	{"600 in each 15 s", []string{"--rate-limit", "40", "--limit-kind", "fixed", "--limit-window", "15s"}, 100, 40},
	{"5 in any second, no Retry-After", []string{"--rate-limit", "5", "--limit-kind", "sliding", "--retry-after", "none"}, 20, 5},
}

// everyLimit lets the workers and then a client that follows CUBIC find each kind of limit.
func (b *bench) everyLimit() error {
	fmt.Println("| limit of the API; rate of the job | who | used | 429 | after 10 s |")
	fmt.Println("|---|---|--:|--:|--:|")
	for _, l := range limits {
		if !strings.Contains(l.name, b.only) {
			continue
		}
		for _, who := range []string{fmt.Sprintf("%d workers", b.workers), "CUBIC"} {
			if err := b.find(l, who); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) find(l limit, who string) error {
	w, err := newWorld(b.sunbulk)
	defer w.Close()
	if err == nil {
		err = w.simulator(append([]string{"--latency-min", "80ms", "--latency-max", "80ms"}, l.flags...)...)
	}
	if err != nil {
		return err
	}
	if who == "CUBIC" {
		stop := peer{cubic.New(float64(l.rate))}.run("http://" + w.API)
		defer stop()
	} else if err := w.begin("create", 100_000, b.workers, "--rate", fmt.Sprint(l.rate)); err != nil {
		return err
	}
	if _, err := w.until(func(s stats) bool { return s.total() > 0 }); err != nil {
		return err
	}
	start, zero := time.Now(), stats{}
	_, early, _, err := w.during(10 * time.Second)
	if err != nil {
		return err
	}
	_, end, _, err := w.during(b.length - 10*time.Second)
	if err != nil {
		return err
	}
	took := time.Since(start).Seconds()
	share := func(from, to stats) float64 {
		return 100 * float64(to.Statuses[429]-from.Statuses[429]) / float64(max(1, to.total()-from.total()))
	}
	good := end.total() - end.Statuses[429]
	fmt.Printf("| %s; %d/s | %s | %.1f %% | %.2f %% | %.2f %% |\n", l.name, l.rate, who, 100*float64(good)/(l.allowed*took), share(zero, end), share(early, end))
	return nil
}
