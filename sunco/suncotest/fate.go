package suncotest

import (
	"sync"
	"time"
)

// Fate is what becomes of a client that a create has made, by itself: whatever calls do to it is left out.
type Fate struct {
	Client  string    // id
	User    string    // id
	Settles time.Time // until then it is pending
	End     string    // why it vanishes: linkFailed, linkCancelled, theft or merge; empty = it is active for good
	Ends    time.Time // when it vanishes; zero = never
}

// fates remembers every client that a create has made. A nil one remembers none.
type fates struct {
	mu  sync.Mutex
	all []Fate
}

func (f *fates) add(user string, c client) {
	if f == nil {
		return
	}
	fate := Fate{Client: c.id(), User: user, Settles: time.Unix(0, c.settles), End: c.why}
	if c.ends != 0 {
		fate.Ends = time.Unix(0, c.ends)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, fate)
}

// Fates returns those of all clients that creates have made so far, where Config.Fates asks for it.
func (s *Server) Fates() []Fate {
	if s.fates == nil {
		return nil
	}
	s.fates.mu.Lock()
	defer s.fates.mu.Unlock()
	return append([]Fate(nil), s.fates.all...)
}
