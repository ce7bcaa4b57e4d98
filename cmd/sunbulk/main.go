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

// mainWithSignals runs the command line: the first signal lets it drain, the second stops it.
func mainWithSignals() int {
	ctx, stop := context.WithCancel(context.Background())
	drain, startDrain := context.WithCancel(ctx)
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		startDrain()
		<-signals
		stop()
	}()
	return run(ctx, drain, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}
