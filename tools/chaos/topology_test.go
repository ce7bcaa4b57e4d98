package chaos

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// topology is a Redis with its faults, and the job that goes on meanwhile.
type topology struct {
	name  string
	batch int
	lossy bool                           // what Redis had confirmed is surely lost
	begin func(t *trial) (breaks func()) // starts the Redis, and breaks it while the job runs
}

// topologies are the faults that docs/redis.md promises to bear; docs/reliability.md has figures of them.
func topologies() []topology {
	return []topology{
		{"two graceful failovers", 100, false, gracefulFailovers},
		{"replication cut for 3 s, then the master killed", 100, true, lostReplication},
		{"the same, in batches of 5", 5, true, lostReplication},
		{"a file of 4 s ago put back", 100, true, restored},
		{"the same, in batches of 5", 5, true, restored},
		{"a file of 4 s ago put back, behind Sentinels", 20, true, restoredBehindSentinels},
		{"the master of the job's slot killed", 100, false, clusterKill},
		{"the job's slot moved 6 times", 100, false, reshard},
	}
}

// TestTopology holds I1, I2, I3, I9 and I10 for real processes on real topologies. It takes a minute for each fault and time.
func TestTopology(t *testing.T) {
	times := option[int]("times")
	if times == 0 {
		t.Skip("only with -times, as make topology gives it")
	}
	logging.Disable() // of the tests' own clients
	program := build(t)
	for i, p := range topologies() {
		name := fmt.Sprintf("%d %s", i+1, p.name)
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			var all []*trial
			for range times {
				t.Run("", func(t *testing.T) {
					tr := newTrial(t, program, p)
					tr.run()
					all = append(all, tr)
				})
			}
			printTrials(t.Output(), name, all)
		})
	}
}

func gracefulFailovers(t *trial) func() {
	s := redistest.StartSentinel(t.t)
	t.on(s.URL(), s.Client(t.t))
	return func() {
		t.failOver(s)
		t.until(0.6)
		t.failOver(s)
	}
}

// failOver promotes a replica, and counts what the old master confirmed of the job and the new one did not have.
func (t *trial) failOver(s *redistest.Sentinel) {
	t.t.Helper()
	old := s.Master(t.t)
	var confirmed, kept atomic.Int64 // by the old master at last; by another at first
	kept.Store(-1)
	var watching sync.WaitGroup
	ctx, end := context.WithCancel(context.Background())
	for _, server := range s.Servers {
		rdb := server.Client(t.t)
		watching.Go(func() {
			for ; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
				n, master := t.confirmedBy(ctx, rdb)
				switch {
				case !master:
				case server == old:
					confirmed.Store(max(n, confirmed.Load()))
				case kept.CompareAndSwap(-1, n):
					return
				}
			}
		})
	}
	s.Failover(t.t)
	time.Sleep(3 * time.Second) // in which all clients hear of it
	end()
	watching.Wait()
	t.gone += max(0, confirmed.Load()-kept.Load())
}

// confirmedBy is how many writes about batches a server has confirmed, and whether it is a master.
func (t *trial) confirmedBy(ctx context.Context, rdb *redis.Client) (n int64, master bool) {
	pipe := rdb.TxPipeline()
	role, job := pipe.Info(ctx, "replication"), pipe.HGetAll(ctx, "sunbulk:{"+t.task.job+"}")
	if _, err := pipe.Exec(ctx); err != nil || !strings.Contains(role.Val(), "role:master") {
		return 0, false
	}
	for name, value := range job.Val() {
		if strings.HasPrefix(name, "confirmed:") {
			writes, _ := strconv.ParseInt(value, 10, 64)
			n += writes
		}
	}
	return n, true
}

func lostReplication(t *trial) func() {
	s := redistest.StartSentinel(t.t)
	t.on(s.URL(), s.Client(t.t))
	return func() {
		s.Cut(t.t)
		t.lose(func() {
			time.Sleep(3 * time.Second)
		}, s.Master(t.t).Kill)
	}
}

func restored(t *trial) func() {
	s := redistest.Start(t.t)
	t.on(s.URL(), s.Client(t.t))
	return func() {
		before := s.Copy(t.t)
		t.lose(func() { time.Sleep(4 * time.Second) }, s.Kill)
		s.PutBack(t.t, before)
		s.Restart(t.t)
	}
}

// restoredBehindSentinels puts the master's file back when all servers are down, and starts it before the replicas, which take all from it.
func restoredBehindSentinels(t *trial) func() {
	s := redistest.StartSentinel(t.t)
	t.on(s.URL(), s.Client(t.t))
	return func() {
		master := s.Servers[0]
		before := master.Copy(t.t)
		t.lose(func() { time.Sleep(4 * time.Second) }, func() {
			for _, server := range s.Servers {
				server.Kill()
			}
		})
		master.PutBack(t.t, before)
		master.Restart(t.t)
		s.Up(t.t) // or they may promote a replica that has lost nothing
		for _, server := range s.Servers {
			if server != master {
				server.Restart(t.t)
			}
		}
	}
}

func clusterKill(t *trial) func() {
	// The nodes' time-out is that of which others wait before they promote a replica.
	c := redistest.StartCluster(t.t, "--cluster-node-timeout", "3000")
	t.on(c.URL(), c.Client(t.t))
	return func() {
		master := c.Master(t.t, "{"+t.task.job+"}", nil)
		killed := time.Now()
		master.Kill()
		for c.Master(t.t, "{"+t.task.job+"}", master) == master {
			time.Sleep(50 * time.Millisecond)
		}
		t.failover = time.Since(killed)
	}
}

func reshard(t *trial) func() {
	c := redistest.StartCluster(t.t, "--cluster-node-timeout", "5000") // or a busy machine makes it a trial of a failover amid a move
	t.on(c.URL(), c.Client(t.t))
	return func() {
		for i := range 6 {
			t.until(0.2 + 0.1*float64(i))
			for _, key := range []string{"{" + t.task.job + "}", "sunbulk:jobs", "sunbulk:pace:{" + t.task.app + "}"} {
				c.Move(t.t, key)
			}
		}
	}
}

// lose lets time go by and breaks Redis, and counts the batches that were opened and finished between: nothing of them is left when
// what was confirmed meanwhile is lost.
func (t *trial) lose(wait, breaks func()) {
	t.Helper()
	ctx := context.Background()
	open, err := t.rdb.HKeys(ctx, "sunbulk:{"+t.task.job+"}:open").Result()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, batch := range open {
		known[batch] = true
	}
	finishedBefore := t.finishedBatches()
	wait()
	finished := t.finishedBatches()
	breaks()
	for batch := range finished {
		if !finishedBefore[batch] && !known[batch] {
			t.within++
		}
	}
}

// finishedBatches are those that the ledger calls so.
func (t *trial) finishedBatches() map[string]bool {
	t.Helper()
	finished, err := t.ledger.Finished(context.Background(), t.task.job)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for batch := range int64(len(t.task.rows)/t.task.batch + 1) {
		if finished(batch) {
			all[fmt.Sprint(batch)] = true
		}
	}
	return all
}
