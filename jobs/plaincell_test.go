package jobs

import (
	"encoding/csv"
	"strings"
	"testing"
)

// What PlainCell spares the closer look, a closer look leaves as it is.
func FuzzPlainCell(f *testing.F) {
	for _, cell := range []string{"", "a", "7", "a b", "2026-11-28T01:02:03.004Z", "a,b", "a;=b", `a"`, `\.`, " a", "=a", "a\nb", "a\tb", "é", "a＝b", "a|+1"} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		if !PlainCell(cell) {
			return
		}
		var out strings.Builder
		w := csv.NewWriter(&out)
		if err := w.Write([]string{DefuseCell(cell), "x"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		if want := cell + ",x\n"; out.String() != want {
			t.Errorf("%q is called plain, and becomes %q", cell, out.String())
		}
	})
}
