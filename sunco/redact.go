package sunco

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// minSecret is the length in bytes from which a text is blanked out inside words too.
	minSecret = 8
	// fragment is how many consecutive bytes of a secret are blanked out wherever they stand: a part of it that was cut
	// off by somebody else is still most of it. Fewer, such as the last four, tell a person which key is meant.
	fragment = 12
	// leastCut is how many bytes of a secret's beginning are blanked out where the text ends in them.
	leastCut = 6
	// leastWord is the shortest encoded form worth looking for.
	leastWord = 4
)

// Redactor blanks secrets out of texts, in every form in which one can stand there: as it is, in other case, percent-encoded,
// escaped as in JSON or HTML, in hex, in base64 of either alphabet as part of something longer, and any mixture of escapes.
// A secret of fewer than 8 bytes is blanked out only where it stands as a word by itself. It is safe for concurrent use.
type Redactor struct {
	fragments map[[fragment]byte]struct{}
	whole     [][]byte // canonical
	secrets   [][]byte // of whole, those of which a part is a secret too
}

// NewRedactor returns a Redactor of the secrets; empty ones are passed over.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{fragments: map[[fragment]byte]struct{}{}}
	for _, s := range secrets {
		r.addSecret(s)
	}
	return r
}

// Redact returns the text with "…" in place of each secret.
func (r *Redactor) Redact(text string) string {
	if len(r.whole) == 0 {
		return text
	}
	marks := newMarks(text)
	for layer := range layers(text) {
		r.mark(layer, marks)
	}
	return marks.blanked()
}

// addSecret adds every form of the secret that is more than escaped.
func (r *Redactor) addSecret(s string) {
	if s == "" {
		return
	}
	forms := append(base64Forms(s), hex.EncodeToString([]byte(s)))
	for i, form := range append([]string{s}, forms...) {
		if i > 0 && len(form) < leastWord {
			continue
		}
		n := r.addWhole(form)
		r.secrets = append(r.secrets, n)
		for at := 0; at+fragment <= len(n); at++ {
			r.fragments[[fragment]byte(n[at:])] = struct{}{}
		}
	}
}

// addWhole adds a text that is blanked out only as a whole.
func (r *Redactor) addWhole(s string) []byte {
	layer := layer{}
	for layer = range layers(s) { // the last one has no escapes left
	}
	n := canonical(layer.text)
	if len(n) > 0 {
		r.whole = append(r.whole, n)
	}
	return n
}

// base64Forms are the characters of s in base64 that do not depend on what stands before and behind it.
func base64Forms(s string) []string {
	const bits, group = 6, 3
	var forms []string
	for before := range group {
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), s...))
		first, end := (before*8+bits-1)/bits, (before+len(s))*8/bits
		forms = append(forms, encoded[min(first, end):end])
	}
	return forms
}

// canonical is text as it is compared: without case, and with one sign each for what alphabets of base64 and of
// percent-encoding write differently.
func canonical(text []byte) []byte { return appendCanonical(make([]byte, 0, len(text)), text) }

func appendCanonical(out, text []byte) []byte {
	for _, c := range text {
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '-' || c == ' ':
			c = '+'
		case c == '_':
			c = '/'
		}
		out = append(out, c)
	}
	return out
}

// mark marks what a layer of a text holds of the secrets.
func (r *Redactor) mark(l layer, marks *marks) {
	text := canonical(l.text)
	for _, n := range r.whole {
		for at := 0; ; at++ {
			next := bytes.Index(text[at:], n)
			if next < 0 {
				break
			}
			at += next
			if len(n) >= minSecret || !inWord(l.text[:at], l.text[at+len(n):]) {
				marks.mark(l, at, at+len(n))
			}
		}
	}
	for at := 0; len(r.fragments) > 0 && at+fragment <= len(text); at++ {
		if _, found := r.fragments[[fragment]byte(text[at:])]; found {
			marks.mark(l, at, at+fragment)
		}
	}
	end := len(bytes.TrimRight(text, " +.…\"'`)]}>\\\r\n\t"))
	for _, n := range r.secrets {
		for length := min(len(n), fragment) - 1; len(n) >= minSecret && length >= leastCut; length-- {
			if bytes.HasSuffix(text[:end], n[:length]) {
				marks.mark(l, end-length, end)
				break
			}
		}
	}
}

// inWord tells whether what stands between before and after is part of a longer word.
func inWord(before, after []byte) bool {
	last, _ := utf8.DecodeLastRune(before)
	first, _ := utf8.DecodeRune(after)
	return isWord(last) || isWord(first)
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// marks are the bytes of a text that are to be blanked out.
type marks struct {
	text string
	hit  []bool
	any  bool
}

func newMarks(text string) *marks { return &marks{text: text, hit: make([]bool, len(text))} }

// mark marks what the bytes from..to of a layer were made of.
func (m *marks) mark(l layer, from, to int) {
	if from >= to {
		return
	}
	m.any = true
	for i := l.from(from); i < l.to(to-1); i++ {
		m.hit[i] = true
	}
}

// blanked returns the text with "…" for each run of marked bytes.
func (m *marks) blanked() string {
	if !m.any {
		return m.text
	}
	var out strings.Builder
	for i := range m.hit {
		if !m.hit[i] {
			out.WriteByte(m.text[i])
		} else if i == 0 || !m.hit[i-1] {
			out.WriteString("…")
		}
	}
	return out.String()
}
