package webhook

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a network, for tests that have their own clock.
type pipes struct {
	calls  chan net.Conn
	closed chan struct{}
	open   atomic.Int64 // that were accepted and are not closed
}

type pipe struct {
	net.Conn
	leave func()
}

func (p *pipe) Close() error { p.leave(); return p.Conn.Close() }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.calls:
		p.open.Add(1)
		var left atomic.Bool
		return &pipe{c, func() {
			if left.CompareAndSwap(false, true) {
				p.open.Add(-1)
			}
		}}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// dial returns a connection to the server, accepted or waiting.
func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	go func() {
		select {
		case p.calls <- far:
		case <-p.closed:
			far.Close()
		}
	}()
	return near
}

// serve serves a receiver as receive does, until the test ends.
func serve(t *testing.T, keep Keep, log *slog.Logger) *pipes {
	t.Helper()
	p := &pipes{calls: make(chan net.Conn), closed: make(chan struct{})}
	server := NewServer(NewReceiver([]string{"secret"}, []string{knownApp}, keep, log), slog.New(slog.DiscardHandler))
	done := make(chan error)
	go func() { done <- server.Serve(Limit(p)) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return p
}

func keepAll(context.Context, string, []Event) error { return nil }

var quiet = slog.New(slog.DiscardHandler)

// head begins a call with a key and a body of n bytes; -1 = one in chunks.
func head(key string, n int64) string {
	length := fmt.Sprintf("Content-Length: %d", n)
	if n < 0 {
		length = "Transfer-Encoding: chunked"
	}
	return "POST / HTTP/1.1\r\nHost: hooks\r\nX-API-Key: " + key + "\r\n" + length + "\r\n\r\n"
}

// call makes a whole call, and returns its status.
func call(t *testing.T, p *pipes, key, body string) int {
	t.Helper()
	c := p.dial()
	defer c.Close()
	go func() { _, _ = io.WriteString(c, head(key, int64(len(body)))+body) }()
	return status(c)
}

// status is that of the next answer; 0 = the connection was closed without one.
func status(c net.Conn) int {
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	return res.StatusCode
}

var goodCall = fmt.Sprintf(envelope, v2("client:update", `{`+client+`,"reason":"confirmed"}`))

// I6: however many connections send their headers or bodies a byte a second, they are closed in time, and the vendor gets through.
func TestSlowSendersAreLeftI6(t *testing.T) {
	for name, c := range map[string]struct {
		starts string
		n      int
		want   int
	}{
		"headers":                 {"POST / HTTP/1.1\r\nX-Slow: ", 3 * mostConnections, 0},
		"a line":                  {"", 3 * mostConnections, 400},
		"bodies, wrong key":       {head("wrong", 1000), 3 * mostConnections, 401},
		"bodies, right key":       {head("secret", 1000), 2 * mostBodies, 503},
		"chunks, right key":       {head("secret", -1) + "100\r\n", 2 * mostBodies, 503},
		"too long to be reported": {head("secret", 1<<62), 1, 503},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serve(t, keepAll, quiet)
				answers := make(chan int, c.n)
				for range c.n {
					conn := p.dial()
					go func() {
						defer conn.Close()
						if _, err := io.WriteString(conn, c.starts); err != nil {
							return
						}
						for {
							if _, err := conn.Write([]byte("x")); err != nil {
								return
							}
							time.Sleep(time.Second)
						}
					}()
					go func() { answers <- status(conn) }()
				}
				synctest.Wait()
				if open := p.open.Load(); open > mostConnections {
					t.Errorf("%d connections are open", open)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if open := p.open.Load(); open != 0 || len(answers) != c.n {
					t.Errorf("after a minute %d connections are open, and %d of %d were left", open, len(answers), c.n)
				}
				for range len(answers) {
					if got := <-answers; got != c.want && got != 0 {
						t.Errorf("got %d, want %d", got, c.want)
					}
				}
				if got := call(t, p, "secret", goodCall); got != 200 {
					t.Errorf("a good call then: got %d", got)
				}
			})
		})
	}
}

// I6: of a body of 100 MB only a little more than the bound is read, with either key.
func TestHugeBodiesAreNotReadI6(t *testing.T) {
	const huge = 100 << 20
	for name, c := range map[string]struct {
		head string
		most int64
		want int
	}{
		"wrong key":         {head("wrong", huge), 300 << 10, 401},
		"right key":         {head("secret", huge), MaxPayload + 600<<10, 413},
		"right key, chunks": {head("secret", -1) + "6400000\r\n", MaxPayload + 600<<10, 413},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serve(t, keepAll, quiet)
				conn := p.dial()
				defer conn.Close()
				sent := make(chan int64)
				go func() {
					_, _ = io.WriteString(conn, c.head)
					n, _ := io.Copy(conn, io.LimitReader(endless{}, huge))
					sent <- n
				}()
				if got := status(conn); got != c.want {
					t.Errorf("got %d, want %d", got, c.want)
				}
				if n := <-sent; n > c.most {
					t.Errorf("%d bytes were read", n)
				}
			})
		})
	}
}

