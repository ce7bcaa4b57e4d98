package pace

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/internal/pace/cubic"
)

// modelLength is the virtual time of a run of the model.
const modelLength = 60 * time.Second

// measured is what a run used of what the API allowed, and of that without the halts that Retry-After asked for; the share of
// answers 429, that after ten seconds; and the most calls in a second.
type measured struct {
	used, had, refused, late float64
	most                     int
}

// run lets callers find the limit of a row.
func (l limited) run(t *testing.T, callers func(*testing.T) []caller) (m measured) {
	synctest.Test(t, func(t *testing.T) {
		seen := drive(t.Context(), callers(t), l.limit(), l.named, modelLength)
		m.used, m.had, m.refused, m.late = seen.parts(l.allowed*modelLength.Seconds(), modelLength)
		m.most = seen.calls.most
	})
	return m
}

// A job finds what an API allows, whatever the kind of its limit, and a share of 429s that has nothing to do with the rate costs
// it little. SUNBULK_PACE_TABLE=10 prints the means of ten runs instead, for 1 and 8 workers, beside a client that follows CUBIC.
func TestFindsLimitsOfEveryKind(t *testing.T) {
	if text := os.Getenv("SUNBULK_PACE_TABLE"); text != "" {
		runs, err := strconv.Atoi(text)
		if err != nil || runs < 1 {
			t.Fatalf("SUNBULK_PACE_TABLE=%s is no number of runs", text)
		}
		printTable(t, runs)
		return
	}
	for i, row := range limitedRows {
		if raced && i%6 != 0 {
			continue // what goes on at once is the same in all of them
		}
		t.Run(row.name, func(t *testing.T) {
			for try := 1; ; try++ {
				m := row.run(t, func(t *testing.T) []caller { return team(t, 8, row.rate) })
				if burst := max(1, row.rate/10); row.rate > 0 && float64(m.most) > row.rate+burst {
					t.Errorf("I4: got %d calls in a second, want at most %g", m.most, row.rate+burst)
				}
				if m.had >= row.least && m.late <= row.most {
					return
				}
				text := fmt.Sprintf("got %.1f %% of what can be had and %.2f %% answers 429 after 10 s, want at least %.0f %% and at most %.1f %%",
					100*m.had, 100*m.late, 100*row.least, 100*row.most)
				if try == 2 { // latencies, backoffs and sporadic 429s are drawn: one run in ten or so is worse
					t.Fatal(text)
				}
				t.Log(text)
			}
		})
	}
}

func printTable(t *testing.T, runs int) {
	fmt.Println("| limit of the API; rate of the job | | used | least | of what can be had | 429 | after 10 s |")
	fmt.Println("|---|---|--:|--:|--:|--:|--:|")
	for _, row := range limitedRows {
		for _, who := range []struct {
			name    string
			callers func(*testing.T) []caller
		}{
			{"1 worker", func(t *testing.T) []caller { return team(t, 1, row.rate) }},
			{"8 workers", func(t *testing.T) []caller { return team(t, 8, row.rate) }},
			{"CUBIC", func(*testing.T) []caller { return []caller{peer{cubic.New(cmp.Or(row.rate, 1e6))}} }},
		} {
			all := make([]measured, runs)
			for i := range all {
				all[i] = row.run(t, who.callers)
			}
			mean := func(part func(measured) float64) (sum float64) {
				for _, m := range all {
					sum += 100 * part(m) / float64(runs)
				}
				return sum
			}
			least := slices.MinFunc(all, func(a, b measured) int { return cmp.Compare(a.used, b.used) })
			fmt.Printf("| %s | %s | %.1f %% | %.1f %% | %.1f %% | %.2f %% | %.2f %% |\n", row.name, who.name,
				mean(func(m measured) float64 { return m.used }), 100*least.used, mean(func(m measured) float64 { return m.had }),
				mean(func(m measured) float64 { return m.refused }), mean(func(m measured) float64 { return m.late }))
		}
	}
}
