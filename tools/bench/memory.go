package main

import (
	"fmt"
	"time"
)

// memory measures the peak of each process at all sizes, once, and on the way how long the report
// of a large job takes.
func (b *bench) memory() error {
	for _, rows := range b.sizes {
		if err := b.in(func(w *world) error { return b.queuedMemory(w, rows) }); err != nil {
			return err
		}
		if err := b.in(func(w *world) error { return b.embeddedMemory(w, rows) }); err != nil {
			return err
		}
	}
	return nil
}

// peak notes a process' memory. It is compared with that at 1,000,000 rows: by then the table of rows that were seen has its full size.
func (b *bench) peak(process string, rows int, u usage) {
	const compared = 1_000_000
	name := func(n int) string { return fmt.Sprintf("peak memory: `%s`, %s rows", process, group(int64(n))) }
	f := b.table.figure(name(rows), "MB").add(u.peak)
	f.goal = atMost(100, "MB")
	if rows > compared {
		f.beside(b.table.figure(name(compared), "MB"), both(f.goal, ratioAtMost(1.2)))
	}
}

func (b *bench) queuedMemory(w *world, rows int) error {
	u, err := w.enqueue(csvFormat(), rows)
	if err != nil {
		return err
	}
	job := u.out
	b.peak("enqueue", rows, u)
	if u, err = w.work(job); err != nil {
		return err
	}
	b.peak("worker", rows, u)
	reports := 1
	if rows == b.large {
		reports = b.rounds
	}
	for n := range reports {
		if u, err = finish(w.Command("report", job, "--quiet", "--out", fmt.Sprint("report-", n))); err != nil {
			return err
		}
		if rows == b.large {
			f := b.table.figure("time: `report` of "+group(int64(rows))+" rows", "s").add(u.wall.Seconds())
			f.goal = atMost(10, "s")
			b.table.figure("CPU per row: `report`", "µs").add(float64(u.cpu.Microseconds()) / float64(rows))
		}
	}
	b.peak("report", rows, u)
	return nil
}

func (b *bench) embeddedMemory(w *world, rows int) error {
	u, err := w.runEmbedded(rows)
	if err != nil {
		return err
	}
	ended := time.Now()
	b.peak("run", rows, u)
	if rows != b.large {
		return nil
	}
	s, err := ask(w.API)
	f := b.table.figure("time: last call to the end of `run`, its report written, "+group(int64(rows))+" rows", "s")
	f.goal = atMost(10, "s")
	f.add(ended.Sub(s.Last).Seconds())
	b.table.figure("CPU per row: `run`, report and all", "µs").add(float64(u.cpu.Microseconds()) / float64(rows))
	return err
}
