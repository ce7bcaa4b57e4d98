package pace

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestI4NeverMoreThanRateAndBurstInAnySecond(t *testing.T) {
	for _, tt := range []struct {
		workers int
		rate    float64
		burst   int
	}{
		{1, 50, 5}, {1, 10, 1}, {8, 200, 20}, {8, 10, 1}, {8, 3, 1}, {3, 1000, 1}, {3, 0.5, 1}, {2, 300, 90},
	} {
		t.Run(fmt.Sprintf("%d workers, %g/s and %d", tt.workers, tt.rate, tt.burst), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t)
				f.warm(tt.rate)
				const seconds = 20
				f.run(tt.workers, "job", Terms{Rate: tt.rate, Burst: tt.burst, Weight: 1}, seconds*time.Second)
				least := 0.99 * tt.rate * seconds
				if float64(tt.burst) < tt.rate/20 {
					least = 0.95 * tt.rate * seconds // slots are farther apart, so that late ones do no harm
				}
				f.check(int(tt.rate)+tt.burst, least)
				t.Logf("%d calls, at most %d in a second", len(f.calls), most(f.calls))
			})
		})
	}
}

func TestI4AfterIdleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.warm(100)
		terms := Terms{Rate: 100, Burst: 10, Weight: 1}
		for range 5 {
			f.run(4, "job", terms, 1500*time.Millisecond)
			time.Sleep(700 * time.Millisecond)
		}
		f.check(110, 5*150)
	})
}
