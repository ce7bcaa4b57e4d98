package main

import (
	"fmt"
	"strconv"
)

// distant measures queuing and working with a millisecond of round trip to Redis.
func (b *bench) distant() error {
	queued := b.table.figure("1 ms from Redis: `sunbulk enqueue` of CSV", "rows/s")
	queued.beside(b.table.figure("queuing: `sunbulk enqueue` of CSV", "rows/s"), goal{})
	worked := b.table.figure("1 ms from Redis: `sunbulk worker`", "rows/s")
	worked.beside(b.table.figure("calls: `sunbulk worker`, Redis", "rows/s"), goal{})
	plain := b.table.figure("1 ms from Redis: asynq, a task per row", "rows/s")
	plain.beside(worked, goal{})
	for range b.rounds {
		if err := b.in(func(w *world) error {
			if err := w.moveAway(); err != nil {
				return err
			}
			u, err := w.enqueue(csvFormat(), b.queued)
			if err != nil {
				return err
			}
			queued.add(float64(b.queued) / u.wall.Seconds())
			return nil
		}); err != nil {
			return err
		}
		if err := b.in(func(w *world) error {
			u, err := w.enqueue(csvFormat(), b.far)
			if err == nil {
				err = w.moveAway()
			}
			if err != nil {
				return err
			}
			if _, err := w.work(u.out); err != nil {
				return err
			}
			s, err := ask(w.API)
			worked.add(s.rate())
			return err
		}); err != nil {
			return err
		}
		if err := b.in(func(w *world) error { return w.plainFar(plain, b.far/plainFarShare) }); err != nil {
			return err
		}
	}
	return nil
}

// plainFarShare is how many rows sunbulk works for each that the plain asynq program does.
const plainFarShare = 20

func (w *world) plainFar(f *figure, rows int) error {
	if _, err := finish(w.role("plain-enqueue", w.Redis, strconv.Itoa(rows))); err != nil {
		return err
	}
	if err := w.moveAway(); err != nil {
		return err
	}
	if err := w.plainWorker(); err != nil {
		return err
	}
	s, err := w.called(rows)
	f.add(s.rate())
	return err
}

// moveAway puts a round trip between Redis and what is started from now on.
func (w *world) moveAway() error {
	address, err := w.serve("delay", w.Redis)
	if err != nil {
		return fmt.Errorf("delay Redis: %w", err)
	}
	w.Redis = address
	return nil
}
