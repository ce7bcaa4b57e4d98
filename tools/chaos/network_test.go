package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// line is how one process reaches Redis and the API. Behind Sentinels, who tell it the address, it reaches Redis by itself.
type line struct{ redis, api *route }

// route is a proxy that can be made to fail.
type route struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
	made  int // toxics so far
}

func newRoute(t testing.TB, name, upstream string) *route {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	r := &route{t: t, proxy: toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream)}
	r.open()
	t.Cleanup(r.proxy.Stop)
	return r
}

func (r *route) addr() string { return r.proxy.Listen }

// cut closes all connections and refuses new ones until open.
func (r *route) cut() { r.proxy.Stop() }

func (r *route) open() {
	r.t.Helper()
	if err := r.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted {
		r.t.Fatal(err)
	}
}

// Directions of a toxic.
const (
	requests = "upstream"
	answers  = "downstream"
)

// lose drops all bytes of a direction until the end, which closes the connections.
func (r *route) lose(direction string) (end func()) {
	return r.add("timeout", direction, map[string]any{"timeout": 0})
}

// slow delays a direction until the end.
func (r *route) slow(direction string, by time.Duration) (end func()) {
	return r.add("latency", direction, map[string]any{"latency": by.Milliseconds(), "jitter": by.Milliseconds() / 2})
}

func (r *route) add(kind, direction string, attributes map[string]any) (end func()) {
	r.t.Helper()
	r.made++
	name := fmt.Sprintf("%s-%d", kind, r.made)
	toxic, err := json.Marshal(map[string]any{"name": name, "type": kind, "stream": direction, "toxicity": 1, "attributes": attributes})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.proxy.Toxics.AddToxicJson(strings.NewReader(string(toxic))); err != nil {
		r.t.Fatal(err)
	}
	return func() {
		if err := r.proxy.Toxics.RemoveToxic(context.Background(), name); err != nil {
			r.t.Errorf("end fault: %v", err)
		}
	}
}
