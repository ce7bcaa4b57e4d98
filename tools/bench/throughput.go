package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
)

// throughput measures rows per second from the first call to the last, as the stand-in sees them.
// The programs take turns, so that what the machine does besides meets all of them.
func (b *bench) throughput() error {
	programs := []struct {
		name string
		rows int
		play func(*world, int) error
	}{
		{"`net/http` loop", b.calls, (*world).loop},
		{"`sunbulk run`, embedded", b.calls, (*world).run},
		{"`sunbulk worker`, Redis", b.calls, b.queuedAndWorked},
		{"asynq, a task per row", b.plain, (*world).plain},
		{"GNU parallel and curl", b.curl, (*world).parallel},
	}
	figures := make([]*figure, len(programs))
	for i, p := range programs {
		figures[i] = b.table.figure("calls: "+p.name, "rows/s")
	}
	for _, f := range figures[1:] {
		f.beside(figures[0], goal{})
	}
	for _, f := range figures[1:3] {
		f.goal = ratioAtLeast(0.85)
	}
	for range b.rounds {
		for i, p := range programs {
			if strings.Contains(p.name, "parallel") && !(installed("parallel") && installed("curl")) {
				continue
			}
			if err := b.in(func(w *world) error {
				if err := p.play(w, p.rows); err != nil {
					return err
				}
				s, err := w.called(p.rows)
				figures[i].add(s.rate())
				return err
			}); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}

func (w *world) loop(rows int) error {
	_, err := finish(w.role("loop", w.API, fmt.Sprint(rows)))
	return err
}

func (w *world) run(rows int) error {
	_, err := w.runEmbedded(rows)
	return err
}

// runEmbedded runs a file without the Redis of this world, and writes its report.
func (w *world) runEmbedded(rows int) (usage, error) {
	name, err := w.input(csvFormat(), rows)
	if err != nil {
		return usage{}, err
	}
	return finish(w.Command("run", name, "--op", "create", "--rate", "0", "--redis=", "--quiet", "--out", "report"))
}

// queuedAndWorked also measures what Redis holds of the rows, and the CPU of the processes.
func (b *bench) queuedAndWorked(w *world, rows int) error {
	queued, err := w.enqueue(csvFormat(), rows)
	if err != nil {
		return err
	}
	worked, err := w.work(queued.out)
	if err != nil {
		return err
	}
	bytes, err := w.bytesPerRow(rows)
	if err != nil {
		return err
	}
	b.redisFigures().finished.add(bytes)
	b.table.figure("CPU per row: `worker`", "µs").add(float64(worked.cpu.Microseconds()) / float64(rows))
	return nil
}

func (w *world) plain(rows int) error {
	if _, err := finish(w.role("plain-enqueue", w.Redis, fmt.Sprint(rows))); err != nil {
		return err
	}
	if err := w.plainWorker(); err != nil {
		return err
	}
	_, err := w.called(rows)
	return err
}

func (w *world) plainWorker() error { return w.Start(w.role("plain-work", w.Redis, w.API)) }

// parallel makes the creates as people do from a shell: a curl per row, as many at once.
func (w *world) parallel(rows int) error {
	cmd := exec.Command("parallel", "--will-cite", "-j", fmt.Sprint(concurrency), "--colsep", "\t",
		"curl -sS -o /dev/null -H 'Authorization: Bearer any' -H 'Content-Type: application/json' -d {2} http://"+w.API+"{1}")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := w.Start(cmd); err != nil {
		return err
	}
	lines := bufio.NewWriter(in)
	for n := range rows {
		r := rowAt(n)
		fmt.Fprintf(lines, "%s\t%s\n", r.path(), r.body())
	}
	if err := lines.Flush(); err != nil {
		return err
	}
	if err := in.Close(); err != nil {
		return err
	}
	_, err = w.called(rows)
	return err
}
