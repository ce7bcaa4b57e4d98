package ledger

import (
	"testing"
	"time"
)

func TestNoticeIsClaimedByOneAtATime(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		claim := func(lease time.Duration, wantAttempt int64, wantSettled bool) {
			t.Helper()
			attempt, settled, err := l.ClaimNotice(t.Context(), job, "finished", true, lease)
			if err != nil || attempt != wantAttempt || settled != wantSettled {
				t.Errorf("claim: got attempt %d, settled %v, %v; want %d, %v", attempt, settled, err, wantAttempt, wantSettled)
			}
		}
		claim(0, 1, false) // a worker that dies at once
		claim(time.Minute, 2, false)
		claim(time.Minute, 0, false)
		if err := l.DeferNotice(t.Context(), job, "finished", 1, 0); err != nil { // by the one that was thought dead
			t.Fatal(err)
		}
		claim(time.Minute, 0, false)
		if err := l.DeferNotice(t.Context(), job, "finished", 2, 0); err != nil {
			t.Fatal(err)
		}
		claim(time.Minute, 3, false)
		if err := l.SettleNotice(t.Context(), job, "finished", "delivered"); err != nil {
			t.Fatal(err)
		}
		if err := l.DeferNotice(t.Context(), job, "finished", 3, 0); err != nil {
			t.Fatal(err)
		}
		claim(time.Minute, 0, true)
	})
}

func TestNoticeOfOldIsOnlyGoneOnWith(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		if _, settled, err := l.ClaimNotice(t.Context(), job, "finished", false, time.Minute); err != nil || !settled {
			t.Errorf("never begun: settled %v, %v", settled, err)
		}
		if _, _, err := l.ClaimNotice(t.Context(), job, "finished", true, 0); err != nil {
			t.Fatal(err)
		}
		if attempt, _, err := l.ClaimNotice(t.Context(), job, "finished", false, 0); err != nil || attempt != 2 {
			t.Errorf("begun: got attempt %d, %v; want 2", attempt, err)
		}
	})
}
