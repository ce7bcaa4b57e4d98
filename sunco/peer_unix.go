//go:build unix

package sunco

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
)

// peer looks at what the other end of a connection does, and takes nothing from it.
type peer struct{ socket syscall.RawConn } // nil: it cannot be looked at

func newPeer(c net.Conn) peer {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return peer{}
	}
	socket, err := s.SyscallConn()
	if err != nil {
		return peer{}
	}
	return peer{socket}
}

// silent is false when the other end has closed the connection, or said something. It does not wait.
func (p peer) silent() bool {
	if p.socket == nil {
		return true
	}
	silent := false
	err := p.socket.Read(func(fd uintptr) bool {
		var first [1]byte
		_, _, err := syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK)
		silent = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return silent && err == nil
}
