// Package transit says over which connections secrets and people's data may go.
package transit

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// Hint says what to do about a URL that is not private.
const Hint = "use https://; --allow-http is for a network that nobody else can read"

// Private tells whether nobody between here and the server of a URL can read or change what goes there: it is https, or
// the server is on this machine.
func Private(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, "https") || strings.EqualFold(u.Scheme, "http") && Local(u.Hostname())
}

// Local tells whether a host name or an IP address is surely this machine's.
func Local(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// ErrInside is the error of a connection to an address that belongs to this machine or its network.
var ErrInside = errors.New("the host's address is one inside this machine or its network")

// mapped are addresses that stand for others: NAT64 of an IPv4 address, and 6to4.
var mapped = []struct {
	prefix netip.Prefix
	at     int // byte at which the IPv4 address begins
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
}

// shared are special addresses that netip has no name for: this network, carriers' NAT, the documentation's test networks, IETF's own, and reserved.
var shared = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b:1::/48"),
}

// Outside is the Control of a net.Dialer that connects to public addresses only. It sees the address that is dialed, so no
// name that resolves to another gets around it.
func Outside(_, address string, _ syscall.RawConn) error {
	ip, ok := parse(address)
	if !ok || !isHost(ip) || ip.IsPrivate() {
		return ErrInside
	}
	for _, p := range shared {
		if p.Contains(ip) {
			return ErrInside
		}
	}
	return nil
}

// Elsewhere is the Control of a net.Dialer that connects to other machines only, also those of a private network: not to this
// one, and to none that answers without a route, as the metadata services of clouds do.
func Elsewhere(_, address string, _ syscall.RawConn) error {
	if ip, ok := parse(address); !ok || !isHost(ip) {
		return ErrInside
	}
	return nil
}

func isHost(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !metadata[ip] && (!ip.Is4() || ip.As4()[0] != 0)
}

// metadata are addresses of clouds' metadata services that look like others of a private network.
var metadata = map[netip.Addr]bool{netip.MustParseAddr("fd00:ec2::254"): true, netip.MustParseAddr("100.100.100.200"): true}

// parse returns the IP address of IP:PORT, as IPv4 where it stands for one.
func parse(address string) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Addr{}, false
	}
	ip := ap.Addr().Unmap().WithZone("")
	for _, m := range mapped {
		if m.prefix.Contains(ip) {
			b := ip.As16()
			return netip.AddrFrom4([4]byte(b[m.at : m.at+4])), true
		}
	}
	return ip, true
}
