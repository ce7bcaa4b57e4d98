package report

import (
	"slices"
	"strings"
)

// maxHeadings bounds rejected.csv where many files with different headers make one job. Cells of
// further columns are left out.
const maxHeadings = 1000

// recordHeading is the column of cells that have no name: JSON records, whole.
const recordHeading = "record"

// headings is the union of the original columns of rejected records, in order of first sight. Two
// columns of one name in one header stay two.
type headings struct {
	names  []string
	known  map[heading]int
	last   []string // the header that was placed last
	placed []int    // for last
}

// heading is the nth column of its name in a header.
type heading struct {
	name string
	nth  int
}

// places returns the column of each of a record's cells; -1 for a cell that is left out. It learns
// headings that it has not seen.
func (h *headings) places(names []string, cells int) []int {
	if h.placed != nil && len(h.placed) == cells && slices.Equal(names, h.last) {
		return h.placed
	}
	h.last = append(h.last[:0], names...)
	h.placed = make([]int, cells)
	nth := make(map[string]int)
	for i := range h.placed {
		name := recordHeading
		if i < len(names) {
			name = names[i]
		}
		h.placed[i] = h.place(heading{name, nth[name]})
		nth[name]++
	}
	return h.placed
}

// lead returns the columns before the original ones. Where no record had columns, as in JSON, or where the reading broke
// off before any, those by which the file is input again are there to be filled in.
func (h *headings) lead() []string {
	lead := []string{"line", "error"}
	if !slices.ContainsFunc(h.names, func(name string) bool { return name != recordHeading }) {
		lead = append(lead, "op", "user")
	}
	return slices.Clip(lead)
}

func (h *headings) place(key heading) int {
	// A rejected.csv that is read and rejected again has these two already, of the run before.
	if strings.EqualFold(key.name, "line") || strings.EqualFold(key.name, "error") {
		return -1
	}
	if place, ok := h.known[key]; ok {
		return place
	}
	if len(h.names) == maxHeadings {
		return -1
	}
	if h.known == nil {
		h.known = make(map[heading]int)
	}
	key.name = strings.Clone(key.name) // or it would hold the whole chunk that it came with
	h.known[key] = len(h.names)
	h.names = append(h.names, key.name)
	return len(h.names) - 1
}
