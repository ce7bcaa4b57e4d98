// Package embedded is Redis in the process, for a run without one: miniredis over in-memory
// connections, and a journal in the report folder for all that must survive the process.
//
// miniredis keeps what is queued and how far the job is; the journal alone keeps outcomes, so
// memory does not grow with the job (I6). Linux and macOS only: the journal is locked by flock.
package embedded

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	lua "github.com/yuin/gopher-lua"
)

const (
	// Handlers, the enqueuing side and asynq's own loops each hold a connection for a moment only.
	connections = 128
	// Nothing is lost between client and server of one process, so a late answer is a busy machine.
	patience = 5 * time.Minute
	// A connection carries a batch at most, of some kilobytes as a rule.
	connectionBuffer = 8 << 10
)

// smallStacks makes do with a tenth of the stacks that miniredis makes anew for each script: they were a third of an
// embedded run's garbage. Scripts call no deeper than a few functions, and what they unpack is a command's few arguments.
var smallStacks = sync.OnceFunc(func() { lua.RegistrySize, lua.CallStackSize = 1024, 64 })

// Redis is a miniredis of this process. It keeps nothing beyond it.
type Redis struct {
	server *miniredis.Miniredis
	client *redis.Client
	stop   chan struct{}
	aging  sync.WaitGroup
}

// Start returns a Redis that listens on no port, for Close by the caller.
func Start() (*Redis, error) {
	smallStacks()
	server := miniredis.NewMiniRedis()
	client := redis.NewClient(&redis.Options{
		Dialer:          func(context.Context, string, string) (net.Conn, error) { return server.Dial() },
		Protocol:        2, // with 3, each command looks for notices that miniredis never sends
		DisableIdentity: true,
		ReadBufferSize:  connectionBuffer,
		WriteBufferSize: connectionBuffer,
		PoolSize:        connections,
		PoolTimeout:     patience,
		ReadTimeout:     patience,
		WriteTimeout:    patience,
	})
	if err := client.Ping(context.Background()).Err(); err != nil {
		client.Close()
		server.Close()
		return nil, err
	}
	r := &Redis{server: server, client: client, stop: make(chan struct{})}
	r.aging.Go(r.age)
	return r, nil
}

// age lets keys expire, to the second. miniredis' own clock would look through all keys at every
// command, and at every call within a script.
func (r *Redis) age() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-r.stop:
			return
		case now := <-tick.C:
			r.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

// Client returns the one client, shared by all that use this Redis.
func (r *Redis) Client() redis.UniversalClient { return r.client }

// Close ends the client and the server, and with them all that they keep.
func (r *Redis) Close() {
	close(r.stop)
	r.aging.Wait()
	r.client.Close()
	r.server.Close()
}
