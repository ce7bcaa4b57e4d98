package jobs

import (
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain – é 日本 😀":            "plain – é 日本 😀",
		"a\x1b[2Jb":                 `a\u001b[2Jb`,
		"a\nsunbulk: all is well":   "a sunbulk: all is well",
		"a\r\x1b]0;title\x07":       `a\u000d\u001b]0;title\u0007`,
		"\u009b31m":                 `\u009b31m`,
		"\x9b31m":                   `\x9b31m`,
		"x\u202egnp.exe":            `x\u202egnp.exe`,
		"\u2066a\u2069\u200b\ufeff": `\u2066a\u2069\u200b\ufeff`,
		"a\u2028b\u2029c\u0085d":    `a\u2028b\u2029c\u0085d`,
		"tab\tdel\x7f":              `tab del\u007f`,
		"\U000e0041":                `\udb40\udc41`,
		"\ufffd":                    "\ufffd",
		"می\u200cخواهم 👩\u200d💻":    "می\u200cخواهم 👩\u200d💻",
	} {
		if got := Line(text); got != want {
			t.Errorf("Line(%q): got %q, want %q", text, got, want)
		}
	}
	if got, want := Text("one\n\ttwo\x1b\n"), "one\n\ttwo\\u001b\n"; got != want {
		t.Errorf("Text: got %q, want %q", got, want)
	}
}

// Whatever comes in, nothing that moves a cursor goes out, and JSON keeps its values.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"\x1b[2J", "\u202e\u009b\n\r", "\xc2\x9b", "\xff\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Line(s) {
			if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("Line(%q) holds %q", s, r)
			}
		}
		if !utf8.ValidString(Line(s)) || Line(Line(s)) != Line(s) {
			t.Errorf("Line(%q): got %q", s, Line(s))
		}
		encoded, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var before, after string
		if json.Unmarshal(encoded, &before) != nil || json.Unmarshal([]byte(Text(string(encoded))), &after) != nil || before != after {
			t.Errorf("Text changed %q to %q", before, after)
		}
	})
}
