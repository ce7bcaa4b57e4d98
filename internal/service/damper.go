package service

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// damper is a log in which a Redis that does not answer, or refuses, is reported now and then: a dozen loops for each job would each
// say so. All other lines pass.
type damper struct {
	slog.Handler
	*damping
}

// damping is what all handlers that come from one damper share.
type damping struct {
	mu    sync.Mutex
	next  time.Time     // when a line may pass
	last  time.Time     // one came
	pause time.Duration // between two that pass
	left  int           // out since
}

// The pause doubles while it goes on, and is the first one again after a calm.
const (
	firstDamping = time.Second
	lastDamping  = 30 * time.Second
	calmAfter    = 10 * time.Second
)

// Damped returns a logger whose lines about Redis are damped.
func Damped(log *slog.Logger) *slog.Logger { return slog.New(damper{log.Handler(), &damping{}}) }

// WithAttrs and WithGroup keep the damping.
func (d damper) WithAttrs(attrs []slog.Attr) slog.Handler {
	return damper{d.Handler.WithAttrs(attrs), d.damping}
}

// WithGroup is as WithAttrs.
func (d damper) WithGroup(name string) slog.Handler {
	return damper{d.Handler.WithGroup(name), d.damping}
}

// Handle passes a record on, or counts it.
func (d damper) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn || !aboutRedis(r) {
		return d.Handler.Handle(ctx, r)
	}
	left, ok := d.pass(time.Now())
	if !ok {
		return nil
	}
	if left > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("leftOut", left))
	}
	return d.Handler.Handle(ctx, r)
}

// pass tells whether a line may pass, and how many before it did not.
func (d *damping) pass(now time.Time) (left int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.last) > max(calmAfter, 2*d.pause) {
		d.pause = 0
	}
	d.last = now
	if d.pause > 0 && now.Before(d.next) {
		d.left++
		return 0, false
	}
	left, d.left = d.left, 0
	d.pause = min(max(firstDamping, 2*d.pause), lastDamping)
	d.next = now.Add(d.pause)
	return left, true
}

// aboutRedis tells whether a record is of a fault of the whole Redis. asynq warns of nothing else.
func aboutRedis(r slog.Record) (is bool) {
	if r.Message == "asynq" {
		return true
	}
	r.Attrs(func(a slog.Attr) bool {
		err, ok := a.Value.Any().(error)
		is = ok && redisfault.Of(err).Whole()
		return !is
	})
	return is
}
