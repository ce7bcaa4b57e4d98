package suncotest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unique"

	"github.com/sunbulk/sunbulk/sunco"
)

// client is a link of the world. One that was created changes by itself when its time has come, which is found out when
// somebody looks.
type client struct {
	record  uint64        // orders the clients and names them in cursors
	given   *sunco.Client // a client of the World as it came; nil = created through the API
	kind    unique.Handle[string]
	channel unique.Handle[string] // integration id
	target  string                // phone number or address
	settles int64                 // Unix time in nanoseconds at which it is pending no longer
	ends    int64                 // when it vanishes; 0 = never
	why     string                // reason of that
}

// recordID returns the id of a created client, and the cursor of any: 24 hexadecimal digits, as the API has them.
func recordID(record uint64) string { return fmt.Sprintf("5c9a3416%016x", record) }

// recordOf reads a cursor that recordID wrote.
func recordOf(cursor string) (record uint64, ok bool) {
	digits, ok := strings.CutPrefix(cursor, recordID(0)[:8])
	if !ok {
		return 0, false
	}
	record, err := strconv.ParseUint(digits, 16, 64)
	return record, err == nil
}

func (c *client) id() string {
	if c.given != nil {
		return c.given.ID
	}
	return recordID(c.record)
}

func (c *client) typeAndIntegration() [2]string {
	if c.given != nil {
		return [2]string{c.given.Type, c.given.IntegrationID}
	}
	return [2]string{c.kind.Value(), c.channel.Value()}
}

func (c *client) externalID() string {
	if c.given != nil {
		return c.given.ExternalID
	}
	return c.target
}

// pending is what the API shows of a created client until it is linked.
func (c *client) pending() sunco.Client {
	return sunco.Client{ID: c.id(), Type: c.kind.Value(), Status: sunco.StatusPending, IntegrationID: c.channel.Value()}
}

// at is what the API shows of the client now.
func (c *client) at(now time.Time) sunco.Client {
	switch {
	case c.given != nil:
		return *c.given
	case now.UnixNano() < c.settles:
		return c.pending()
	}
	linked := c.pending()
	linked.Status, linked.ExternalID, linked.DisplayName = sunco.StatusActive, c.target, "Simulated person"
	linked.LinkedAt = time.Unix(0, c.settles)
	linked.LastSeen = linked.LinkedAt
	return linked
}

// live returns the user's clients after those that are gone have vanished. The shard's lock must be held.
func (s *shard) live(key string, now time.Time) []client {
	clients := slices.DeleteFunc(s.clients[key], func(c client) bool { return c.ends != 0 && c.ends <= now.UnixNano() })
	s.keep(key, clients)
	return clients
}

// keep stores the user's clients; a user without any takes no memory. The shard's lock must be held.
func (s *shard) keep(key string, clients []client) {
	if len(clients) == 0 {
		delete(s.clients, key)
		return
	}
	s.clients[key] = clients
}

// Clients returns what a list would show of the user, given by id or external id, at this moment.
func (s *Server) Clients(user string) []sunco.Client {
	key, _ := s.world.userKey(user, "")
	return s.world.clientsOf(key)
}

func (w *world) clientsOf(key string) []sunco.Client {
	now, shard := time.Now(), w.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	seen := []sunco.Client{}
	for _, c := range shard.live(key, now) {
		seen = append(seen, c.at(now))
	}
	return seen
}
