package phone

import (
	"testing"
	"unicode"
)

// The digits of Unicode come in runs of ten.
func TestDigitsOfEveryScript(t *testing.T) {
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if !unicode.Is(unicode.Nd, c) {
			continue
		}
		// The digit 0 begins a run of ten: the one before it is no digit, or a 9.
		if v := digitValue(c); v > 0 && digitValue(c-1) != v-1 {
			t.Errorf("%q: got %d behind %d", c, v, digitValue(c-1))
		}
	}
	for text, want := range map[string]rune{"0": 0, "9": 9, "٣": 3, "۷": 7, "५": 5, "5": 5, "𝟙": 1, "𝟿": 9} {
		if got := digitValue([]rune(text)[0]); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}
