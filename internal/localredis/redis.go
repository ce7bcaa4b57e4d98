// Package localredis is Redis in the process: miniredis over in-memory connections. It keeps nothing beyond the process.
package localredis

import (
	"context"
	"net"
	"reflect"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

const (
	// Handlers, the enqueuing side and asynq's own loops each hold a connection for a moment only.
	connections = 128
	// Nothing is lost between client and server of one process, so a late answer is a busy machine.
	patience = 5 * time.Minute
	// A connection carries a batch at most, usually of some kilobytes.
	connectionBuffer = 8 << 10
)

// Redis is a miniredis of this process. It keeps nothing beyond it.
type Redis struct {
	server  *miniredis.Miniredis
	changes reflect.Value // how often each key was changed
	scripts *scripts
	client  *redis.Client
	stop    chan struct{}
	aging   sync.WaitGroup
}

// Start returns a Redis that listens on no port, for Close by the caller.
func Start() (*Redis, error) {
	server := miniredis.NewMiniRedis()
	client := redis.NewClient(&redis.Options{
		Addr:            "127.0.0.1:6379", // never dialled, but a name would be looked up
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
	client.AddHook(oneByOne{client})
	err := client.Ping(context.Background()).Err() // which starts the server
	var scripts *scripts
	if err == nil {
		scripts, err = runScripts(server.Server())
	}
	if err != nil {
		client.Close()
		server.Close()
		return nil, err
	}
	r := &Redis{server: server, changes: changes(server), scripts: scripts, client: client, stop: make(chan struct{})}
	r.aging.Go(r.age)
	return r, nil
}

// changes returns the table in which miniredis counts how often each key was changed, for WATCH, which is not here. It keeps every key that
// ever was, so it would grow with the job (I6): each batch has a key of its own.
func changes(server *miniredis.Miniredis) reflect.Value {
	table := reflect.ValueOf(server.DB(0)).Elem().FieldByName("keyVersion")
	return reflect.NewAt(table.Type(), table.Addr().UnsafePointer()).Elem()
}

// age lets keys expire, to the second, and what is known of those that are gone be forgotten. miniredis' own clock would look
// through all keys at every command, and at every call within a script.
func (r *Redis) age() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-r.stop:
			return
		case now := <-tick.C:
			r.scripts.between(func() {
				r.server.FastForward(now.Sub(last))
				r.changes.Clear()
			})
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
