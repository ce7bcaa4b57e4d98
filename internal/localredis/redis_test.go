package localredis

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// start returns a Redis that is closed when the test ends.
func start(t *testing.T) *Redis {
	t.Helper()
	r, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestKeysExpireWithTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
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

func TestI6KeysThatAreGoneAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		const keys = 1000
		for i := range keys {
			key := strconv.Itoa(i)
			if err := r.Client().Set(t.Context(), key, i, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if err := r.Client().Del(t.Context(), key).Err(); err != nil {
				t.Fatal(err)
			}
		}
		remembered := func() (n int) {
			r.scripts.between(func() { n = r.changes.Len() })
			return n
		}
		if got := remembered(); got != keys {
			t.Errorf("got %d keys remembered, want %d: is the table a different one by now?", got, keys)
		}
		time.Sleep(2 * time.Second)
		if got := remembered(); got != 0 {
			t.Errorf("got %d keys remembered, want none", got)
		}
	})
}
