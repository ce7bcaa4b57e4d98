package redistest

import (
	"testing"
)

// What the master wrote after a cut is not there after the failover, and what it wrote before is.
func TestSentinelLosesWhatIsCut(t *testing.T) {
	t.Parallel()
	s := StartSentinel(t)
	rdb, ctx := s.Client(t), t.Context()
	until(t, "the first write is replicated", func() error { return rdb.Set(ctx, "a", 1, 0).Err() })
	if n, err := rdb.Do(ctx, "WAIT", 2, 2000).Int(); err != nil || n != 2 {
		t.Fatalf("got %d, %v; want two replicas", n, err)
	}
	s.Cut(t)
	if err := rdb.Set(ctx, "b", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	old := s.Master(t)
	old.Kill()
	s.Failed(t, old)
	until(t, "the client has found the new master", func() error { return rdb.Set(ctx, "c", 1, 0).Err() })
	if n, err := rdb.Exists(ctx, "a", "b").Result(); err != nil || n != 1 {
		t.Errorf("got %d of the two keys, %v; want the one of before the cut", n, err)
	}
}

func TestClusterFailsOver(t *testing.T) {
	t.Parallel()
	c := StartCluster(t)
	before := c.Master(t, "{job}", nil)
	before.Kill()
	until(t, "another has the slot", func() error {
		if c.Master(t, "{job}", before) == before {
			return errStill
		}
		return nil
	})
}
