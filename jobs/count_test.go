package jobs

import "testing"

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"0 rows":                Count(0, "row"),
		"1 row":                 Count(int64(1), "row"),
		"2 batches":             Count(2, "batch"),
		"1 batch":               Count(1, "batch"),
		"1 retry":               Count(1, "retry"),
		"24 retries":            Count(24, "retry"),
		"12,345 undone rows":    Count(12_345, "undone row"),
		"1,203,944 calls":       Count(int64(1_203_944), "call"),
		"-1 digits":             Count(-1, "digit"),
		"-123 cells":            Count(-123, "cell"),
		"-1,234 cells":          Count(-1_234, "cell"),
		"1 row that is covered": "1 " + Noun(1, "row") + " that is covered",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
