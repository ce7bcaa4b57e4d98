package input

import "strings"

// isBlank tells a record of empty cells, as spreadsheets write below a table, or of the mark that ended files under DOS.
func isBlank(cells []string) bool {
	for _, c := range cells {
		if c = strings.TrimSpace(c); c != "" && (c != "\x1a" || len(cells) > 1) {
			return false
		}
	}
	return true
}

// isHeader tells whether a record holds names of columns where a row would hold values: those of the header, or
// others that are known.
func (l *layout) isHeader(cells []string) bool {
	if len(cells) > 0 && hasDigit(cells[0]) && len(l.normal) > 0 && !hasDigit(l.normal[0]) {
		return false // no known name has a digit, and ids mostly do
	}
	if l.isSame(cells) {
		return true
	}
	known, others := 0, 0
	for _, c := range cells {
		switch c = normalise(c); {
		case c == "":
		case len(l.binder.paths[c]) > 0:
			known++
		case known == 0: // of rows, most: it is looked at no further
			return false
		default:
			others++
		}
	}
	return known > 1 && known > others
}

// isSame tells whether the cells are the names of the columns, in their order.
func (l *layout) isSame(cells []string) bool {
	if len(cells) < len(l.normal) || !isBlank(cells[len(l.normal):]) {
		return false
	}
	for i, name := range l.normal {
		if normalise(cells[i]) != name {
			return false
		}
	}
	return true
}

func hasDigit(text string) bool {
	for i := range len(text) {
		if '0' <= text[i] && text[i] <= '9' {
			return true
		}
	}
	return false
}
