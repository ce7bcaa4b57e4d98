package jobs

import "strings"

// Count writes a number and what it counts, whose name is given in the singular: 1 row, 1,203 rows.
func Count[N int | int64](n N, noun string) string { return Group(int64(n)) + " " + Noun(n, noun) }

// Noun is the name of what is counted, without the number: row where n is 1, rows otherwise.
func Noun[N int | int64](n N, noun string) string {
	switch {
	case n == 1:
		return noun
	case strings.HasSuffix(noun, "ch"):
		return noun + "es"
	case strings.HasSuffix(noun, "ry"):
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}
