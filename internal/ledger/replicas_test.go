package ledger

import (
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

// opened returns a ledger with a batch of one row that a worker has.
func opened(t testing.TB, rdb redis.UniversalClient) (*Ledger, Delivery) {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	l := New(rdb, codec)
	now := time.Now()
	job := jobs.Job{ID: jobs.NewID(now), Created: now}
	if err := l.Create(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	d, err := l.Open(t.Context(), job.ID, 0, Claim{Worker: "w"}, now)
	if err != nil {
		t.Fatal(err)
	}
	return l, d
}

// A commit tells how many replicas have it: of the node of a Cluster that has the job, and of none where there are none.
func TestI10CommitIsOnReplicas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rdb  redis.UniversalClient
		want int64
	}{
		"Cluster":  {redistest.StartCluster(t).Client(t), 1},
		"Sentinel": {redistest.StartSentinel(t).Client(t), 2},
		"alone":    {redistest.Start(t).Client(t), 0},
	} {
		l, d := opened(t, c.rdb)
		receipt, err := l.Commit(t.Context(), d, Commit{Sequence: 1, Progress: jobs.NewProgress(1), Replicas: max(1, int(c.want))}, time.Now())
		if err != nil || !receipt.Accepted || receipt.Replicas != c.want {
			t.Errorf("%s: got %+v, %v; want it accepted and on %d replicas", name, receipt, err, c.want)
		}
	}
}

// What waiting for a replica costs a commit, on one machine.
func BenchmarkCommitOnReplicas(b *testing.B) {
	master := redistest.Start(b)
	_, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		b.Fatal(err)
	}
	redistest.Start(b, "--replicaof", "127.0.0.1", port, "--repl-diskless-sync-delay", "0")
	l, d := opened(b, master.Client(b))
	sequence := int64(0)
	commit := func(n int) Receipt {
		sequence++
		receipt, err := l.Commit(b.Context(), d, Commit{Sequence: sequence, Progress: jobs.NewProgress(1), Replicas: n}, time.Now())
		if err != nil || !receipt.Accepted {
			b.Fatalf("got %+v, %v", receipt, err)
		}
		return receipt
	}
	for commit(1).Replicas == 0 { // it takes all first
	}
	for name, n := range map[string]int{"none": 0, "one": 1} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				commit(n)
			}
		})
	}
}
