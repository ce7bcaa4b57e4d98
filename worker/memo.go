package worker

import "sync"

// memo keeps what was learnt of keys, for all goroutines of a delivery or job. The zero value is ready.
type memo[K comparable, V any] struct {
	mu sync.Mutex
	of map[K]V
}

func (m *memo[K, V]) get(k K) (v V, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, known = m.of[k]
	return v, known
}

func (m *memo[K, V]) put(k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[K]V{}
	}
	m.of[k] = v
}

func (m *memo[K, V]) forget(k K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of, k)
}
