package plans

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/jobs"
)

func newStore(t *testing.T) (*Store, redis.UniversalClient) {
	t.Helper()
	r, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return NewStore(r.Client()), r.Client()
}

// added keeps a plan of an id.
func added(t *testing.T, s *Store, id, who string) Plan {
	t.Helper()
	p, err := s.Add(t.Context(), Plan{ID: id, Job: "job-" + id, Who: who, Created: time.Now().UTC().Truncate(time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAddKeepsTheFirst(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	first := added(t, s, "a", "ann")
	again := added(t, s, "a", "bob")
	if diff := cmp.Diff(first, again); diff != "" || again.Who != "ann" || len(first.Digest) != 64 {
		t.Errorf("a second plan of the id: %s\n%s", again.Who, diff)
	}
	if other := added(t, s, "b", "ann"); other.Digest == first.Digest {
		t.Error("two plans have one digest")
	}
	if _, err := s.Plan(t.Context(), "none"); !errors.Is(err, ErrNone) {
		t.Errorf("got %v, want ErrNone", err)
	}
}

// TestActsAreNotedOnce: of many who decide and start at once one is noted, and it stays.
func TestActsAreNotedOnce(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	ctx := t.Context()
	p := added(t, s, "a", "ann")
	if err := s.Ask(ctx, "none", Act{Who: "ann", Digest: p.Digest}); !errors.Is(err, ErrNone) {
		t.Errorf("no such plan: got %v", err)
	}
	states := []State{p.State()}
	note := func() {
		t.Helper()
		now, err := s.Plan(ctx, "a")
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, now.State())
	}
	for _, do := range []func(who string) error{
		func(who string) error { return s.Ask(ctx, "a", Act{Who: who, Digest: p.Digest}) },
		func(who string) error { return s.Decide(ctx, "a", Act{Who: who, Digest: p.Digest, Approved: true}) },
		func(who string) error { return s.Start(ctx, "a", Act{Who: who, Digest: p.Digest}) },
	} {
		const many = 8
		errs := make([]error, many)
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() { errs[i] = do(fmt.Sprint("who-", i)) })
		}
		all.Wait()
		noted := 0
		for _, err := range errs {
			switch {
			case err == nil:
				noted++
			case !errors.Is(err, ErrDone):
				t.Error(err)
			}
		}
		if noted != 1 {
			t.Errorf("%d of %d were noted", noted, many)
		}
		note()
	}
	if diff := cmp.Diff([]State{Planned, Waiting, Approved, Started}, states); diff != "" {
		t.Error(diff)
	}
	q := added(t, s, "b", "ann")
	if err := s.Decide(ctx, "b", Act{Who: "bob", Digest: q.Digest}); err != nil {
		t.Fatal(err)
	}
	if q, _ = s.Plan(ctx, "b"); q.State() != Refused {
		t.Errorf("got %s, want refused", q.State())
	}
}

// TestAnApprovalIsOfOnePlan: a plan that somebody changed in Redis has no approval; one of another digest is none.
func TestAnApprovalIsOfOnePlan(t *testing.T) {
	t.Parallel()
	s, rdb := newStore(t)
	ctx := t.Context()
	p := added(t, s, "a", "ann")
	if err := s.Decide(ctx, "a", Act{Who: "bob", Digest: p.Digest, Approved: true}); err != nil {
		t.Fatal(err)
	}
	text, err := rdb.HGet(ctx, key("a"), "plan").Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := rdb.HSet(ctx, key("a"), "plan", strings.Replace(text, `"who":"ann"`, `"who":"eve"`, 1)).Err(); err != nil {
		t.Fatal(err)
	}
	changed, err := s.Plan(ctx, "a")
	if err != nil || changed.Digest == p.Digest || changed.State() != Planned {
		t.Errorf("a changed plan is %s, %v", changed.State(), err)
	}
	added(t, s, "b", "ann")
	if err := s.Decide(ctx, "b", Act{Who: "bob", Digest: p.Digest, Approved: true}); err != nil {
		t.Fatal(err)
	}
	if q, err := s.Plan(ctx, "b"); err != nil || q.State() != Planned {
		t.Errorf("an approval of another plan: it is %s, %v", q.State(), err)
	}
}

// TestPlansAreListed: the newest first, without those that have expired or cannot be read.
func TestPlansAreListed(t *testing.T) {
	t.Parallel()
	s, rdb := newStore(t)
	ctx, now := t.Context(), time.Now().UTC()
	for i, id := range []string{"old", "expired", "damaged", "later", "new"} {
		created := now.Add(time.Duration(i-10) * time.Minute)
		if id == "expired" {
			created = now.Add(-life - time.Hour)
		}
		if _, err := s.Add(ctx, Plan{ID: id, Created: created}); err != nil {
			t.Fatal(err)
		}
	}
	for id, text := range map[string]string{"damaged": "{", "later": `{"version": 99, "id": "later"}`} {
		if err := rdb.HSet(ctx, key(id), "plan", text).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Plan(ctx, "later"); !errors.Is(err, ErrVersion) {
		t.Errorf("of a later release: got %v", err)
	}
	list := func(limit int) (ids []string) {
		t.Helper()
		all, err := s.Plans(ctx, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			ids = append(ids, p.ID)
		}
		return ids
	}
	if diff := cmp.Diff([]string{"new", "old"}, list(10)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"new"}, list(1)); diff != "" {
		t.Error(diff)
	}
	if ttl := rdb.PTTL(ctx, key("new")).Val(); ttl <= 0 || ttl > life {
		t.Errorf("a plan lives for %s", ttl)
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	s, rdb := newStore(t)
	ctx := t.Context()
	first, same, err := s.Once(ctx, "ann\x00key", "a request")
	if err != nil || !same {
		t.Fatalf("got %v, %v", same, err)
	}
	for request, want := range map[string]bool{"a request": true, "another": false} {
		at, same, err := s.Once(ctx, "ann\x00key", request)
		if err != nil || same != want || !at.Equal(first) {
			t.Errorf("%s: got %v, %v, %v", request, at, same, err)
		}
	}
	if _, same, err := s.Once(ctx, "bob\x00key", "another"); err != nil || !same {
		t.Errorf("another caller: got %v, %v", same, err)
	}
	for _, name := range rdb.Keys(ctx, "sunbulk:once:*").Val() {
		if strings.Contains(name, "key") {
			t.Errorf("%s shows a key", name)
		}
		if err := rdb.Set(ctx, name, "forged", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Once(ctx, "ann\x00key", "a request"); err == nil {
		t.Error("a damaged entry counts as a request")
	}
}

func TestChangesAndRemoves(t *testing.T) {
	t.Parallel()
	p := Plan{Made: plan.Plan{Operations: map[jobs.Op]int64{jobs.Create: 3, jobs.List: 5, jobs.Remove: 7, jobs.Verify: 11}}}
	if p.Changes() != 10 || p.Removes() != 7 {
		t.Errorf("got %d changes and %d removes, want 10 and 7", p.Changes(), p.Removes())
	}
}
