// Package embedded is Redis in the process, for a run without one: miniredis over in-memory
// connections, and a journal in the report folder for all that must survive the process.
//
// miniredis keeps what is queued and how far the job is; the journal alone keeps outcomes, so
// memory does not grow with the job (I6). Linux and macOS only: the journal is locked by flock.
package embedded

import (
	"context"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

const (
	// Handlers, the enqueuing side and asynq's own loops each hold a connection for a moment only.
	connections = 128
	// Nothing is lost between client and server of one process, so a late answer is a busy machine.
	patience = 5 * time.Minute
)

// Redis is a miniredis of this process. It keeps nothing beyond it.
type Redis struct {
	server *miniredis.Miniredis
	client *redis.Client
}

// Start returns a Redis that listens on no port, for Close by the caller.
func Start() (*Redis, error) {
	server := miniredis.NewMiniRedis()
	server.ClockTTL(true)
	client := redis.NewClient(&redis.Options{
		Dialer:          func(context.Context, string, string) (net.Conn, error) { return server.Dial() },
		DisableIdentity: true,
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
	return &Redis{server, client}, nil
}

// Client returns the one client, shared by all that use this Redis.
func (r *Redis) Client() redis.UniversalClient { return r.client }

// Close ends the client and the server, and with them all that they keep.
func (r *Redis) Close() {
	r.client.Close()
	r.server.Close()
}
