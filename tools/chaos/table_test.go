package chaos

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// print writes the faults and what they came to.
func (v verdict) print(w io.Writer, seed uint64, faults map[string]int, took time.Duration) {
	total := 0
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "\nfault\ttimes\n")
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		fmt.Fprintf(tab, "%s\t%d\n", name, faults[name])
		total += faults[name]
	}
	fmt.Fprintf(tab, "all\t%d\n\nfinding\t\n", total)
	for _, f := range []struct {
		name  string
		count int64
	}{
		{"rows", v.rows.Read}, {"ok", v.rows.OK}, {"noop", v.rows.Noop}, {"failed, as they should", v.rows.Failed},
		{"rejected, as they should", v.rows.Rejected}, {"in doubt", v.rows.InDoubt}, {"unprocessed", v.rows.Unprocessed},
		{"calls counted", v.calls}, {"of these retries", v.retries}, {"of these looks", v.looks},
		{"lost creates adopted by a look (queued jobs)", int64(v.adopted)}, {"batches of silent workers queued again", int64(v.requeue)},
		{"commits refused", int64(v.refused)}, {"processes started", int64(v.starts)},
	} {
		fmt.Fprintf(tab, "%s\t%d\n", f.name, f.count)
	}
	fmt.Fprintf(tab, "seconds\t%.0f\nseed\t%d\n", took.Seconds(), seed)
	tab.Flush()
}
