package pace

import (
	"cmp"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// limited is one kind of limit of an API and the rate of a job.
type limited struct {
	name    string
	limit   func() limit
	named   bool // a 429 says when to come back
	rate    float64
	allowed float64 // calls per second, on the average of a minute
	least   float64 // part of what can be had that is wanted
	most    float64 // share of answers 429 after the first ten seconds
}

func halved() limit {
	return changing(10*time.Second, inAny(50, time.Second), inAny(25, time.Second), inAny(50, time.Second))
}

var limitedRows = []limited{
	{"1 % get a 429; 40/s", func() limit { return some(0.01) }, false, 40, 40, 0.85, 0.02},
	{"0.5 % with Retry-After; 40/s", func() limit { return some(0.005) }, true, 40, 40, 0.85, 0.01},
	{"50 in any second; 200/s", func() limit { return inAny(50, time.Second) }, true, 200, 50, 0.9, 0.01},
	{"50 in any second, no Retry-After; 200/s", func() limit { return inAny(50, time.Second) }, false, 200, 50, 0.88, 0.02},
	{"30 in any second; 40/s", func() limit { return inAny(30, time.Second) }, true, 40, 30, 0.88, 0.02},
	{"30 in any second, no Retry-After; 40/s", func() limit { return inAny(30, time.Second) }, false, 40, 30, 0.8, 0.04},
	{"50, 25 for 10 s, 50 in any second; 50/s", halved, true, 50, 50 - 250.0/60, 0.55, 0.04},
	{"50, 25 for 10 s, 50, no Retry-After; 50/s", halved, false, 50, 50 - 250.0/60, 0.55, 0.04},
	{"80 in any second; 100,000/s", func() limit { return inAny(80, time.Second) }, true, 100000, 80, 0.88, 0.01},
	{"bucket 50/s, burst 100; 200/s", func() limit { return tokens(50, 100) }, true, 200, 50, 0.95, 0.025},
	{"bucket 50/s, burst 100, no Retry-After; 200/s", func() limit { return tokens(50, 100) }, false, 200, 50, 0.9, 0.03},
	{"bucket 20/s, burst 5; 40/s", func() limit { return tokens(20, 5) }, true, 40, 20, 0.7, 0.09},
	{"600 in each 15 s; 100/s", func() limit { return inEach(600, 15*time.Second) }, true, 100, 40, 0.95, 0.02},
	{"600 in each 15 s, no Retry-After; 100/s", func() limit { return inEach(600, 15*time.Second) }, false, 100, 40, 0.6, 0.06},
	{"40 in each second; 100/s", func() limit { return inEach(40, time.Second) }, true, 100, 40, 0.6, 0.05},
	{"1,200 in each minute, no Retry-After; 40/s", func() limit { return inEach(1200, time.Minute) }, false, 40, 20, 0.95, 0.05},
	{"5 in any second, no Retry-After; 20/s", func() limit { return inAny(5, time.Second) }, false, 20, 5, 0.85, 0.07},
	{"60, then 30 in any second, no Retry-After; 100/s", func() limit { return changing(30*time.Second, inAny(60, time.Second), inAny(30, time.Second)) }, false, 100, 45, 0.65, 0.04},
	{"30, then 60 in any second; 100/s", func() limit { return changing(30*time.Second, inAny(30, time.Second), inAny(60, time.Second)) }, true, 100, 45, 0.6, 0.04},
	{"300 in any second, no Retry-After; no rate", func() limit { return inAny(300, time.Second) }, false, 0, 300, 0.4, 0.05},
}

// A job finds what an API allows, whatever the kind of its limit. SUNBULK_PACE_TABLE=1 prints it as a table, for 1 and 8
// workers, beside a client that follows CUBIC.
func TestFindsLimitsOfEveryKind(t *testing.T) {
	const (
		length = 60 * time.Second
		chance = 0.8 // latencies and backoffs are drawn: one run of a row may fall so far short of the usual
	)
	workers, table := []int{8}, os.Getenv("SUNBULK_PACE_TABLE") != ""
	if table {
		workers = []int{1, 8}
		fmt.Println("| limit of the API; rate of the job | | used | of what can be had | 429 | after 10 s |")
		fmt.Println("|---|---|--:|--:|--:|--:|")
	}
	for _, row := range limitedRows {
		measure := func(who string, callers func(*testing.T) []caller) {
			t.Run(row.name+", "+who, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					seen := drive(t.Context(), callers(t), row.limit(), row.named, length)
					used, had, refused, late := seen.parts(row.allowed*length.Seconds(), length)
					if table {
						fmt.Printf("| %s | %s | %.1f %% | %.1f %% | %.2f %% | %.2f %% |\n", row.name, who, 100*used, 100*had, 100*refused, 100*late)
						return
					}
					if had < chance*row.least || late > row.most/chance {
						t.Errorf("got %.1f %% of what can be had and %.2f %% answers 429 after 10 s, want about %.0f %% or more and %.1f %% or less",
							100*had, 100*late, 100*row.least, 100*row.most)
					}
					if burst := max(1, row.rate/10); row.rate > 0 && float64(seen.calls.most) > row.rate+burst {
						t.Errorf("I4: got %d calls in a second, want at most %g", seen.calls.most, row.rate+burst)
					}
				})
			})
		}
		for _, n := range workers {
			measure(fmt.Sprintf("%d workers", n), func(t *testing.T) []caller { return team(t, n, row.rate) })
		}
		if table {
			measure("CUBIC", func(*testing.T) []caller { return []caller{newCubic(cmp.Or(row.rate, 1e6))} })
		}
	}
}
