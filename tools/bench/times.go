package main

import (
	"time"
)

// startups is how many starts make a figure.
const startups = 20

// times measures how long a person waits: for the program to start, and for the first call of a
// large job that workers are waiting for.
func (b *bench) times() error {
	starting := b.table.figure("time: start of the binary (`sunbulk --version`)", "ms")
	first := b.table.figure("time: start of `enqueue` of "+group(int64(b.large))+" rows to the first call", "s")
	first.goal = atMost(1, "s")
	return b.again(func(w *world) error {
		began := time.Now()
		for range startups {
			if _, err := finish(w.Command("--version")); err != nil {
				return err
			}
		}
		starting.add(time.Since(began).Seconds() * 1000 / startups)

		name, err := w.input(csvFormat(), b.large)
		if err != nil {
			return err
		}
		if err := w.Start(w.Command("worker", "--log-level", "error")); err != nil {
			return err
		}
		time.Sleep(time.Second) // it waits for jobs by then
		start := time.Now()
		if err := w.Start(w.Command("enqueue", name, "--op", "create", "--rate", "0", "--quiet")); err != nil {
			return err
		}
		s, err := w.called(1)
		first.add(s.First.Sub(start).Seconds())
		return err
	})
}

// again measures in as many worlds as there are rounds.
func (b *bench) again(measure func(*world) error) error {
	for range b.rounds {
		if err := b.in(measure); err != nil {
			return err
		}
	}
	return nil
}
