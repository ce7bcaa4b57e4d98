package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// plainQueued is how many tasks the plain asynq program queues for each that it works.
const plainQueued = 5

// queuing measures rows per second that reach Redis, and what Redis holds of them.
func (b *bench) queuing() error {
	fromCSV := b.table.figure("queuing: `sunbulk enqueue` of CSV", "rows/s")
	fromNDJSON := b.table.figure("queuing: `sunbulk enqueue` of NDJSON", "rows/s")
	plain := b.table.figure("queuing: asynq's `Enqueue` per row, 64 goroutines", "rows/s")
	reading := b.table.figure("queuing: `encoding/csv` merely reading the file", "rows/s")
	fromCSV.beside(plain, ratioAtLeast(10))
	fromNDJSON.beside(plain, goal{})
	reading.beside(plain, goal{})
	r := b.redisFigures()
	for range b.rounds {
		for _, each := range []func(*world) error{
			func(w *world) error {
				u, err := w.enqueue(csvFormat(), b.queued)
				if err != nil {
					return err
				}
				fromCSV.add(float64(b.queued) / u.wall.Seconds())
				b.table.figure("CPU per row: `enqueue` of CSV", "µs").add(float64(u.cpu.Microseconds()) / float64(b.queued))
				bytes, err := w.bytesPerRow(b.queued)
				r.queued.add(bytes)
				return err
			},
			func(w *world) error {
				u, err := w.enqueue(ndjsonFormat(), b.queued)
				fromNDJSON.add(float64(b.queued) / u.wall.Seconds())
				return err
			},
			func(w *world) error {
				rows := b.plain * plainQueued
				u, err := finish(w.role("plain-enqueue", w.Redis, strconv.Itoa(rows)))
				if err != nil {
					return err
				}
				seconds, err := strconv.ParseFloat(u.out, 64)
				if err != nil {
					return err
				}
				plain.add(float64(rows) / seconds)
				bytes, err := w.bytesPerRow(rows)
				r.plain.add(bytes)
				return err
			},
			func(w *world) error {
				rate, err := w.readCSV(b.queued)
				reading.add(rate)
				return err
			},
		} {
			if err := b.in(each); err != nil {
				return err
			}
		}
	}
	return nil
}

// readCSV returns the rows per second at which the standard library reads the file.
func (w *world) readCSV(rows int) (float64, error) {
	name, err := w.input(csvFormat(), rows)
	if err != nil {
		return 0, err
	}
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	start := time.Now()
	in := csv.NewReader(bufio.NewReader(file))
	in.ReuseRecord = true
	for {
		_, err := in.Read()
		if errors.Is(err, io.EOF) {
			return float64(rows) / time.Since(start).Seconds(), nil
		}
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// redisFigures are the bytes of Redis per row.
type redisFigures struct{ queued, finished, plain *figure }

func (b *bench) redisFigures() redisFigures {
	r := redisFigures{
		b.table.figure("Redis: a queued row", "bytes"),
		b.table.figure("Redis: a finished row", "bytes"),
		b.table.figure("Redis: an asynq task per row", "bytes"),
	}
	r.queued.beside(r.plain, atMost(100, "bytes"))
	r.finished.beside(r.plain, atMost(100, "bytes"))
	return r
}
