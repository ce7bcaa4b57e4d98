package local

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// TestI2DuplicatesThatStartAtOnce: of runs of the same input that start in the same instant, one begins.
func TestI2DuplicatesThatStartAtOnce(t *testing.T) {
	for range 5 {
		t.Chdir(t.TempDir())
		const candidates = 8
		var begun []*Job
		var mu sync.Mutex
		var all sync.WaitGroup
		for range candidates {
			head := Head{
				Job: jobs.NewID(time.Now()), Created: time.Now(), Options: jobs.Options{App: "app", BatchSize: 100},
				Inputs: []Input{{Name: "rows.csv", Size: 1, SHA256: "5e"}},
			}
			out := "sunbulk-" + head.Job
			c := candidate{Head: head, out: out, around: out, journal: func(folder string) string { return folder }, ended: endedJob}
			all.Go(func() {
				b, err := newBackend()
				if err != nil {
					t.Error(err)
					return
				}
				j, err := b.open(t.Context(), c, func(string) {})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					begun = append(begun, j)
					return
				}
				b.redis.Close()
				if d, ok := errors.AsType[*DuplicateError](err); !ok || d.State != "" {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, j := range begun {
			j.Close()
		}
		if len(begun) != 1 {
			t.Errorf("%d of %d duplicates have begun, want 1", len(begun), candidates)
		}
	}
}
