package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/jobs"
)

// TestI2TwinsThatStartAtOnce: of runs of the same input that start in the same instant, one begins.
func TestI2TwinsThatStartAtOnce(t *testing.T) {
	for range 5 {
		t.Chdir(t.TempDir())
		const twins = 8
		var begun []*session
		var mu sync.Mutex
		var all sync.WaitGroup
		for range twins {
			head := local.Head{
				Job: jobs.NewID(time.Now()), Created: time.Now(), Options: jobs.Options{App: "app", BatchSize: 100},
				Inputs: []local.Input{{Name: "rows.csv", Size: 1, SHA256: "5e"}},
			}
			own := func(folder string) string { return folder }
			n := newcomer{Head: head, out: outFolder("", head.Job), journal: own, ended: endedJob}
			all.Go(func() {
				p := &program{}
				s, err := p.openEmbedded(t.Context(), runOptions{}, n)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					begun = append(begun, s)
				} else if !strings.Contains(err.Error(), "an unfinished run of the same input is in") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, s := range begun {
			s.close()
		}
		if len(begun) != 1 {
			t.Errorf("%d of %d twins have begun, want 1", len(begun), twins)
		}
	}
}
