package localredis

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestKeysExpireWithTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := Start()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.Client().Set(t.Context(), "key", "value", time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int64{1, 0} {
			if got := r.Client().Exists(t.Context(), "key").Val(); got != want {
				t.Errorf("got %d keys, want %d", got, want)
			}
			time.Sleep(2 * time.Minute)
		}
	})
}
