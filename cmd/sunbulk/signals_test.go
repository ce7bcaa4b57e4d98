package main

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// Signals within a moment of the one before that was heeded are one with it.
func TestSignalsOfOneMomentAreOne(t *testing.T) {
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		at            []time.Duration
		drains, stops time.Duration // -1: never
	}{
		"none":                               {nil, -1, -1},
		"one":                                {[]time.Duration{100 * ms}, 100 * ms, -1},
		"a terminal's hangup, twice":         {[]time.Duration{0, 1 * ms}, 0, -1},
		"four at once":                       {[]time.Duration{5 * ms, 5 * ms, 6 * ms, 300 * ms}, 5 * ms, -1},
		"two":                                {[]time.Duration{0, 600 * ms}, 0, 600 * ms},
		"a second one after several":         {[]time.Duration{0, 10 * ms, 20 * ms, 2000 * ms}, 0, 2000 * ms},
		"a moment is counted from the first": {[]time.Duration{0, 400 * ms, 800 * ms}, 0, 800 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signals, began := make(chan os.Signal, 2), time.Now()
				drains, stops := time.Duration(-1), time.Duration(-1)
				go heed(signals, func() { drains = time.Since(began) }, func() { stops = time.Since(began) })
				for _, at := range test.at {
					time.Sleep(at - time.Since(began))
					signals <- os.Interrupt
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if drains != test.drains || stops != test.stops {
					t.Errorf("got drained at %v and stopped at %v, want %v and %v", drains, stops, test.drains, test.stops)
				}
				close(signals)
			})
		})
	}
}

func TestHangupIsHeeded(t *testing.T) {
	if !slices.Contains(endingSignals(), os.Signal(syscall.SIGHUP)) {
		t.Skip("the test itself runs where hangups are ignored")
	}
}
