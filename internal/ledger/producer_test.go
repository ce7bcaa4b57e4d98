package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestThePlaceOfAnEnqueuerIsTakenWhenItIsGone(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		acquire := func(process string, patience time.Duration, taken bool) {
			t.Helper()
			err := l.AcquireProducer(ctx, job, process, patience)
			if e, ok := errors.AsType[*TakenError](err); ok != taken || err != nil && !ok || taken && e.By != "one" {
				t.Errorf("%s with patience %s: got %v, want taken: %t", process, patience, err, taken)
			}
		}
		abandoned := func(want bool) {
			t.Helper()
			if got := must[jobs.Job](t)(l.Job(ctx, job)).Abandoned; got.IsZero() == want {
				t.Errorf("abandoned: got %v, want %t", got, want)
			}
		}
		abandoned(false) // no heartbeats are sent
		acquire("one", TakeOverSilent, false)
		acquire("one", NeverTakeOver, false)
		acquire("two", TakeOverSilent, true)
		acquire("two", NeverTakeOver, true)
		abandoned(false)

		long := time.Now().Add(-Patience - time.Second).UnixMilli()
		if err := l.rdb.HSet(ctx, key(job), "enqueuer_seen", long).Err(); err != nil {
			t.Fatal(err)
		}
		abandoned(true)
		acquire("two", NeverTakeOver, true)
		acquire("two", TakeOverSilent, false)
		abandoned(false)
		if err := l.ReleaseProducer(ctx, job, "one"); err != nil {
			t.Fatal(err)
		}
		abandoned(false)
		if err := l.ReleaseProducer(ctx, job, "two"); err != nil {
			t.Fatal(err)
		}
		abandoned(true)
		acquire("one", NeverTakeOver, false)
		acquire("three", TakeOver, false)
		if err := l.Seal(ctx, job, nil, start); err != nil {
			t.Fatal(err)
		}
		if err := l.ReleaseProducer(ctx, job, "three"); err != nil {
			t.Fatal(err)
		}
		abandoned(false)
		if err := l.AcquireProducer(ctx, other, "one", TakeOver); !errors.Is(err, ErrNoJob) {
			t.Errorf("of no job: got %v, want %v", err, ErrNoJob)
		}
	})
}

func TestFailedRowsAreClaimedOnce(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		claim := func(cause, id, inPlaceOf, want string, wantSame bool) {
			t.Helper()
			got, same, err := l.ClaimRetry(t.Context(), job, cause, id, inPlaceOf)
			if err != nil || got != want || same != wantSame {
				t.Errorf("%q for %s: got %s, %t, %v; want %s, %t", cause, id, got, same, err, want, wantSame)
			}
		}
		claim("x", "1", "", "1", true)
		claim("x", "2", "", "1", true)
		claim("", "3", "", "3", true) // all but x
		claim("", "4", "", "3", true)
		claim("y", "5", "", "3", false)
		claim("x", "6", "1", "6", true)
		claim("y", "7", "3", "7", true)
		got := must[jobs.Job](t)(l.Job(t.Context(), job))
		if got.RetriedBy("x") != "6" || got.RetriedBy("y") != "7" || got.RetriedBy("z") != "3" {
			t.Errorf("got retries %v", got.Retries)
		}
	})
}
