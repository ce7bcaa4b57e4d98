package pace

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
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

// run lets callers find the limit of a row. Refusals come as late as other answers, or at once.
func (l limited) run(t *testing.T, atOnce bool, callers func(*testing.T) []caller) (m measured) {
	synctest.Test(t, func(t *testing.T) {
		seen := drive(t.Context(), callers(t), refusing{l.limit(), l.named, atOnce}, modelLength)
		m.used, m.had, m.refused, m.late = seen.parts(l.allowed*modelLength.Seconds(), modelLength)
		m.most = seen.calls.most
	})
	return m
}

// A job finds what an API allows, whatever the kind of its limit, and a share of 429s that has nothing to do with the rate costs
// it little. SUNBULK_PACE_TABLE=3 prints the medians of three runs instead, beside a client that follows CUBIC.
func TestI4FindsLimitsOfEveryKind(t *testing.T) {
	if text := os.Getenv("SUNBULK_PACE_TABLE"); text != "" {
		runs, err := strconv.Atoi(text)
		if err != nil || runs < 1 {
			t.Fatalf("SUNBULK_PACE_TABLE=%s is no number of runs", text)
		}
		printTable(t, runs)
		return
	}
	const many = "50 in any second, no Retry-After; 200/s"
	for i, row := range limitedRows {
		if raced && i%6 != 0 {
			continue // what goes on at once is the same in all of them
		}
		for j, workers := range []int{8, 8, 1, 200} {
			atOnce := j%2 == 1
			if workers == 8 && !row.named && atOnce != (i%2 == 0) || workers == 1 && i%5 != 0 || workers == 200 && row.name != many || workers != 8 && raced {
				continue // each takes a second of the processor, and 200 workers twenty
			}
			t.Run(fmt.Sprintf("%s; %d workers, refused at once: %t", row.name, workers, atOnce), func(t *testing.T) {
				row.check(t, workers, atOnce)
			})
		}
	}
}

// check holds the bounds of a row.
func (l limited) check(t *testing.T, workers int, atOnce bool) {
	for try := 1; ; try++ {
		m := l.run(t, atOnce, func(t *testing.T) []caller { return team(t, workers, l.rate) })
		if burst := max(1, l.rate/10); l.rate > 0 && float64(m.most) > l.rate+burst {
			t.Errorf("I4: got %d calls in a second, want at most %g", m.most, l.rate+burst)
		}
		all := max(0.02, 1.6*l.most) // of all calls
		if l.allowed < 10 {
			all = 0.05 // the start has many of so few
		}
		if m.had >= l.least && m.late <= l.most && m.refused <= all {
			return
		}
		text := fmt.Sprintf("got %.1f %% of what can be had and %.2f %% answers 429 after 10 s, %.2f %% in all; want at least %.0f %%, at most %.2f and %.1f %%",
			100*m.had, 100*m.late, 100*m.refused, 100*l.least, 100*l.most, 100*all)
		if try == 3 { // latencies, backoffs and sporadic 429s are drawn: one run in ten or so is worse
			t.Fatal(text)
		}
		t.Log(text)
	}
}

func printTable(t *testing.T, runs int) {
	fmt.Println("| limit of the API; rate of the job | 429s come | used | least | had | 429 | after 10 s | CUBIC: used | 429 | after 10 s |")
	fmt.Println("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
	workers, _ := strconv.Atoi(cmp.Or(os.Getenv("SUNBULK_PACE_WORKERS"), "8"))
	for _, row := range limitedRows {
		if !strings.Contains(row.name, os.Getenv("SUNBULK_PACE_ONLY")) {
			continue
		}
		for _, atOnce := range []bool{false, true} {
			ours, theirs := make([]measured, runs), make([]measured, runs)
			for i := range runs {
				ours[i] = row.run(t, atOnce, func(t *testing.T) []caller { return team(t, workers, row.rate) })
				theirs[i] = row.run(t, atOnce, func(*testing.T) []caller { return []caller{peer{cubic.New(cmp.Or(row.rate, 1e6))}} })
			}
			median := func(all []measured, part func(measured) float64) float64 {
				slices.SortFunc(all, func(a, b measured) int { return cmp.Compare(part(a), part(b)) })
				return 100 * part(all[runs/2])
			}
			least := slices.MinFunc(ours, func(a, b measured) int { return cmp.Compare(a.used, b.used) }).used
			used, refused, late := func(m measured) float64 { return m.used }, func(m measured) float64 { return m.refused }, func(m measured) float64 { return m.late }
			when := "late"
			if atOnce {
				when = "at once"
			}
			fmt.Printf("| %s | %s | %.1f %% | %.1f %% | %.1f %% | %.2f %% | %.2f %% | %.1f %% | %.2f %% | %.2f %% |\n", row.name, when,
				median(ours, used), 100*least, median(ours, func(m measured) float64 { return m.had }), median(ours, refused), median(ours, late),
				median(theirs, used), median(theirs, refused), median(theirs, late))
		}
	}
}
