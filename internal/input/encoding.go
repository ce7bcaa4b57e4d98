package input

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/sunbulk/sunbulk/internal/spelling"
)

// charset is an encoding of text by the name that --encoding takes. UTF-8 has no decoder.
type charset struct {
	name    string
	decoder encoding.Encoding
	aliases string // other names, separated by spaces
}

const utf8Name = "utf-8"

// charsets are the encodings that can be read, those that exports have most often first.
func charsets() []charset {
	return []charset{
		{utf8Name, nil, "unicode utf-8-sig"},
		{"windows-1252", charmap.Windows1252, "cp1252 1252 ansi western"},
		{"iso-8859-1", charmap.ISO8859_1, "latin1 l1 ascii us-ascii"},
		{"iso-8859-15", charmap.ISO8859_15, "latin9 l9"},
		{"utf-16", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "ucs2"},
		{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), ""},
		{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), ""},
		{"windows-1250", charmap.Windows1250, "cp1250 1250"},
		{"windows-1251", charmap.Windows1251, "cp1251 1251"},
		{"windows-1253", charmap.Windows1253, "cp1253 1253"},
		{"windows-1254", charmap.Windows1254, "cp1254 1254"},
		{"windows-1255", charmap.Windows1255, "cp1255 1255"},
		{"windows-1256", charmap.Windows1256, "cp1256 1256"},
		{"windows-1257", charmap.Windows1257, "cp1257 1257"},
		{"windows-1258", charmap.Windows1258, "cp1258 1258"},
		{"windows-874", charmap.Windows874, "cp874 tis-620 iso-8859-11"},
		{"iso-8859-2", charmap.ISO8859_2, "latin2 l2"},
		{"iso-8859-3", charmap.ISO8859_3, "latin3"},
		{"iso-8859-4", charmap.ISO8859_4, "latin4"},
		{"iso-8859-5", charmap.ISO8859_5, "cyrillic"},
		{"iso-8859-6", charmap.ISO8859_6, "arabic"},
		{"iso-8859-7", charmap.ISO8859_7, "greek"},
		{"iso-8859-8", charmap.ISO8859_8, "hebrew"},
		{"iso-8859-9", charmap.ISO8859_9, "latin5 l5"},
		{"iso-8859-10", charmap.ISO8859_10, "latin6 l6"},
		{"iso-8859-13", charmap.ISO8859_13, "latin7"},
		{"iso-8859-14", charmap.ISO8859_14, "latin8"},
		{"iso-8859-16", charmap.ISO8859_16, "latin10"},
		{"macintosh", charmap.Macintosh, "mac macroman x-mac-roman"},
		{"ibm437", charmap.CodePage437, "cp437 437"},
		{"ibm850", charmap.CodePage850, "cp850 850"},
		{"ibm852", charmap.CodePage852, "cp852 852"},
		{"ibm858", charmap.CodePage858, "cp858 858"},
		{"ibm866", charmap.CodePage866, "cp866 866"},
		{"koi8-r", charmap.KOI8R, "koi8"},
		{"koi8-u", charmap.KOI8U, ""},
		{"shift_jis", japanese.ShiftJIS, "sjis cp932 windows-31j ms932"},
		{"euc-jp", japanese.EUCJP, ""},
		{"iso-2022-jp", japanese.ISO2022JP, ""},
		{"gbk", simplifiedchinese.GBK, "gb2312 cp936 936"},
		{"gb18030", simplifiedchinese.GB18030, ""},
		{"big5", traditionalchinese.Big5, "cp950 950 big5-hkscs"},
		{"euc-kr", korean.EUCKR, "cp949 949 ks_c_5601-1987"},
	}
}

// findCharset finds the encoding of a name, whatever its case, dashes and underscores.
func findCharset(name string) (charset, error) {
	asked := plainName(name)
	var known []string
	for _, c := range charsets() {
		for _, own := range append([]string{c.name}, strings.Fields(c.aliases)...) {
			if plainName(own) == asked {
				return c, nil
			}
		}
		known = append(known, c.name)
	}
	err := fmt.Errorf("%q is no encoding that is known", name)
	if near := spelling.Nearest(strings.ToLower(name), known); near != "" {
		err = fmt.Errorf("%w; did you mean %s?", err, near)
	}
	return charset{}, err
}

func plainName(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

// ParseEncoding returns the proper name of an encoding of text: that of cp1252 is windows-1252, that of UTF-8, and of an empty name, "".
func ParseEncoding(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	c, err := findCharset(name)
	if err != nil || c.decoder == nil {
		return "", err
	}
	return c.name, nil
}

// decode returns bytes in the encoding as text, and whether all of them are sound.
func (c charset) decode(b []byte) (text string, sound bool) {
	out, _, err := transform.Bytes(c.decoder.NewDecoder(), b)
	return string(out), err == nil
}

// isWide tells an encoding in which not even English letters are single bytes.
func (c charset) isWide() bool { return strings.HasPrefix(c.name, "utf-16") }

// refuse says that the start of a text is surely in another encoding: read in this one it would be other text.
func (c charset) refuse(head []byte) *Error {
	if c.isWide() {
		if len(head) > 1 && bytes.IndexByte(head, 0) < 0 {
			return &Error{Cause: "is not in " + c.name + ", of which every other byte of English text is 0"}
		}
		return nil
	}
	head = whole(head)
	if high(head) == 0 || !utf8.Valid(head) {
		return nil
	}
	if _, single := c.decoder.(*charmap.Charmap); !single {
		if decoded, _ := c.decode(head); plausible(decoded) > plausible(string(head)) {
			return nil // it may be both
		}
	}
	return &Error{Cause: "is in UTF-8, not in " + c.name}
}

// whole returns UTF-8 without the part of a character at its end.
func whole(b []byte) []byte {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax); i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}
