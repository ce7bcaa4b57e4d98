package chaos

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// witness stands before the simulated API and remembers the order of creates and lists of every user.
type witness struct {
	sim *suncotest.Server

	mu    sync.Mutex
	look  func(method, user string) // before each call on clients; nil = nobody looks
	users map[string][]*call
	times map[string][]time.Time // of calls on clients, by app
}

// call is a create or a list as the API saw it.
type call struct {
	create      bool
	integration string
	status      int // 0 = cut, hanging or under way
}

func newWitness(sim *suncotest.Server) *witness {
	return &witness{sim: sim, users: map[string][]*call{}, times: map[string][]time.Time{}}
}

// ServeHTTP passes the call on. A list is remembered when it was answered, a create when it comes.
func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/") // "", v2, apps, APP, users, USER, clients
	if len(parts) < 7 {
		w.sim.ServeHTTP(out, r)
		return
	}
	app, user := parts[3], parts[5]
	if look := w.looker(); look != nil {
		look(r.Method, user)
	}
	seen := &call{create: r.Method == http.MethodPost}
	if seen.create {
		body, _ := io.ReadAll(r.Body) // the simulator sees the same half
		r.Body = io.NopCloser(bytes.NewReader(body))
		var create struct {
			MatchCriteria struct {
				IntegrationID string `json:"integrationId"`
			} `json:"matchCriteria"`
		}
		if json.Unmarshal(body, &create) == nil {
			seen.integration = create.MatchCriteria.IntegrationID
		}
	}
	w.remember(app, user, seen)
	status := &statusWriter{ResponseWriter: out}
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		seen.status = status.code
		if r.Method == http.MethodGet && status.code == http.StatusOK {
			w.users[user] = append(w.users[user], seen)
		}
	}()
	w.sim.ServeHTTP(status, r)
}

// watch has a function called before each call on a user's clients.
func (w *witness) watch(look func(method, user string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look = look
}

func (w *witness) looker() func(method, user string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look
}

func (w *witness) remember(app, user string, c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.times[app] = append(w.times[app], time.Now())
	if c.create {
		w.users[user] = append(w.users[user], c)
	}
}

// creates returns how often a create of the user came that was not refused by a 4xx, and how often
// one came without a list since the one before.
func (w *witness) creates(user, integration string) (sent, blind int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	looked := true
	for _, c := range w.users[user] {
		switch {
		case !c.create:
			looked = true
		case c.integration == integration && c.status/100 != 4:
			sent++
			if !looked {
				blind++
			}
			looked = false
		}
	}
	return sent, blind
}

// most is the largest number of calls of an app within a second.
func (w *witness) most(app string) (most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	times := w.times[app]
	first := 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// seen is how many calls of an app came so far.
func (w *witness) seen(app string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.times[app])
}

// longestStill is the longest time after a moment in which no call of an app came, until its last one.
func (w *witness) longestStill(app string, after time.Time) (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.times[app] {
		if at.After(after) {
			longest, after = max(longest, at.Sub(after)), at
		}
	}
	return longest
}

// statusWriter remembers the status that was written.
type statusWriter struct {
	http.ResponseWriter
	code int
}

// WriteHeader remembers the status.
func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController flush.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
