package ledger

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Signs of life: a worker gives one at every Beat interval. One that gave none for Patience, by
// Redis' clock, may lose its batches; long before that it stops calling by itself.
const (
	BeatInterval = 2 * time.Second
	Patience     = 8 * time.Second

	forget = time.Hour // how long a silent worker is remembered
)

var (
	//go:embed beat.lua
	beatLua string
	//go:embed leave.lua
	leaveLua string
	//go:embed orphans.lua
	orphansLua string

	beatScript    = redis.NewScript(historyLua + beatLua)
	leaveScript   = redis.NewScript(leaveLua)
	orphansScript = redis.NewScript(orphansLua)
)

// Seen is what a worker sees of the record when it sends a heartbeat.
type Seen struct {
	Generation int64 // raised when Redis may have gone back; the worker owes a Report of each that began since it came
	Confirmed  int64 // as in Delivery
}

// Beat notes a heartbeat of a worker that serves the job.
func (l *Ledger) Beat(ctx context.Context, job, worker string, p Pulse) (Seen, error) {
	reply, err := beatScript.Run(ctx, l.rdb, []string{key(job, "alive"), key(job)}, worker, forget.Milliseconds(), rateWindow.Milliseconds(),
		p.InFlight, p.Calls, string(p.Doing)).Int64Slice()
	if err == nil && len(reply) != 2 {
		err = fmt.Errorf("reply of %d parts", len(reply))
	}
	if err != nil {
		return Seen{}, fmt.Errorf("send heartbeat: %w", err)
	}
	return Seen{reply[0], reply[1]}, nil
}

// Leave says that a worker no longer serves the job. Of an ended job, all workers are forgotten.
func (l *Ledger) Leave(ctx context.Context, job, worker string) error {
	if err := leaveScript.Run(ctx, l.rdb, []string{key(job), key(job, "alive")}, worker).Err(); err != nil {
		return fmt.Errorf("leave job: %w", err)
	}
	return nil
}

// Orphan is an open batch that its worker may no longer have.
type Orphan struct {
	Batch, Fence int64
	Worker       string
}

// Orphans returns the open batches of workers without a heartbeat, and those that are the asking
// worker's own: it knows which of them it really has.
func (l *Ledger) Orphans(ctx context.Context, job, worker string) ([]Orphan, error) {
	reply, err := orphansScript.Run(ctx, l.rdb, []string{key(job, "open"), key(job, "alive")}, worker, Patience.Milliseconds()).Slice()
	if err != nil {
		return nil, fmt.Errorf("look for orphans: %w", err)
	}
	var found []Orphan
	for i := 0; i+2 < len(reply); i += 3 {
		found = append(found, Orphan{number(reply[i]), number(reply[i+1]), text(reply[i+2])})
	}
	return found, nil
}
