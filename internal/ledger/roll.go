package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// Roll goes over all ids of a kind, such as those of jobs, turn by turn. Those that the caller is done with are left out, and one
// whose record cannot be read waits longer each time and is named once: it stops nothing but itself (I12). What it keeps is bounded
// by the ids that Redis lists (I6). It is for one goroutine at a time.
type Roll struct {
	rdb  redis.UniversalClient
	list string // sorted set of ids, by time
	kind string // for the log
	gone error  // says that there is no record
	log  *slog.Logger

	ids    []string // as listed last, the newest first
	count  int64    // of them in Redis then
	listed time.Time
	done   map[string]bool
	wrong  map[string]*wrong
	next   int // of ids, from which those done with are looked at again
}

// wrong is what is the matter with a record.
type wrong struct {
	pause time.Duration
	until time.Time
	told  string // in the log
}

const (
	relist     = 10 * time.Second // at the latest, and whenever their number has changed
	lookAgain  = 20               // ids that are done with, at each turn: a Redis that went back may have made them live
	firstPause = 500 * time.Millisecond
	lastPause  = 15 * time.Second
)

// NewRoll returns the Roll of a list of ids. The error gone is that of looks at ids without a record.
func NewRoll(rdb redis.UniversalClient, list, kind string, gone error, log *slog.Logger) *Roll {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Roll{rdb: rdb, list: list, kind: kind, gone: gone, log: log, done: map[string]bool{}, wrong: map[string]*wrong{}}
}

// Roll returns a Roll of all jobs.
func (l *Ledger) Roll(log *slog.Logger) *Roll { return NewRoll(l.rdb, allJobs, "job", ErrNoJob, log) }

// Each looks at every id that is not done with, the newest first, and at a few of the others. It returns an error of the whole Redis,
// with which looking ends, and no other.
func (r *Roll) Each(ctx context.Context, look func(ctx context.Context, id string) (done bool, err error)) error {
	if err := r.read(ctx); err != nil {
		return err
	}
	again := r.again()
	now := time.Now()
	for _, id := range r.ids {
		w := r.wrong[id]
		if r.done[id] && !again[id] || w != nil && now.Before(w.until) {
			continue
		}
		done, err := look(ctx, id)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if redisfault.Of(err).Whole() {
			return err
		}
		if err != nil {
			r.fail(id, err, time.Now())
			continue
		}
		delete(r.wrong, id)
		delete(r.done, id)
		if done {
			r.done[id] = true
		}
	}
	return nil
}

// read lists the ids, when they may have changed.
func (r *Roll) read(ctx context.Context) error {
	count, err := r.rdb.ZCard(ctx, r.list).Result()
	if err != nil {
		return fmt.Errorf("list %ss: %w", r.kind, err)
	}
	if count == r.count && time.Since(r.listed) < relist {
		return nil
	}
	ids, err := r.rdb.ZRevRange(ctx, r.list, 0, -1).Result()
	if err != nil {
		return fmt.Errorf("list %ss: %w", r.kind, err)
	}
	r.ids, r.count, r.listed = ids, count, time.Now()
	done, wrong := make(map[string]bool, len(r.done)), map[string]*wrong{}
	for _, id := range ids {
		if r.done[id] {
			done[id] = true
		}
		if w := r.wrong[id]; w != nil {
			wrong[id] = w
		}
	}
	r.done, r.wrong = done, wrong
	return nil
}

// again gives some of the ids to be looked at although they were done with, others at each turn.
func (r *Roll) again() map[string]bool {
	some := make(map[string]bool, lookAgain)
	for range min(lookAgain, len(r.ids)) {
		r.next = (r.next + 1) % len(r.ids)
		some[r.ids[r.next]] = true
	}
	return some
}

// fail lets an id wait, and tells what is wrong once; of one without a record at the second time, for it may just be being forgotten.
func (r *Roll) fail(id string, err error, now time.Time) {
	w := r.wrong[id]
	if w == nil {
		w = &wrong{}
		r.wrong[id] = w
	}
	if text := err.Error(); w.told != text && (w.pause > 0 || !errors.Is(err, r.gone)) {
		r.log.Warn("passing over a "+r.kind+"; others go on", r.kind, id, "error", err)
		w.told = text
	}
	w.pause = min(max(firstPause, 2*w.pause), lastPause)
	w.until = now.Add(w.pause)
}
