package input

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxGuessed bounds the text by which an encoding is guessed.
const maxGuessed = 64 << 10

// guessable are the encodings that text is likely to have when it is no UTF-8. Of two that fit equally well the first is guessed.
var guessable = []string{
	"windows-1252", "windows-1250", "windows-1251", "windows-1254", "windows-1253", "windows-1255", "windows-1256", "iso-8859-2", "macintosh", "ibm850",
	"koi8-r", "ibm866", "shift_jis", "euc-kr", "gbk", "big5", "euc-jp", "windows-874",
}

// guess returns the encoding that a text looks like which is no UTF-8, or one without a name.
func guess(text []byte) charset {
	text = text[:min(len(text), maxGuessed)]
	if name := guessWide(text); name != "" {
		c, _ := findCharset(name)
		return c
	}
	var best charset
	most := 0.0
	for _, name := range guessable {
		c, _ := findCharset(name)
		decoded, sound := c.decode(text)
		if points := plausible(decoded) / float64(1+high(text)); sound && points > most+0.02 {
			best, most = c, points
		}
	}
	return best
}

// guessWide recognises UTF-16 without a byte order mark by the zeros beside its letters.
func guessWide(text []byte) string {
	var zeros [2]int
	for i, c := range text {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch most := len(text) / 5; {
	case zeros[1] > most && zeros[0] <= most/4:
		return "utf-16le"
	case zeros[0] > most && zeros[1] <= most/4:
		return "utf-16be"
	}
	return ""
}

func high(text []byte) (n int) {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			n++
		}
	}
	return n
}

// plausible says how much a text looks like one that people write: points for each letter beyond ASCII beside others of its
// script, fewer for what stands alone, less than none for what no word has.
func plausible(text string) (points float64) {
	prev := ' '
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r >= utf8.RuneSelf {
			next, _ := utf8.DecodeRuneInString(text[i+max(size, 1):])
			points += pointsOf(prev, r, next)
		}
		prev = r
	}
	return points
}

// common are letters of Latin script that the languages of each encoding use often.
const common = "äöüÄÖÜßéèêëàâçîïôûùñáíóúÁÉÍÓÚÑãõåøæÅØÆÇÀÈÊ" + "ąćęłńśźżĄĆĘŁŃŚŹŻčďěňřšťůžČĎŘŠŤŮŽőűăîșț" + "ığşİĞŞ"

func pointsOf(prev, r, next rune) float64 {
	switch {
	case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Co, r):
		return -20
	case isWide(r): // two bytes each
		if isASCIILetter(prev) && isASCIILetter(next) {
			return -4
		}
		if mixed(prev, r) || mixed(r, next) {
			return -1
		}
		if isWide(prev) || isWide(next) {
			return 2
		}
		return 0.6
	case r >= '\uff61' && r <= '\uff9f': // half-width katakana
		return -1
	case unicode.Is(unicode.Latin, r):
		return latinPoints(prev, r, next)
	case unicode.IsLetter(r):
		switch {
		case isASCIILetter(prev) || isASCIILetter(next):
			return -2
		case unicode.IsUpper(r) && unicode.IsLower(prev):
			return -1
		case unicode.IsLetter(prev) && prev >= utf8.RuneSelf, unicode.IsLetter(next) && next >= utf8.RuneSelf:
			return 1
		}
		return 0.2
	case unicode.IsLetter(prev) && unicode.IsLetter(next) && !strings.ContainsRune("’·", r):
		return -2 // a symbol within a word
	}
	return 0.3
}

func latinPoints(prev, r, next rune) float64 {
	switch {
	case unicode.IsUpper(r) && unicode.IsLower(prev):
		return -2
	case unicode.IsLower(r) && unicode.IsUpper(next):
		return -1
	case !strings.ContainsRune(common, r):
		return 0.2
	case prev >= utf8.RuneSelf && next >= utf8.RuneSelf && unicode.IsLetter(prev) && unicode.IsLetter(next):
		return -0.5 // words have their accents apart
	}
	return 1
}

func isASCIILetter(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }

// isWide tells the characters that take two bytes in the encodings of East Asia.
func isWide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Hangul) || r >= '\u30a0' && r <= '\u30ff'
}

// mixed tells neighbours of scripts that are rarely mixed within a word.
func mixed(a, b rune) bool {
	return unicode.Is(unicode.Hangul, a) && unicode.Is(unicode.Han, b) || unicode.Is(unicode.Han, a) && unicode.Is(unicode.Hangul, b)
}

// looksLike is what is said of a text that is no UTF-8: which encoding it may have, and how to say so.
func (b *binder) looksLike(c charset) string {
	switch {
	case c.name == "":
		return "save it as UTF-8, or name its encoding with " + b.option("encoding")
	case b.step == "":
		return fmt.Sprintf("it looks like %s: --encoding %s", c.name, c.name)
	}
	return fmt.Sprintf("it looks like %s: write encoding: %s into the runbook", c.name, c.name)
}

// guess guesses, once per file, the encoding of a text with a record that is no UTF-8.
func (w *window) guess(record []byte) charset {
	if w.guessed == nil {
		c := guess(bytes.Join([][]byte{record, w.unread()}, nil))
		w.guessed = &c
	}
	return *w.guessed
}

// sayForeign says that a line is no UTF-8. It is said of one line of an input.
func (b *binder) sayForeign(line int64, c charset) {
	if !b.foreign {
		b.foreign = true
		b.say(fmt.Sprintf("line %d is no UTF-8; %s", line, b.looksLike(c)))
	}
}

// hintOfZeros says what to do with a file whose start holds NUL bytes.
func (b *binder) hintOfZeros(w *window) string {
	if name := guessWide(w.unread()); name != "" {
		return b.looksLike(charset{name: name})
	}
	return "save it as UTF-8, plain or compressed with gzip or zstd"
}
