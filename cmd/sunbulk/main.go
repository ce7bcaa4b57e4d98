// Command sunbulk runs bulk work on the channels of messaging users.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(mainWithSignals())
}

// mainWithSignals runs the command line: the first signal lets it drain, the second stops it,
// and the third does not wait for that.
func mainWithSignals() int {
	ctx, stop := context.WithCancel(context.Background())
	drain, startDrain := context.WithCancel(ctx)
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endingSignals()...)
	signal.Ignore(syscall.SIGPIPE) // or the end of who reads stdout or stderr would end a run with calls in flight
	go heed(signals, startDrain, stop, func() { os.Exit(exitInterrupted) })
	return run(ctx, drain, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}
