package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// sameSignal is how long after a signal others are taken for the same one: a terminal that is closed, and a supervisor,
// send several.
const sameSignal = 500 * time.Millisecond

// endingSignals are the signals that end a command: of a terminal that is closed, too, unless nohup or the like had that ignored.
func endingSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// heed takes the steps of ending one after the other, each at a signal that comes more than a moment after the step before.
func heed(signals <-chan os.Signal, steps ...func()) {
	var last time.Time
	for range signals {
		if len(steps) == 0 {
			return
		}
		if time.Since(last) >= sameSignal {
			last = time.Now()
			steps[0]()
			steps = steps[1:]
		}
	}
}
