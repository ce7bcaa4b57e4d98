package jobs

import "strconv"

// Group writes n with a comma at each thousand.
func Group(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0 // of the digits
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
