package input

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
)

// encoded returns a text in an encoding.
func encoded(t testing.TB, name, text string) string {
	t.Helper()
	c, err := findCharset(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.decoder.NewEncoder().String(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func TestParseEncoding(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "utf-8": "", "UTF8": "", "windows-1252": "windows-1252", "CP1252": "windows-1252", "Windows 1252": "windows-1252", "latin1": "iso-8859-1", "ISO_8859-15": "iso-8859-15",
		"utf-16le": "utf-16le", "UTF16": "utf-16", "mac": "macintosh", "SJIS": "shift_jis", "shift-jis": "shift_jis", "gb2312": "gbk", "850": "ibm850",
	} {
		if got, err := ParseEncoding(name); got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", name, got, err, want)
		}
	}
	for name, want := range map[string]string{"windows-125": "did you mean windows-125", "klingon": `"klingon" is no encoding that is known`, "-": "no encoding"} {
		if _, err := ParseEncoding(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
	names := map[string]string{}
	for _, c := range charsets() {
		for _, name := range append(strings.Fields(c.aliases), c.name) {
			if other, twice := names[plainName(name)]; twice {
				t.Errorf("%s names both %s and %s", name, other, c.name)
			}
			names[plainName(name)] = c.name
		}
	}
}

func TestEncodings(t *testing.T) {
	for name, word := range map[string]string{
		"windows-1252": "Müller–Œuvre€", "iso-8859-1": "Señor", "iso-8859-15": "€uroñ", "windows-1250": "Łódź", "windows-1251": "Иван", "koi8-r": "Мария", "macintosh": "Zoë",
		"ibm850": "Größe", "shift_jis": "山田ソ太郎", "euc-jp": "山田", "iso-2022-jp": "山田", "gbk": "王小明", "gb18030": "王𠀀", "big5": "陳大文", "euc-kr": "김철수",
		"utf-16": "Ä😀", "utf-16le": "Ä😀", "utf-16be": "Ä😀", "windows-1253": "Γιώργος", "windows-1254": "Şahin", "windows-1255": "שלום",
	} {
		t.Run(name, func(t *testing.T) {
			for format, text := range map[string]string{
				"csv":    "user;Straße\n" + word + ";x\n\"a\r\nb\";y\nc;\n",
				"ndjson": `{"user":"` + word + "\"}\n{\"user\":\"a\\r\\nb\"}\n\n{\"user\":\"c\"}\n",
			} {
				if strings.Contains(text, "ß") {
					if _, err := func() (string, error) { c, _ := findCharset(name); return c.decoder.NewEncoder().String("ß") }(); err != nil {
						text = strings.ReplaceAll(text, "ß", "ss")
					}
				}
				data := []byte(encoded(t, name, text))
				for suffix, data := range map[string][]byte{"": data, "+gzip": gzipped(t, data), "+zstd": zstandard(t, data)} {
					got, err := readFiles(t, []string{writeFile(t, "f", data)}, Config{Op: "list", Encoding: name, AllowDuplicates: true})
					if err != nil {
						t.Fatalf("%s: %v", format, err)
					}
					var users []string
					for _, r := range got.records {
						users = append(users, r.Row.User)
					}
					if diff := cmp.Diff([]string{word, "a\r\nb", "c"}, users); diff != "" {
						t.Errorf("%s: users (-want +got):\n%s", format, diff)
					}
					if want := format + "+" + name + suffix; got.inputs[0].Format != want {
						t.Errorf("got format %s, want %s", got.inputs[0].Format, want)
					}
					if last := got.records[2].Row.Line; last != map[string]int64{"csv": 5, "ndjson": 4}[format] {
						t.Errorf("%s: got line %d of the last row", format, last)
					}
				}
			}
		})
	}
}

// A byte order mark goes before --encoding, and so does what can be in no other encoding.
func TestEncodingIsNotForEveryFile(t *testing.T) {
	const text = "user\nJosé\n"
	for name, data := range map[string]string{
		"UTF-8 with a mark": "\ufeff" + text, "UTF-16": string(asUTF16(t, unicode.BigEndian, text)), "windows-1252": encoded(t, "windows-1252", text),
		"row file":                             "user,outcome,rerunOf\nJosé,,\n",
		"row file that a spreadsheet saved":    encoded(t, "windows-1252", "user;outcome;rerunOf\nJosé;;\n"),
		"long row file whose end is not ASCII": "user,outcome,rerunOf\nJosé,,\n" + strings.Repeat("a,,\n", 1<<16) + "José,,\n",
	} {
		got, err := readText(t, data, Config{Op: "list", Encoding: "cp1252", AllowDuplicates: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, r := range []Record{got.records[0], got.records[len(got.records)-1]} {
			if r.Row.User != "José" {
				t.Errorf("%s: got %q, want José", name, r.Row.User)
			}
		}
	}
	for _, test := range []struct{ encoding, text, want string }{
		{"windows-1252", text, "-: is in UTF-8, not in windows-1252"},
		{"koi8-r", `[{"user":"José"}]`, "-: is in UTF-8, not in koi8-r"},
		{"shift_jis", "user\n田é\n", "-: is in UTF-8, not in shift_jis"},
		{"utf-16le", "user\na\n", "-: is not in utf-16le, of which every other byte of English text is 0"},
	} {
		_, err := readText(t, test.text, Config{Op: "list", Encoding: test.encoding})
		if e, ok := errors.AsType[*Error](err); !ok || e.Error() != test.want || !strings.Contains(e.Hint, "--encoding") {
			t.Errorf("%s: got %v, want %s", test.encoding, err, test.want)
		}
	}
}

// What is offered to run again is text: the cells of a record that is no UTF-8 are kept as what they seem to be.
func TestEncodingIsGuessed(t *testing.T) {
	for name, words := range map[string]string{
		"windows-1252": "José|Müller|Señora|Peña|Größe|François", "windows-1250": "Paweł|Łukasz|Źdźbło|Małgorzata|Wójcik|żółć", "windows-1251": "Иван|Мария|Пётр Ильич",
		"windows-1253": "Γιώργος|Μαρία", "koi8-r": "Иван|Мария|Пётр", "macintosh": "José|Müller|Peña", "ibm850": "José|Müller|Peña", "shift_jis": "山田太郎|ヤマダ|佐藤花子",
		"gbk": "王小明|李华|张伟", "euc-kr": "김철수|이영희", "utf-16le": "José|Müller", "utf-16be": "José|Müller",
	} {
		var b strings.Builder
		b.WriteString("user,note\n")
		for _, word := range strings.Split(words, "|") {
			b.WriteString("a" + strings.Repeat("x", b.Len()) + "," + word + "\n")
		}
		if got := guess([]byte(encoded(t, name, b.String()))); got.name != name {
			t.Errorf("got %q, want %s", got.name, name)
		}
	}
	for _, noise := range []string{"", "\xff", "\x81\x8d\x8f\x90\x9d", "a\xffb\xfe\x00\x01"} {
		if got := guess([]byte(noise)); strings.HasPrefix(got.name, "utf-16") {
			t.Errorf("%q: got %q", noise, got.name)
		}
	}
	text := encoded(t, "windows-1252", "user,clientId,Name\na,1,x\nJosé,2,Peña\nb,3,Müller\n")
	got, err := readText(t, text, Config{Op: "remove"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1:2 remove user=a clientId=1", `2:3 rejected "user" is not valid UTF-8`, "3:4 remove user=b clientId=3"}
	if diff := cmp.Diff(want, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"José", "2", "Peña"}, got.records[1].Rejection.Values); diff != "" {
		t.Errorf("kept cells (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`column "Name" is not read`, "line 3 is no UTF-8; it looks like windows-1252: --encoding windows-1252"}, got.warnings); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
}

// I2: who learns of the encoding when half of the rows are done is not led to do them twice.
func TestEncodingMakesNoOtherInput(t *testing.T) {
	open := func(spec Spec) (settings, effective map[string]string) {
		cfg, err := spec.Config()
		if err != nil {
			t.Fatal(err)
		}
		r, err := openNames(t.Context(), []string{writeFile(t, "f", []byte("user\na\xe9\n"))}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		return spec.Settings(), spec.Effective(r)
	}
	was, wasEffective := open(Spec{Op: "list"})
	is, isEffective := open(Spec{Op: "list", Encoding: "CP1252"})
	if cmp.Equal(was, is) || is["encoding"] != "windows-1252" {
		t.Errorf("a job goes on in another encoding: %v", is)
	}
	if diff := cmp.Diff(wasEffective, isEffective); diff != "" {
		t.Errorf("another input (-without +with):\n%s", diff)
	}
}
