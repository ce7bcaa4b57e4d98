// Package spelling finds the name that was meant by one that is not known.
package spelling

import "strings"

// Nearest returns the known name from which name is a slip of the pen, whatever the case of letters:
// the shortest where several are as near, since a letter too many is likelier than another; "" when none is.
func Nearest(name string, known []string) string {
	name = strings.ToLower(name)
	best, bestDistance := "", 1+min(2, len(name)/4)
	for _, k := range known {
		d := distance(name, strings.ToLower(k), bestDistance+1)
		if d < bestDistance || d == bestDistance && best != "" && len(k) < len(best) {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is the number of letters to insert, remove, change or swap with the next between a and
// b; limit when it is at least that (optimal string alignment).
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	older, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(change, last[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], older[j-2]+1)
			}
		}
		older, last, next = last, next, older
	}
	return min(last[len(b)], limit)
}
