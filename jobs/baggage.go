package jobs

// writeBaggage writes what not all rows have, if any of them does, and returns the layout which says so: of none, of what they
// carry, of what they run again as well, or of columns that came later and the conversations that were taken, too.
func writeBaggage(w *columnWriter, row func(i int) *Row, taken func(i int) string, layouts [4]byte) byte {
	carries, reruns, later := false, false, false
	for i := range w.rows {
		r := row(i)
		carries, reruns = carries || r.Carry != "", reruns || r.Lineage != ""
		later = later || r.hasLater() || r.FindsConversation() || taken(i) != ""
	}
	if !carries && !reruns && !later {
		return layouts[0]
	}
	w.strings(func(i int) string { return row(i).Carry })
	if !reruns && !later {
		return layouts[1]
	}
	w.strings(func(i int) string { return string(row(i).Lineage) })
	if !later {
		return layouts[2]
	}
	for _, c := range columns[firstColumns:] {
		w.strings(func(i int) string { return *c.Field(row(i)) })
	}
	w.strings(taken)
	return layouts[3]
}

func nothingTaken(int) string { return "" }

func readBaggage(r *columnReader, row func(i int) *Row, taken func(i int, id string), layout byte) {
	switch layout {
	case layoutCarryingBatch, layoutCarryingChunk, layoutRerunBatch, layoutRerunChunk, layoutLaterBatch, layoutLaterChunk:
		r.strings(func(i int, v string) { row(i).Carry = v })
	}
	switch layout {
	case layoutRerunBatch, layoutRerunChunk, layoutLaterBatch, layoutLaterChunk:
		r.strings(func(i int, v string) { row(i).Lineage = Lineage(v) })
	}
	switch layout {
	case layoutLaterBatch, layoutLaterChunk:
		for _, c := range columns[firstColumns:] {
			r.strings(func(i int, v string) { *c.Field(row(i)) = v })
		}
		r.strings(taken)
	}
}
