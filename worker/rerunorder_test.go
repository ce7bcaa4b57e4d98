package worker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// village is an API that learns of its users over time, and counts the creates of each that came through.
type village struct {
	*suncotest.Server
	mu      sync.Mutex
	missing map[string]bool
}

func (v *village) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/apps/"+app+"/users/"), "/")
	v.mu.Lock()
	missing := v.missing[user]
	v.mu.Unlock()
	if missing {
		fault(http.StatusNotFound, "user_not_found")(w, r)
		return
	}
	v.Server.ServeHTTP(w, r)
}

// learn lets the API know some more users.
func (v *village) learn(some func() bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, user := range slices.Sorted(maps.Keys(v.missing)) {
		if some() {
			delete(v.missing, user)
		}
	}
}

// rerunner runs rows again in a random order and form.
type rerunner struct {
	*bench
	random *rand.Rand
	first  []jobs.Row // of rows that were rejected, or failed, in the first job
	jobs   []*bench
}

// I2, I9: when rows are run again, by retry, from failed.csv, edited or not, from a mended rejected.csv, in whatever order and however often its worker
// dies, each row is created once.
func TestI2I9RerunsInAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			const n = 24
			r := rand.New(rand.NewPCG(seed, 3))
			v := &village{Server: suncotest.New(suncotest.Config{}), missing: map[string]bool{}}
			opt := options()
			opt.Timeout = 200 * time.Millisecond
			p := &rerunner{bench: newBench(t, v, opt), random: r}
			rows := creates(n)
			for i := range rows {
				if r.IntN(3) > 0 {
					v.missing[rows[i].User] = true
				}
			}
			p.queue(5, rows[:n-6]...)
			p.run(p.bench)
			for i, row := range rows[n-6:] { // rejected: it has no outcome, and its line in rejected.csv names it
				row.Lineage = row.Lineage.Then(jobs.RowRef{Job: p.job, Row: int64(n - 6 + i + 1)})
				p.first = append(p.first, row)
			}
			for range 3 {
				p.again(opt)
				v.learn(func() bool { return r.IntN(4) == 0 })
			}
			v.learn(func() bool { return true })
			p.settle(opt)
			if stats := v.Stats(); stats.Created != n || stats.Duplicates != 0 {
				t.Errorf("%d created, %d duplicates; want %d, each once", stats.Created, stats.Duplicates, n)
			}
		})
	}
}

// run works a job; its first workers die at some claim.
func (p *rerunner) run(b *bench) {
	p.t.Helper()
	p.jobs = append(p.jobs, b)
	for range p.random.IntN(2) {
		ctx, die := context.WithCancel(p.t.Context())
		k := &killed{Reruns: b.ledger, at: 1 + p.random.Int64N(8), die: die}
		w := worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Backoff: 50 * time.Millisecond, Reruns: k})
		err := w.Serve(ctx, b.job)
		die()
		if err != nil && !errors.Is(err, context.Canceled) {
			p.t.Fatal(err)
		}
	}
	b.serve()
}

// candidates are the rows that some report offers to be run again.
func (p *rerunner) candidates(codes func(code string) bool) []jobs.Row {
	all := slices.Clone(p.first)
	for _, b := range p.jobs {
		outcomes := b.outcomes()
		for number := range int64(len(outcomes)) {
			if o := outcomes[number+1]; o.Kind == jobs.Failed && codes(o.ErrorCode) {
				row := o.Row
				row.Lineage = row.Lineage.Then(jobs.RowRef{Job: b.job, Row: row.Number})
				all = append(all, row)
			}
		}
	}
	return all
}

// again runs some rows again: in another order, some of them twice or edited.
func (p *rerunner) again(opt jobs.Options) {
	p.t.Helper()
	all := p.candidates(func(string) bool { return true })
	p.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:1+p.random.IntN(len(all))]
	for i := range all {
		switch p.random.IntN(4) {
		case 0:
			all[i].PhoneNumber = fmt.Sprintf("+1646555%04d", p.random.IntN(10_000))
		case 1:
			all = append(all, all[i])
		}
	}
	p.start(opt, all)
}

// start makes a job of rows and runs it.
func (p *rerunner) start(opt jobs.Options, rows []jobs.Row) {
	p.t.Helper()
	b := p.beside(opt)
	b.queue(1+p.random.IntN(9), rows...)
	p.run(b)
}

// settle runs what failed until nothing does that could come through.
func (p *rerunner) settle(opt jobs.Options) {
	p.t.Helper()
	for range 2 {
		p.start(opt, p.candidates(func(code string) bool { return code != "rerun_elsewhere" }))
	}
}
