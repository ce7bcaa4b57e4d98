package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/service"
)

// Proxy lets in those whom a proxy has signed in. It is believed only where a request comes from one of its addresses.
type Proxy struct {
	Header string         // holds the name of who asks, such as X-Forwarded-User
	Groups string         // holds the groups of that person, with commas; such as X-Forwarded-Groups
	From   []netip.Prefix // of the proxy; others are not believed
	Grants []Grant        // the first one that fits holds
}

// Grant is what the members of a group may do.
type Grant struct {
	Group string       `json:"group"` // * = everybody who has signed in
	Role  service.Role `json:"role"`
	Apps  []string     `json:"apps,omitempty"` // none = all
}

// ReadGrants reads a file of grants: {"groups": [{"group": "ops", "role": "operator", "apps": ["…"]}]}.
func ReadGrants(name string) ([]Grant, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var f struct {
		Groups []Grant `json:"groups"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	for _, g := range f.Groups {
		switch {
		case g.Group == "":
			return nil, fmt.Errorf("a group has no name")
		case !slices.Contains(service.Roles(), g.Role):
			return nil, fmt.Errorf("group %s: role %q is none of viewer, operator, approver, admin", g.Group, g.Role)
		}
	}
	if len(f.Groups) == 0 {
		return nil, fmt.Errorf("it has no groups, so nobody could come in")
	}
	return f.Groups, nil
}

// ParseProxies reads addresses and networks, such as 10.0.0.7 and 10.1.0.0/16.
func ParseProxies(texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		all = append(all, p)
	}
	return all, nil
}

// signedIn is a form of names that is clear in the audit log.
var signedIn = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$`)

// throughProxy finds out whom the proxy has signed in. A header that comes twice is none: one of them may be the caller's.
func (x *exchange) throughProxy() (service.Actor, bool) {
	address, err := netip.ParseAddr(x.from())
	if x.Proxy == nil || err != nil || !slices.ContainsFunc(x.Proxy.From, func(p netip.Prefix) bool { return p.Contains(address.Unmap()) }) {
		return service.Actor{}, false
	}
	names, groups := x.r.Header.Values(x.Proxy.Header), x.r.Header.Values(x.Proxy.Groups)
	if len(names) != 1 || !signedIn().MatchString(names[0]) || len(groups) > 1 {
		return service.Actor{}, false
	}
	a := service.Actor{Name: names[0], From: x.from()}
	if through := x.r.Header.Values("X-Forwarded-For"); len(through) > 0 { // its last part is the proxy's own
		hops := strings.Split(through[len(through)-1], ",")
		if client, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1])); err == nil {
			a.From = client.String()
		}
	}
	var mine []string
	for _, g := range strings.Split(strings.Join(groups, ","), ",") {
		mine = append(mine, strings.TrimSpace(g))
	}
	a.Role, a.Apps = granted(x.Proxy.Grants, mine)
	return a, true // without a role they may do nothing
}

// granted is what the first grant that fits one of the groups gives: no role where none fits.
func granted(grants []Grant, groups []string) (service.Role, []string) {
	for _, g := range grants {
		if g.Group == "*" || slices.Contains(groups, g.Group) {
			if len(g.Apps) > 0 {
				return g.Role, g.Apps
			}
			return g.Role, nil
		}
	}
	return "", nil
}
