package jobs

import "slices"

func writeRejections(w *columnWriter, rejections []Rejection) {
	w.ints(func(i int) int64 { return rejections[i].Number })
	w.ints(func(i int) int64 { return rejections[i].Line })
	w.strings(func(i int) string { return rejections[i].Column })
	w.strings(func(i int) string { return rejections[i].Cause })
	w.strings(func(i int) string { return joinCells(rejections[i].Names) })
	w.strings(func(i int) string { return joinCells(rejections[i].Values) })
	if slices.ContainsFunc(rejections, func(r Rejection) bool { return r.Duplicate }) {
		w.ints(func(i int) int64 {
			if rejections[i].Duplicate {
				return 1
			}
			return 0
		})
	}
}

func readRejections(r *columnReader, rejections []Rejection) {
	r.ints(func(i int, v int64) { rejections[i].Number = v })
	r.ints(func(i int, v int64) { rejections[i].Line = v })
	readParts(r, Line, func(i int, line string) { rejections[i].Column = line })
	readParts(r, Line, func(i int, line string) { rejections[i].Cause = line })
	readParts(r, r.splitCells, func(i int, cells []string) { rejections[i].Names = cells })
	readParts(r, r.splitCells, func(i int, cells []string) { rejections[i].Values = cells })
	if len(r.buf) > 0 { // older releases have no such column
		r.ints(func(i int, v int64) { rejections[i].Duplicate = v == 1 })
		return
	}
	for i := range rejections {
		rejections[i].Duplicate = rejections[i].Column == "" && slices.Contains(causesOfDuplicates, rejections[i].Cause)
	}
}

// causesOfDuplicates are the sentences by which releases without a column for it told duplicates from other rejections.
var causesOfDuplicates = []string{"same as an earlier row", "an earlier row is for the same user, type and integration"}
