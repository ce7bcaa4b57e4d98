package suncotest

import (
	"sync"
	"sync/atomic"
	"time"
)

// Stats counts what a Server has seen. Faulted calls count like others.
type Stats struct {
	// Calls are by operation: create, list, remove, getUser, createUser, listConversations, createConversation, getConversation,
	// listParticipants, zendeskUsers, app, integration, listIntegrations, createIntegration, listWebhooks, createWebhook, updateWebhook, deleteWebhook, other.
	Calls map[string]int64 `json:"calls"`
	// Statuses are by HTTP status; 0 = the connection was cut before an answer.
	Statuses map[int]int64 `json:"statuses"`
	// Created and Removed are the clients that calls created and removed.
	Created int64 `json:"created"`
	Removed int64 `json:"removed"`
	// LiveClients are the clients there are, pending ones too.
	LiveClients int64 `json:"liveClients"`
	// Duplicates are the live clients beyond the first of the same user, type and integration that calls created.
	Duplicates int64 `json:"duplicates"`
	// Users and Conversations are those that calls made, SecondConversations the conversations among them whose user had one.
	Users               int64 `json:"users,omitempty"`
	Conversations       int64 `json:"conversations,omitempty"`
	SecondConversations int64 `json:"secondConversations,omitempty"`
	// MaxPerSecond is the most calls on users, clients and conversations that began within any second.
	MaxPerSecond int `json:"maxPerSecond"`
	// InFlight and MaxInFlight are the calls being answered, now and at most.
	InFlight    int64 `json:"inFlight"`
	MaxInFlight int64 `json:"maxInFlight"`
}

// Stats returns the counts so far. It looks at every client there is.
func (s *Server) Stats() Stats {
	stats := s.meter.stats()
	now := time.Now()
	for i := range s.world.shards {
		live, duplicates := s.world.shards[i].count(now)
		stats.LiveClients += live
		stats.Duplicates += duplicates
	}
	stats.Users, stats.Conversations, stats.SecondConversations = s.world.people.counts()
	return stats
}

func (s *shard) count(now time.Time) (live, duplicates int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[[2]string]bool{}
	for key := range s.clients {
		clear(seen)
		for _, c := range s.live(key, now) {
			live++
			if c.given != nil {
				continue
			}
			if seen[c.typeAndIntegration()] {
				duplicates++
			}
			seen[c.typeAndIntegration()] = true
		}
	}
	return live, duplicates
}

// meter counts calls.
type meter struct {
	calls            [operations]atomic.Int64
	statuses         [600]atomic.Int64
	created, removed atomic.Int64

	mu            sync.Mutex
	number        uint64 // of the newest call that faults are for
	inFlight, max int64
	second        window
}

// begin counts a call and returns its number among those that faults are for.
func (m *meter) begin(op operation) uint64 {
	m.calls[op].Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight++
	m.max = max(m.max, m.inFlight)
	if op.onPeople() {
		m.number++
		m.second.add(time.Now())
	}
	return m.number
}

func (m *meter) end(status int) {
	m.statuses[status].Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight--
}

func (m *meter) stats() Stats {
	stats := Stats{
		Calls: map[string]int64{}, Statuses: map[int]int64{},
		Created: m.created.Load(), Removed: m.removed.Load(),
	}
	for op := range operations {
		if n := m.calls[op].Load(); n > 0 {
			stats.Calls[op.String()] = n
		}
	}
	for status := range m.statuses {
		if n := m.statuses[status].Load(); n > 0 {
			stats.Statuses[status] = n
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	stats.InFlight, stats.MaxInFlight, stats.MaxPerSecond = m.inFlight, m.max, m.second.max
	return stats
}

// window remembers the times of the last second in a ring, oldest first, and the most that were ever in it.
type window struct {
	times    []time.Time
	first, n int
	max      int
}

func (w *window) add(now time.Time) {
	for w.n > 0 && now.Sub(w.times[w.first]) >= time.Second {
		w.first = (w.first + 1) % len(w.times)
		w.n--
	}
	if w.n == len(w.times) {
		grown := make([]time.Time, max(2*w.n, 64))
		copied := copy(grown, w.times[w.first:])
		copy(grown[copied:], w.times[:w.first])
		w.times, w.first = grown, 0
	}
	w.times[(w.first+w.n)%len(w.times)] = now
	w.n++
	w.max = max(w.max, w.n)
}
