package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/internal/service"
)

// monitor serves the metrics and the health of a process on addr until it is stopped.
func (p *program) monitor(addr string, handler func(ready func(context.Context) error) http.Handler, s *service.Service, log *slog.Logger) (stop func(), err error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, usage(fmt.Sprintf("--metrics-addr: %q is not HOST:PORT or :PORT", addr), "e.g. --metrics-addr :9464")
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, cannotRun(fmt.Errorf("serve metrics: %w", err), "choose another --metrics-addr")
	}
	server := &http.Server{
		Handler:           handler(func(ctx context.Context) error { return p.ready(ctx, s) }),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are no longer served", "error", err)
		}
	}()
	log.Info("metrics are served", "addr", listener.Addr().String())
	return func() { server.Close(); <-served }, nil
}

// ready tells whether a worker takes batches, or a console requests, in words that anybody may see.
func (p *program) ready(ctx context.Context, s *service.Service) error {
	if p.drain.Err() != nil {
		return errors.New("draining")
	}
	return s.Ready(ctx)
}
