package main

import (
	"io"
	"net"
	"time"
)

// roundTrip is how far away Redis is made to be.
const roundTrip = time.Millisecond

// serveDelay passes connections on to the target, each byte half a round trip later.
func serveDelay(address, target string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		far, err := net.Dial("tcp", target)
		if err != nil {
			conn.Close()
			continue
		}
		go pass(far, conn)
		go pass(conn, far)
	}
}

// parcel is what came at one time.
type parcel struct {
	data []byte
	due  time.Time
}

// pass copies from one connection to the other until either ends, and closes both.
func pass(to io.WriteCloser, from io.ReadCloser) {
	parcels := make(chan parcel, 1024)
	go func() {
		defer close(parcels)
		for {
			buf := make([]byte, 16<<10)
			n, err := from.Read(buf)
			if n > 0 {
				parcels <- parcel{buf[:n], time.Now().Add(roundTrip / 2)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range parcels {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			from.Close() // ends the reader; what it still sends is dropped
		}
	}
	to.Close()
	from.Close()
}
