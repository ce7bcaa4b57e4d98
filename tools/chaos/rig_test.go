package chaos

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// rig is what the processes need around them: Redis, the simulated API, and a line to each.
type rig struct {
	testing.TB
	dir     string              // of inputs, logs and reports
	program string              // the sunbulk binary
	secrets string              // credentials file
	redis   *redistest.Server   // nil where it is a topology
	guarded *redistest.Sentinel // nil where it is another
	url     string              // of Redis
	sim     *suncotest.Server
	witness *witness
	api     string // host:port of the simulated API
	rdb     redis.UniversalClient
	ledger  *ledger.Ledger
	workers []*worker
	started int        // processes so far
	wrong   int        // errors so far
	all     []*process // every one of them
}

// worker is a place for a worker process, with its own line.
type worker struct {
	*line
	*process
	killed bool      // by a fault, which starts it again
	again  time.Time // when to start again; zero while it runs
}

// apps are those of the queued jobs; each embedded run has one of its own.
func apps() []string { return []string{"app-a", "app-b", "app-c"} }

func newRig(t testing.TB, world suncotest.World) *rig {
	t.Helper()
	before := len(goroutines())
	t.Cleanup(func() { noGoroutineLeft(t, before) })
	if option[bool]("sentinel") {
		s := redistest.StartSentinel(t)
		r := newRigOn(t, world, build(t), s.URL(), s.Client(t))
		r.guarded = s
		return r
	}
	server := redistest.Start(t) // skips without redis-server
	r := newRigOn(t, world, build(t), server.URL(), server.Client(t))
	r.redis = server
	return r
}

// newRigOn is a rig around a program and a Redis that are there.
func newRigOn(t testing.TB, world suncotest.World, program, url string, rdb redis.UniversalClient) *rig {
	t.Helper()
	r := &rig{TB: t, dir: t.ArtifactDir(), program: program, url: url, rdb: rdb}
	r.sim = suncotest.New(suncotest.Config{World: world, Knobs: usualKnobs(), Fates: true})
	r.witness = newWitness(r.sim)
	server := httptest.NewServer(r.witness)
	t.Cleanup(func() { r.sim.Close(); server.CloseClientConnections(); server.Close() })
	r.api = server.Listener.Addr().String()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	r.ledger = ledger.New(r.rdb, codec)
	r.secrets = filepath.Join(r.dir, "apps.json")
	keys := map[string]any{}
	for _, app := range apps() {
		keys[app] = map[string]string{"keyId": "key", "keySecret": "secret"}
	}
	data, err := json.Marshal(map[string]any{"apps": keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.secrets, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// Errorf reports what is wrong, but not for every row of a large job.
func (r *rig) Errorf(format string, args ...any) {
	r.Helper()
	const most = 30
	if r.wrong++; r.wrong > most {
		r.Fail()
		return
	}
	r.TB.Errorf(format, args...)
}

// build compiles sunbulk as it is in this checkout.
func build(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sunbulk")
	cmd := exec.Command("go", "-C", "../..", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "./cmd/sunbulk")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0") // as the Makefile compiles it, so that packages are compiled once
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("build sunbulk: %v\n%s", err, out)
	}
	return program
}

func (r *rig) newLine(name string) *line {
	l := &line{api: newRoute(r, name+"-api", r.api)}
	if r.redis != nil {
		l.redis = newRoute(r, name+"-redis", r.redis.Addr)
	}
	return l
}

// redisBy is the URL of Redis for the process that has a line.
func (r *rig) redisBy(l *line) string {
	if l.redis == nil {
		return r.url
	}
	return "redis://" + l.redis.addr()
}

// start runs sunbulk in the rig's folder.
func (r *rig) start(name string, args ...string) *process {
	r.Helper()
	r.started++
	env := []string{"SUNBULK_KEY_ID=key", "SUNBULK_KEY_SECRET=secret"}
	p := start(r, r.dir, fmt.Sprintf("%03d-%s", r.started, name), r.program, env, args...)
	r.all = append(r.all, p)
	return p
}

func (r *rig) addWorker() *worker {
	r.Helper()
	w := &worker{line: r.newLine(fmt.Sprintf("worker-%d", len(r.workers)))}
	r.workers = append(r.workers, w)
	r.startWorker(w)
	return w
}

// startWorker starts the process of a place.
func (r *rig) startWorker(w *worker) {
	r.Helper()
	w.killed, w.again = false, time.Time{}
	w.process = r.start("worker", "worker", "--redis", r.redisBy(w.line), "--base-url", "http://"+w.api.addr(),
		"--credentials", r.secrets, "--concurrency", "16", "--log-format", "json")
}

// keep starts a worker again that found no Redis, as whatever supervises it would.
func (r *rig) keep(w *worker) {
	r.Helper()
	switch {
	case w.running() || w.killed:
	case w.code() != 1:
		r.Fatalf("worker ended with code %d:\n%s", w.code(), w.tail())
	case w.again.IsZero():
		w.again = time.Now().Add(300 * time.Millisecond)
	case time.Now().After(w.again):
		r.startWorker(w)
	}
}

// noGoroutineLeft is for the end of the test, when everything else was cleaned up.
func noGoroutineLeft(t testing.TB, before int) {
	t.Helper()
	left := goroutines()
	for range 100 {
		if len(left) <= before {
			return
		}
		time.Sleep(100 * time.Millisecond)
		left = goroutines()
	}
	t.Errorf("goroutines: got %d at the end, want the %d of the start\n%s", len(left), before, strings.Join(left, "\n\n"))
}

// goroutines returns the stacks of all goroutines but toxiproxy's: a toxic that is removed while
// bytes come in leaves one behind that waits for ever.
func goroutines() []string {
	stacks := make([]byte, 1<<22)
	all := strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n")
	return slices.DeleteFunc(all, func(stack string) bool { return strings.Contains(stack, "Shopify/toxiproxy") })
}