// A payload is read one event at a time, and ids that could break a line or a screen are of nobody.
func TestHostilePayloads(t *testing.T) {
	event := func(client, user string) string {
		return v2("client:update", `{"client":{"id":`+client+`,"type":"twilio"},"user":{"id":`+user+`},"reason":"confirmed"}`)
	}
	for name, c := range map[string]struct {
		payload string
		events  int
		skipped Skip
	}{
		"half a million numbers": {fmt.Sprintf(envelope, strings.TrimSuffix(strings.Repeat("1,", 500_000), ",")), 0, TooLarge},
		"as many as may be":      {fmt.Sprintf(envelope, strings.TrimSuffix(strings.Repeat(`{},`, maxEvents), ",")), 0, NoEvent},
		"deep":                   {`{"events":` + strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000) + `}`, 0, NotJSON},
		"a line in an id":        {fmt.Sprintf(envelope, event(`"a\n1\tforged"`, `"u"`)), 0, NoClient},
		"a null in an id":        {fmt.Sprintf(envelope, event(`"a\u0000"`, `"u"`)), 0, NoClient},
		"an escape in an id":     {fmt.Sprintf(envelope, event(`"\u001b[2J"`, `"u"`)), 0, NoClient},
		"a C1 control":           {fmt.Sprintf(envelope, event(`"a\u009b2J"`, `"u"`)), 0, NoClient},
		"turned around":          {fmt.Sprintf(envelope, event(`"a\u202eb"`, `"u"`)), 0, NoClient},
		"a list as an id":        {fmt.Sprintf(envelope, event(`["a"]`, `"u"`)), 0, NoClient},
		"a user of two lines":    {fmt.Sprintf(envelope, event(`"a"`, `"u\nv"`)), 1, ""},
		"another language":       {fmt.Sprintf(envelope, event(`"a"`, `"Zoë 👩‍👧"`)), 1, ""},
		"twice the same name":    {`{"events":[],"events":[` + event(`"a"`, `"u"`) + `],"app":{"id":"x"},"app":{"id":"` + knownApp + `"}}`, 1, ""},
		"cut in the middle":      {goodCall[:len(goodCall)/2], 0, NotJSON},
		"two documents":          {goodCall + goodCall, 0, NotJSON},
	} {
		events, skipped := Decode([]byte(c.payload))
		if len(events) != c.events || c.skipped == "" && len(skipped) != 0 || c.skipped != "" && skipped[c.skipped] == 0 {
			t.Errorf("%s: got %d events, skipped %v", name, len(events), skipped)
		}
		for _, e := range events {
			if e.Client != "a" || len(e.Users) > 0 && strings.ContainsAny(e.Users[0], "\n") {
				t.Errorf("%s: got %+v", name, e)
			}
		}
	}
	if e, _ := Decode([]byte(fmt.Sprintf(envelope, v2("client:add", `{"client":{"id":"a"},"conversation":{"id":"c\nd"},"reason":"channelLinking"}`)))); len(e) != 1 || e[0].Conversation != "" {
		t.Errorf("got %+v", e)
	}
}

// While Redis is away nothing is answered 4xx but what is not the vendor's.
func TestNothingIsRefusedWhileRedisIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := func(ctx context.Context, _ string, _ []Event) error {
			<-ctx.Done() // a Redis that does not answer at all
			return ctx.Err()
		}
		p := serve(t, away, quiet)
		answers := make(chan int)
		const n = 3 * mostBodies
		for range n {
			go func() { answers <- call(t, p, "secret", goodCall) }()
		}
		for range n {
			if got := <-answers; got != 503 {
				t.Errorf("got %d, want 503", got)
			}
		}
	})
}

// A flood of refused calls is a line a second, each with its number, and none is lost from the sum.
func TestRefusedCallsAreLoggedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		r := NewReceiver([]string{"secret"}, []string{knownApp}, func(context.Context, string, []Event) error { return errors.New("no answer") }, log)
		const seconds, each = 10, 500
		for range seconds {
			for range each {
				post(t, r, "wrong", strings.NewReader(goodCall))
				post(t, r, "secret", strings.NewReader("{"))
				post(t, r, "secret", strings.NewReader(goodCall))
			}
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		sums := map[string]int{}
		for line := range strings.Lines(out.String()) {
			var n int
			_, behind, _ := strings.Cut(line, " count=")
			if _, err := fmt.Sscan(behind, &n); err != nil {
				t.Fatal(line)
			}
			for _, kind := range []string{"status=401", "status=400", "no answer"} {
				if strings.Contains(line, kind) {
					sums[kind] += n
				}
			}
		}
		if lines := strings.Count(out.String(), "\n"); lines > 3*(seconds+2) {
			t.Errorf("%d lines", lines)
		}
		for kind, n := range sums {
			if n != seconds*each {
				t.Errorf("%s: %d, want %d", kind, n, seconds*each)
			}
		}
		if len(sums) != 3 {
			t.Errorf("got %v", sums)
		}
	})
}
