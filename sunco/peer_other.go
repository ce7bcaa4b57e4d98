//go:build !unix

package sunco

import "net"

// peer would look at what the other end of a connection does; here a connection is trusted until it fails.
type peer struct{}

func newPeer(net.Conn) peer { return peer{} }

func (peer) silent() bool { return true }
