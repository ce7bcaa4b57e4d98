package webhook

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// mostConnections are open at a time; others wait to be accepted, and the vendor calls again.
const mostConnections = 1024

// NewServer returns a server whose senders have little time and room: 5 s and 16 kB for the headers, 10 s for a request. The vendor waits 20 s
// for an answer and has one after 15. What goes wrong on a connection is logged at the debug level.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: http.TimeoutHandler(handler, 15*time.Second, "too slow"), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 20 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Limit returns a listener that has 1,024 connections open at most.
func Limit(l net.Listener) net.Listener {
	return &limited{Listener: l, places: make(chan struct{}, mostConnections), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	places chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &placed{Conn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// placed is a connection that has a place until it is closed.
type placed struct {
	net.Conn
	leave func()
}

func (c *placed) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
