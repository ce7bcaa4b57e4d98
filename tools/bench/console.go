package main

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sunbulk/sunbulk/tools/bench/rig"
)

const (
	consoleRate    = 1000 // calls a second of the job that is looked at
	consoleViewers = 200  // who follow it
	consoleAsks    = 21   // of each page
)

// console measures how soon pages answer while a large job runs and many follow it, and the memory of the server.
func (b *bench) console() error {
	return b.in(func(w *world) error {
		name, err := w.input(csvFormat(), b.large)
		if err != nil {
			return err
		}
		queued, err := finish(w.Command("enqueue", name, "--op", "create", "--rate", fmt.Sprint(consoleRate), "--quiet"))
		if err != nil {
			return err
		}
		if err := w.Start(w.Command("worker", "--log-level", "error")); err != nil {
			return err
		}
		address, err := rig.FreeAddress()
		if err != nil {
			return err
		}
		server := w.Command("console", "--listen", address, "--log-level", "error")
		if err := w.Start(server); err != nil {
			return err
		}
		if err := rig.Reachable(address); err != nil {
			return err
		}
		if _, err := w.called(b.large / 20); err != nil { // so that there are outcomes to page through
			return err
		}
		v := viewers{url: "http://" + address, job: queued.out}
		if err := v.follow(consoleViewers); err != nil {
			return err
		}
		before, err := ask(w.API)
		if err != nil {
			return err
		}
		began := time.Now()
		if err := b.pages(v); err != nil {
			return err
		}
		after, err := ask(w.API)
		if err != nil {
			return err
		}
		b.table.figure("console: calls a second meanwhile", "").add(float64(after.Calls-before.Calls) / time.Since(began).Seconds())
		told := b.table.figure("console: viewers that heard of progress", "").add(float64(v.told.Load()))
		told.goal = goal{fmt.Sprint(consoleViewers), func(f *figure) bool { return f.median() == consoleViewers }}
		if err := server.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		if err := server.Wait(); err != nil {
			return fmt.Errorf("console: %w", err)
		}
		peak := b.table.figure(fmt.Sprintf("console: peak memory with %d viewers", consoleViewers), "MB").add(used(server, 0).peak)
		peak.goal = atMost(100, "MB")
		return nil
	})
}

// pages asks for every page several times.
func (b *bench) pages(v viewers) error {
	job := "/jobs/" + v.job
	for _, p := range []struct{ name, path string }{
		{"jobs", "/jobs"}, {"a job", job}, {"its rows", job + "/rows"}, {"its rows that failed, of which there are none", job + "/rows?outcome=failed"},
		{"a row with an outcome", job + "/rows/1"}, {"a row that waits", job + "/rows/" + fmt.Sprint(b.large*3/4)}, {"the question before a cancel", job + "/cancel"},
		{"new job", "/new"}, {"plans", "/plans"}, {"runs", "/runs"}, {"schedules", "/schedules"}, {"audit", "/audit"}, {"workers", "/workers"}, {"saved mappings", "/mappings"}, {"`/v1/jobs/JOB`", "/v1" + job}, {"`/v1/jobs/JOB/rows?limit=500`", "/v1" + job + "/rows?limit=500"},
	} {
		f := b.table.figure("console: "+p.name, "ms")
		f.goal = atMost(200, "ms")
		for range consoleAsks {
			took, err := v.get(p.path)
			if err != nil {
				return err
			}
			f.add(took.Seconds() * 1000)
		}
	}
	return nil
}

// viewers are those who look at a console.
type viewers struct {
	url, job string
	told     *atomic.Int64 // how many have heard of progress
}

func (v viewers) get(path string) (time.Duration, error) {
	start := time.Now()
	resp, err := http.Get(v.url + path)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return time.Since(start), nil
}

// follow lets so many follow the job until the console ends.
func (v *viewers) follow(n int) error {
	v.told = &atomic.Int64{}
	for range n {
		resp, err := http.Get(v.url + "/v1/jobs/" + v.job + "/events")
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("follow: %s", resp.Status)
		}
		go func() {
			defer resp.Body.Close()
			buf := make([]byte, 4096)
			for reads := 0; ; reads++ {
				if _, err := resp.Body.Read(buf); err != nil {
					return
				}
				if reads == 1 { // the first is how it stood
					v.told.Add(1)
				}
			}
		}()
	}
	return nil
}
