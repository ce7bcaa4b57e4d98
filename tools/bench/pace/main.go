// Command pace measures the pace that real workers keep together: sunbulk processes on a
// redis-server, against the simulator, whose own counters are the figures. It prints a Markdown table.
//
//	make bench-pace
//	make bench-limits
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	sunbulk := flag.String("sunbulk", "./sunbulk", "the program to measure")
	seconds := flag.Int("seconds", 60, "length of each measurement")
	workers := flag.Int("workers", 8, "worker processes")
	found := flag.Bool("limits", false, "measure how every kind of limit is found, beside a client that follows CUBIC")
	only := flag.String("only", "", "of the limits, those whose name has this in it")
	flag.Parse()
	b := &bench{sunbulk: *sunbulk, length: time.Duration(*seconds) * time.Second, workers: *workers, only: *only}
	measure := b.run
	if *found {
		measure = b.everyLimit
	}
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "pace:", err)
		os.Exit(1)
	}
}

// bench runs the measurements one after the other, each in a world of its own.
type bench struct {
	sunbulk string
	length  time.Duration
	workers int
	only    string
}

const row = "| %s | %s | %s | %s |\n"

func (b *bench) run() error {
	fmt.Printf(row, "measurement", "wanted", "measured", "met")
	fmt.Printf(row, "---", "---", "---", "---")
	for _, measure := range []func(*world) error{b.steady, b.killed, b.limited, b.fair} {
		w, err := newWorld(b.sunbulk)
		if err == nil {
			err = measure(w)
		}
		w.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func report(what, wanted, measured string, met bool) {
	answer := "yes"
	if !met {
		answer = "NO"
	}
	fmt.Printf(row, what, wanted, measured, answer)
}

const (
	rate  = 200 // calls per second
	burst = 20
)

// warm is how long workers are given before anything is counted.
const warm = 5 * time.Second

// steady measures total, peak, and Redis calls.
func (b *bench) steady(w *world) error {
	if err := w.begin("create", 1_000_000, b.workers, "--rate", fmt.Sprint(rate)); err != nil {
		return err
	}
	time.Sleep(warm)
	leases, err := w.countLeases()
	if err != nil {
		return err
	}
	before, after, took, err := w.during(b.length)
	if err != nil {
		return err
	}
	asked := leases()
	made := after.total() - before.total()
	share := float64(made) / (rate * took.Seconds())
	name := fmt.Sprintf("%d workers, %d/s, %s", b.workers, rate, b.length)
	report(name+": total", "99 to 101 % of the rate", fmt.Sprintf("%.2f %%", 100*share), share >= 0.99 && share <= 1.01)
	report(name+": most calls in any second", fmt.Sprintf("%d", rate+burst), fmt.Sprint(after.MaxPerSecond), after.MaxPerSecond <= rate+burst)
	perCall := float64(asked) / float64(made)
	report(name+": pace calls to Redis per API call", "under 0.1", fmt.Sprintf("%.3f", perCall), perCall < 0.1)
	return nil
}

// killed does the same while a worker is killed and another started every four seconds.
func (b *bench) killed(w *world) error {
	if err := w.begin("create", 1_000_000, b.workers, "--rate", fmt.Sprint(rate)); err != nil {
		return err
	}
	time.Sleep(warm)
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- w.churn(4*time.Second, stop) }()
	before, after, took, err := w.during(b.length)
	close(stop)
	if err := <-done; err != nil {
		return err
	}
	if err != nil {
		return err
	}
	share := float64(after.total()-before.total()) / (rate * took.Seconds())
	name := "a worker killed and one started every 4 s"
	report(name+": total", "95 % of the rate or more", fmt.Sprintf("%.2f %%", 100*share), share >= 0.95)
	report(name+": most calls in any second", fmt.Sprintf("%d", rate+burst), fmt.Sprint(after.MaxPerSecond), after.MaxPerSecond <= rate+burst)
	return nil
}

// limited lets the API allow a quarter of the rate.
func (b *bench) limited(w *world) error {
	const limit = 50
	if err := w.simulator("--rate-limit", fmt.Sprint(limit)); err != nil {
		return err
	}
	if err := w.begin("create", 100_000, b.workers, "--rate", fmt.Sprint(rate)); err != nil {
		return err
	}
	time.Sleep(10 * time.Second)
	before, after, took, err := w.during(b.length)
	if err != nil {
		return err
	}
	made, refused := after.total()-before.total(), after.Statuses[429]-before.Statuses[429]
	share, used := float64(refused)/float64(made), float64(made-refused)/(limit*took.Seconds())
	name := fmt.Sprintf("API allows %d/s, job set to %d/s, after 10 s", limit, rate)
	report(name+": calls answered 429", "under 2 %", fmt.Sprintf("%.2f %%", 100*share), share < 0.02)
	report(name+": part of the API's limit used", "90 % or more", fmt.Sprintf("%.1f %%", 100*used), used >= 0.9)
	return nil
}

// fair queues a small job behind a large one.
func (b *bench) fair(w *world) error {
	if err := w.begin("create", 1_000_000, b.workers, "--rate", fmt.Sprint(rate)); err != nil {
		return err
	}
	time.Sleep(warm)
	const rows = 1000
	start := time.Now()
	if err := w.enqueue("list", rows, "--rate", fmt.Sprint(rate)); err != nil {
		return err
	}
	first, err := w.until(func(s stats) bool { return s.Calls["list"] > 0 })
	if err != nil {
		return err
	}
	wait := time.Since(start)
	last, err := w.until(func(s stats) bool { return s.Calls["list"] >= rows*9/10 }) // the last batches thin out
	if err != nil {
		return err
	}
	share := float64(last.Calls["list"]-first.Calls["list"]) / float64(last.total()-first.total())
	name := "1,000 rows behind 1,000,000 of the same app"
	report(name+": first call, from the start of enqueue", "within 3 s", fmt.Sprintf("%.1f s", wait.Seconds()), wait < 3*time.Second)
	report(name+": part of the rate", "half", fmt.Sprintf("%.1f %%", 100*share), share > 0.45 && share < 0.55)
	return nil
}
