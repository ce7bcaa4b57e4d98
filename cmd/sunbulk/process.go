package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// reading is the rows of a job, and the context by which their reading and their queuing end together:
// what was read of an object whose reading was broken off must not be queued as a whole.
type reading struct {
	rows     enqueue.Records
	inputs   func() []jobs.Input        // asked after the last row
	progress func() (read, total int64) // in bytes; total is 0 when it is not known
	ctx      context.Context
	stop     context.CancelCauseFunc
}

// process reads and works at the same time, until the job ends, pauses or is interrupted.
func (p *program) process(ctx context.Context, s *session, w *worker.Worker, in reading) error {
	stopDrain := context.AfterFunc(p.drain, func() {
		fmt.Fprintln(p.screen, "stopping: calls in flight end first; interrupt again to stop at once")
		w.Drain()
	})
	defer stopDrain()
	read := make(chan error, 1)
	go func() { read <- s.read(in.ctx, in.rows, in.inputs) }()
	progress := p.watch(ctx, s.job, s.Service, in.progress)

	served := make(chan error, 1)
	go func() {
		if s.agreed != nil && !<-s.agreed { // an earlier job's rows, which nobody asks for now
			served <- nil
			return
		}
		served <- w.Serve(ctx, s.job)
	}()
	var err error
	select {
	case err = <-served:
		if s.embedded {
			in.stop(errNoLonger) // the window would never open again
		}
		err = errors.Join(err, <-read)
	case err = <-read:
		if err != nil {
			w.Drain()
		}
		err = errors.Join(err, <-served)
	}
	progress.stop()
	if full, ok := errors.AsType[*local.DiskError](err); ok {
		return cannotRun(full, "mend that, such as by freeing space; the same command then goes on, and nothing is lost")
	}
	if errors.Is(err, errNoLonger) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// errNoLonger ends the reading of a job that is paused.
var errNoLonger = errors.New("the job no longer runs")
