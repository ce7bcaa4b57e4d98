package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// standIn is the API of a measurement: it answers every create at once with a new client, and is
// lean enough not to be what limits: one write per answer, next to nothing else.
type standIn struct {
	calls       atomic.Int64 // creates
	first, last atomic.Int64 // when the first and the newest create came, in nanoseconds since 1970
}

// seen is what a standIn says of itself under statsPath.
type seen struct {
	Calls       int64
	First, Last time.Time
}

// rate is creates per second.
func (s seen) rate() float64 { return float64(s.Calls-1) / s.Last.Sub(s.First).Seconds() }

const statsPath = "/stats"

// serveStandIn answers on the address until the process ends.
func serveStandIn(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := &standIn{}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go s.serve(conn)
	}
}

// serve speaks as much HTTP as Go's client, curl and sunbulk need.
func (s *standIn) serve(conn net.Conn) {
	defer conn.Close()
	in, answer := bufio.NewReader(conn), make([]byte, 0, 512)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		create := bytes.HasPrefix(line, []byte("POST "))
		stats := bytes.Contains(line, []byte(" "+statsPath+" "))
		if err := skip(in); err != nil {
			return
		}
		switch {
		case create:
			answer = s.create(answer[:0])
		case stats:
			answer = respond(answer[:0], "200 OK", s.tell())
		default:
			answer = respond(answer[:0], "200 OK", []byte(`{"app":{}}`))
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// skip passes over the headers and the body of a request.
func skip(in *bufio.Reader) error {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			_, err := in.Discard(length)
			return err
		}
		if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
}

func (s *standIn) create(answer []byte) []byte {
	now := time.Now().UnixNano()
	s.first.CompareAndSwap(0, now)
	s.last.Store(now)
	n := uint64(s.calls.Add(1))
	return respond(answer, "201 Created", createAnswer(n))
}

// createAnswer is the body for the nth create: a client with a random id, in the words of the API.
func createAnswer(n uint64) []byte {
	return fmt.Appendf(make([]byte, 0, 160), `{"client":{"id":"%016x%08x","type":"whatsapp","status":"pending","integrationId":"%s"}}`, mix(n), uint32(mix(^n)), integration)
}

func respond(answer []byte, status string, body []byte) []byte {
	answer = fmt.Appendf(answer, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", status, len(body))
	return append(answer, body...)
}

func (s *standIn) tell() []byte {
	data, err := json.Marshal(seen{s.calls.Load(), time.Unix(0, s.first.Load()), time.Unix(0, s.last.Load())})
	if err != nil {
		panic(err) // numbers and times always marshal
	}
	return data
}

// ask returns what the stand-in at the address has seen.
func ask(address string) (s seen, err error) {
	res, err := http.Get("http://" + address + statsPath)
	if err != nil {
		return s, fmt.Errorf("ask the API: %w", err)
	}
	defer res.Body.Close()
	return s, json.NewDecoder(res.Body).Decode(&s)
}
