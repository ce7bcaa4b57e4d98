package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// timeToReplicate is how long a write waits for replicas. They take a round trip; one that takes longer is gone or far behind.
const timeToReplicate = time.Second

var countScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'replicas', ARGV[1]) end
return {}
`)

// Replicated tells whether so many replicas have all that was written about a job before. It waits a second at most; with none it is true.
func (l *Ledger) Replicated(ctx context.Context, job string, replicas int) (bool, error) {
	if replicas == 0 {
		return true, nil
	}
	_, have, err := l.replicated(ctx, countScript, replicas, []string{key(job)}, replicas)
	if err != nil {
		return false, fmt.Errorf("wait for replicas: %w", err)
	}
	return have >= int64(replicas), nil
}

// replicated runs a script and waits until n replicas have what it wrote; it returns how many have. WAIT is about the writes of its own connection, so
// both go in one pipeline, to the master of the first key. With n = 0 nothing is waited for.
func (l *Ledger) replicated(ctx context.Context, script *redis.Script, n int, keys []string, args ...any) (reply []any, replicas int64, err error) {
	if n == 0 {
		reply, err = script.Run(ctx, l.rdb, keys, args...).Slice()
		return reply, 0, err
	}
	master, err := masterOf(ctx, l.rdb, keys[0])
	if err != nil {
		return nil, 0, err
	}
	for loaded := false; ; loaded = true {
		pipe := master.Pipeline()
		run, wait := script.EvalSha(ctx, pipe, keys, args...), pipe.Do(ctx, "WAIT", n, timeToReplicate.Milliseconds())
		_, _ = pipe.Exec(ctx) // each command has its own error
		reply, err = run.Slice()
		if !redis.HasErrorPrefix(err, "NOSCRIPT") || loaded {
			if err == nil {
				replicas, err = wait.Int64()
			}
			return reply, replicas, err
		}
		if err := script.Load(ctx, master).Err(); err != nil {
			return nil, 0, err
		}
	}
}

// Master returns the server that takes the writes about a job.
func (l *Ledger) Master(ctx context.Context, job string) (redis.Cmdable, error) {
	return masterOf(ctx, l.rdb, key(job))
}

func masterOf(ctx context.Context, rdb redis.UniversalClient, key string) (redis.Cmdable, error) {
	if cluster, ok := rdb.(*redis.ClusterClient); ok {
		return cluster.MasterForKey(ctx, key)
	}
	return rdb, nil
}
