package jobs

// writeBaggage writes what rows carry and run again, if any of them does, and returns the layout which says so: of none, of what
// they carry, or of both.
func writeBaggage(w *columnWriter, row func(i int) *Row, layouts [3]byte) byte {
	carries, reruns := false, false
	for i := range w.rows {
		carries, reruns = carries || row(i).Carry != "", reruns || row(i).Lineage != ""
	}
	if !carries && !reruns {
		return layouts[0]
	}
	w.strings(func(i int) string { return row(i).Carry })
	if !reruns {
		return layouts[1]
	}
	w.strings(func(i int) string { return string(row(i).Lineage) })
	return layouts[2]
}

func readBaggage(r *columnReader, row func(i int) *Row, layout byte) {
	switch layout {
	case layoutCarryingBatch, layoutCarryingChunk, layoutRerunBatch, layoutRerunChunk:
		r.strings(func(i int, v string) { row(i).Carry = v })
	}
	switch layout {
	case layoutRerunBatch, layoutRerunChunk:
		r.strings(func(i int, v string) { row(i).Lineage = Lineage(v) })
	}
}
