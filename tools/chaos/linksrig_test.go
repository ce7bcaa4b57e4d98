package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// webhookSecret is what the simulated API and the receivers share.
const webhookSecret = "the webhook's secret"

// linksTrial is a rig with receivers of webhooks behind a balancer, which remembers what they took.
type linksTrial struct {
	*chaos
	front     *balancer
	receivers []*receiver
	kills     int // of receivers so far
	outage    time.Duration
	away      time.Duration // how long Redis was away
	loud      bool          // the API sends webhooks

	twice map[string]bool // users for whom two clients were made
}

// receiver is a place for a sunbulk receive, with its address.
type receiver struct {
	*process
	addr string
}

// newLinksTrial starts two workers and two receivers. Events of a link come with the shares of faults that docs/reliability.md names.
func newLinksTrial(t *testing.T, world suncotest.World, seed uint64) *linksTrial {
	t.Helper()
	l := &linksTrial{front: &balancer{}, outage: option[time.Duration]("outage"), loud: true, twice: map[string]bool{}}
	r := newRig(t, world)
	l.chaos = &chaos{rig: r, random: rand.New(rand.NewPCG(seed, 3)), plan: &plan{}, tally: map[string]int{}}
	if r.redis == nil {
		t.Skip("receivers are killed around one Redis")
	}
	secret := filepath.Join(r.dir, "webhook.secret")
	if err := os.WriteFile(secret, []byte(webhookSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(l.front)
	t.Cleanup(front.Close)
	for range 2 {
		one := &receiver{addr: freeAddr(t)}
		l.receivers = append(l.receivers, one)
		l.front.targets = append(l.front.targets, "http://"+one.addr)
		l.startReceiver(one)
	}
	for range 2 {
		l.addWorker()
	}
	r.sim.SetWebhook(&suncotest.Webhook{
		Target: front.URL, Secret: webhookSecret, Window: max(15*time.Second, 4*l.outage), LateBy: time.Second,
		Twice: 0.05, Late: 0.05, Swapped: 0.05, Early: 0.02, Dropped: 0.01, WrongKey: 0.01,
	})
	return l
}

// freeAddr is an address below the ports that the system gives to outgoing connections.
func freeAddr(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15_000+rand.IntN(17_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (l *linksTrial) startReceiver(one *receiver) {
	l.Helper()
	one.process = l.start("receive", "receive", "--redis", l.redis.URL(), "--app", "app-a", "--listen", one.addr,
		"--secret-file", filepath.Join(l.dir, "webhook.secret"), "--log-format", "json")
}

// look starts again what has ended, as whatever supervises it would.
func (l *linksTrial) look() {
	l.Helper()
	l.pass(50 * time.Millisecond)
	for _, one := range l.receivers {
		if !one.running() {
			if code := one.code(); code != -1 && code != 1 {
				l.Fatalf("receive ended with code %d:\n%s", code, one.tail())
			}
			l.startReceiver(one)
		}
	}
}

// killReceiver kills one of them, in turn.
func (l *linksTrial) killReceiver() {
	one := l.receivers[l.kills%len(l.receivers)]
	one.kill()
	l.kills++
}

// breakRedis kills Redis, and brings it back after the outage.
func (l *linksTrial) breakRedis() {
	l.Helper()
	l.redis.Kill()
	began := time.Now()
	for time.Since(began) < l.outage {
		l.look()
	}
	l.redis.Restart(l)
	l.away += time.Since(began)
}

// wait returns when a condition holds, and fails the test when nothing has moved for three minutes.
func (l *linksTrial) wait(what string, holds func() (done bool, progress int64)) {
	l.Helper()
	for before, moved := int64(-1), time.Now(); ; l.look() {
		done, progress := holds()
		if done {
			return
		}
		if progress != before {
			before, moved = progress, time.Now()
		}
		if time.Since(moved) > 3*time.Minute {
			l.Fatalf("waited for %s, and nothing moved in three minutes", what)
		}
	}
}

// balancer passes payloads on to receivers in turn, and keeps those that were taken.
type balancer struct {
	targets []string
	turn    atomic.Int64
	mu      sync.Mutex
	taken   [][]byte
}

// ServeHTTP answers 502 where the receiver whose turn it is does not.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	target := b.targets[int(b.turn.Add(1))%len(b.targets)]
	q, err := http.NewRequestWithContext(r.Context(), r.Method, target, bytes.NewReader(body))
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	q.Header = r.Header.Clone()
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		b.mu.Lock()
		b.taken = append(b.taken, body)
		b.mu.Unlock()
	}
	w.WriteHeader(answer.StatusCode)
}

// write writes what was taken as a file for settle, in an order that is nobody's.
func (b *balancer) write(t testing.TB, path string, random *rand.Rand) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.taken)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if err := os.WriteFile(path, append(bytes.Join(all, []byte("\n")), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ends are the last events of clients that were taken: that it was confirmed, and why it vanished.
func (b *balancer) ends(t testing.TB) map[string]map[string]bool {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]map[string]bool{}
	for _, body := range b.taken {
		var payload struct {
			Events []struct {
				Payload struct {
					Client struct{ ID string }
					Reason string
				}
			}
		}
		if err := json.Unmarshal(body, &payload); err != nil {
			t.Fatal(err)
		}
		for _, e := range payload.Events {
			p := e.Payload
			if all[p.Client.ID] == nil {
				all[p.Client.ID] = map[string]bool{}
			}
			all[p.Client.ID][p.Reason] = true
		}
	}
	return all
}

// pristine is another Redis with a job as it was without what became known of its links.
func (l *linksTrial) pristine(job string) *redistest.Server {
	l.Helper()
	ctx, s := l.Context(), redistest.Start(l)
	to := s.Client(l)
	key := "sunbulk:{" + job + "}"
	for _, name := range []string{key, key + ":outcomes", key + ":attempts", key + ":finished", "sunbulk:jobs"} {
		data, err := l.rdb.Dump(ctx, name).Result()
		if err != nil {
			continue // there are none of it
		}
		if err := to.RestoreReplace(ctx, name, 0, data).Err(); err != nil {
			l.Fatal(err)
		}
	}
	counts := map[string]int64{"ok": 0, "in_doubt": 0} // as they were before events adopted what was in doubt
	for chunk, err := range l.ledger.Chunks(ctx, job) {
		if err != nil {
			l.Fatal(err)
		}
		for _, o := range chunk.Outcomes {
			switch o.Kind {
			case jobs.OK:
				counts["ok"]++
			case jobs.InDoubt:
				counts["in_doubt"]++
				counts["cause:"+o.ErrorCode]++
			}
		}
	}
	for field, n := range counts {
		to.HSet(ctx, key, field, n)
	}
	for field := range to.HGetAll(ctx, key).Val() {
		for _, of := range []string{"link:", "indexed", "taken"} {
			if len(field) >= len(of) && field[:len(of)] == of {
				to.HDel(ctx, key, field)
			}
		}
	}
	return s
}
