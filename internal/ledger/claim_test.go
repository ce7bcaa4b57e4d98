package ledger

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

const other = "20261122-153013-zzzz"

func newClaims(t *testing.T) *Ledger {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return New(redistest.Start(t).Client(t), codec)
}

func TestClaimBelongsToTheFirst(t *testing.T) {
	l := newClaims(t)
	claim := func(id, want string) {
		t.Helper()
		if got := must[string](t)(l.Claim(t.Context(), "app", "f", id)); got != want {
			t.Errorf("claim of %s: held by %s, want %s", id, got, want)
		}
	}
	claim(job, job)
	created(t, l)
	claim(job, job)
	claim(other, job)
	if got := must[string](t)(l.Claim(t.Context(), "another app", "f", other)); got != other {
		t.Errorf("claim for another app: held by %s, want %s", got, other)
	}
}

// Two processes that claim at the same moment: the one that comes second waits for the job of the first.
func TestClaimWaitsForAJobThatIsBeingCreated(t *testing.T) {
	l := newClaims(t)
	must[string](t)(l.Claim(t.Context(), "app", "f", job))
	time.AfterFunc(300*time.Millisecond, func() { created(t, l) })
	if got := must[string](t)(l.Claim(t.Context(), "app", "f", other)); got != job {
		t.Errorf("held by %s, want %s", got, job)
	}
}

func TestClaimOfAJobThatNeverCame(t *testing.T) {
	l := newClaims(t)
	must[string](t)(l.Claim(t.Context(), "app", "f", job))
	if err := l.rdb.PExpire(t.Context(), claimKey("app", "f"), claimLife-2*claimGrace).Err(); err != nil {
		t.Fatal(err)
	}
	if got := must[string](t)(l.Claim(t.Context(), "app", "f", other)); got != other {
		t.Errorf("held by %s, want %s", got, other)
	}
}
