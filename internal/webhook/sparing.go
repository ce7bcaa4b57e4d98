package webhook

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// sparing logs a line of each kind at most once a second, with the number of those that it stands for, so that callers cannot fill a disk.
type sparing struct {
	log *slog.Logger

	mu    sync.Mutex
	lines map[string]*line
}

// line is what waits for the second to end.
type line struct {
	level   slog.Level
	message string
	args    []any // of the newest
	n       int64
}

const logPause = time.Second

func newSparing(log *slog.Logger) *sparing { return &sparing{log: log, lines: map[string]*line{}} }

// add logs n happenings of a kind: the first at once, others together when a second is over. Kinds are few.
func (s *sparing) add(level slog.Level, kind, message string, n int64, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if waits := s.lines[kind]; waits != nil {
		waits.n += n
		waits.args = args
		return
	}
	s.lines[kind] = &line{level, message, args, 0}
	s.write(line{level, message, args, n})
	time.AfterFunc(logPause, func() { s.flush(kind) })
}

// flush logs what has gathered; a second without any ends the gathering.
func (s *sparing) flush(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits := s.lines[kind]
	if waits.n == 0 {
		delete(s.lines, kind)
		return
	}
	s.write(*waits)
	waits.n = 0
	time.AfterFunc(logPause, func() { s.flush(kind) })
}

func (s *sparing) write(l line) {
	s.log.Log(context.Background(), l.level, l.message, append([]any{"count", l.n}, l.args...)...)
}
