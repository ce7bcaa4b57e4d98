package input

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"

	"github.com/sunbulk/sunbulk/jobs"
)

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

func asUTF16(t testing.TB, order unicode.Endianness, text string) []byte {
	t.Helper()
	data, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The name of a file says nothing about its format.
func TestFormats(t *testing.T) {
	const text = "user,brandId\nÄ,😀\n"
	tests := []struct {
		format string
		data   []byte
	}{
		{"csv", []byte(text)},
		{"csv", []byte("\ufeff" + text)},
		{"csv+gzip", gzipped(t, []byte(text))},
		{"csv+gzip", slicesOf(gzipped(t, []byte("user,bra")), gzipped(t, []byte("ndId\nÄ,😀\n")))},
		{"csv+zstd", zstandard(t, []byte(text))},
		{"csv+zstd", slicesOf([]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00xx"), zstandard(t, []byte(text)))},
		{"csv+utf-16", asUTF16(t, unicode.LittleEndian, text)},
		{"csv+utf-16", asUTF16(t, unicode.BigEndian, text)},
		{"csv+utf-16+gzip", gzipped(t, asUTF16(t, unicode.LittleEndian, text))},
		{"json", []byte(` [{"user":"Ä","brandId":"😀"}]`)},
		{"ndjson+zstd", zstandard(t, []byte(`{"user":"Ä","brandId":"😀"}`))},
		{"json+utf-16", asUTF16(t, unicode.BigEndian, `[{"user":"Ä","brandId":"😀"}]`)},
	}
	for i, test := range tests {
		t.Run(fmt.Sprint(i, test.format), func(t *testing.T) {
			got, err := readFiles(t, []string{writeFile(t, "file.txt", test.data)}, Config{Op: "list"})
			if err != nil {
				t.Fatal(err)
			}
			r := got.records[0].Row
			if len(got.records) != 1 || r.User != "Ä" || r.BrandID != "😀" {
				t.Errorf("got %v", got.told())
			}
			if got, want := got.inputs[0].Format, test.format; got != want {
				t.Errorf("got format %s, want %s", got, want)
			}
		})
	}
}

func slicesOf(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestInputs(t *testing.T) {
	packed := gzipped(t, []byte("user\na\n\nb\n"))
	first := writeFile(t, "first", packed)
	second := writeFile(t, "second", []byte("user\n"))
	const third = `[{"user":"c"},{"user":""}] x`
	got, err := readFiles(t, []string{first, second, "-"}, Config{Op: "list", Stdin: strings.NewReader(third)})
	if err != nil {
		t.Fatal(err)
	}
	digest := func(data []byte) string {
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:])
	}
	want := []jobs.Input{
		{Name: first, Format: "csv+gzip", Bytes: int64(len(packed)), SHA256: digest(packed), FirstRow: 1, Rows: 2},
		{Name: second, Format: "csv", Bytes: 5, SHA256: digest([]byte("user\n")), FirstRow: 3},
		{Name: "-", Format: "json", Bytes: int64(len(third)), SHA256: digest([]byte(third)), FirstRow: 3, Rows: 3, Error: "line 1: there is text behind the array"},
	}
	if diff := cmp.Diff(want, got.inputs); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
}

// A file that breaks off gives its complete records and one rejection; the next file follows (I1).
func TestFilesThatBreakOff(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("user,brandId\n")
	for i := range 50_000 {
		fmt.Fprintf(&text, "user %d,brand %d\n", i, i*i)
	}
	var lines bytes.Buffer
	for i := range 50_000 {
		fmt.Fprintf(&lines, "{\"user\":\"user %d\",\"brandId\":\"brand %d\"}\n", i, i*i)
	}
	broken := errors.New("the disk is gone")
	tests := []struct {
		name  string
		data  io.Reader
		cause string
	}{
		{"gzip", half(gzipped(t, text.Bytes())), "the gzip data is cut off"},
		{"zstd", half(zstandard(t, text.Bytes())), "the zstd data is cut off"},
		{"NDJSON in gzip", half(gzipped(t, lines.Bytes())), "the gzip data is cut off"},
		{"I/O", io.MultiReader(half(text.Bytes()), iotest.ErrReader(broken)), broken.Error()},
		{"NDJSON and I/O", io.MultiReader(half(lines.Bytes()), iotest.ErrReader(broken)), broken.Error()},
	}
	next := writeFile(t, "next.csv", []byte("user\nlast\n"))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readFiles(t, []string{"-", next}, Config{Op: "list", Stdin: test.data})
			if err != nil {
				t.Fatal(err)
			}
			n := len(got.records)
			for i, rec := range got.records {
				number := rec.Row.Number
				if rec.Rejection != nil {
					number = rec.Rejection.Number
				}
				if number != int64(i+1) || rec.Rejection != nil != (i == n-2) || i < n-2 && rec.Row.User != fmt.Sprint("user ", i) {
					t.Fatalf("record %d of %d: %s", i+1, n, tell(rec))
				}
			}
			if n < 1000 || got.records[n-1].Row.User != "last" || !strings.Contains(got.records[n-2].Rejection.Cause, test.cause) {
				t.Errorf("got %d records, the last two %v", n, got.told()[n-2:])
			}
			if in := got.inputs[0]; !strings.Contains(in.Error, test.cause) || in.Rows != int64(n-1) || got.inputs[1].FirstRow != int64(n) {
				t.Errorf("got inputs %+v", got.inputs)
			}
		})
	}
}

func half(data []byte) io.Reader { return bytes.NewReader(data[:len(data)/2]) }

// However the bytes come, the records are the same.
func TestSmallReads(t *testing.T) {
	for _, text := range []string{
		"user,brandId\r\n\"a\r\nb\",\"c\"\"d\"\r\n\r\n\"e\nf\n1,2\n3,4",
		"{\"user\":\"a\"}\n{\"user\":\n\"b\"}  {\"user\":\"c\"}\n{\"user\"\n{\"user\":\"d\"} x",
		"[{\"user\":\"a\"} , {\"user\":\"b\"}, 12 ]  ",
	} {
		want, err := readText(t, text, Config{Op: "list"})
		if err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]io.Reader{
			"one byte":       iotest.OneByteReader(strings.NewReader(text)),
			"data and error": iotest.DataErrReader(strings.NewReader(text)),
		} {
			got, err := readFiles(t, []string{"-"}, Config{Op: "list", Stdin: r})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("%s of %q (-whole +got):\n%s", name, text, diff)
			}
		}
	}
}

func TestProgress(t *testing.T) {
	var text bytes.Buffer
	io.Copy(&text, &madeRows{header: "user\n", rows: 100_000, row: func(i int, b []byte) []byte { return fmt.Appendf(b, "u%d\n", i) }})
	name := writeFile(t, "users.csv", text.Bytes())
	r, err := openNames(t.Context(), []string{name, name}, Config{Op: "list", AllowDuplicates: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	read, total := r.Progress()
	if want := int64(2 * text.Len()); read != 0 || total != want {
		t.Errorf("got %d of %d at the start, want 0 of %d", read, total, want)
	}
	for range r.Records() {
		now, _ := r.Progress()
		if now < read || now > total {
			t.Fatalf("got %d after %d of %d", now, read, total)
		}
		read = now
	}
	if read != total {
		t.Errorf("got %d of %d at the end", read, total)
	}

	r, err = openNames(t.Context(), []string{name, "-"}, Config{Op: "list", Stdin: strings.NewReader("user\na\n")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, total := r.Progress(); total != 0 {
		t.Errorf("got total %d with a pipe, want 0", total)
	}
}

// A reader that stops early does not read the rest of the file.
func TestStopEarly(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("user\n"), &madeRows{rows: 1 << 40, row: func(i int, b []byte) []byte { return fmt.Appendf(b, "u%d\n", i) }})
	r, err := openNames(t.Context(), []string{"-"}, Config{Op: "list", Stdin: endless})
	if err != nil {
		t.Fatal(err)
	}
	for range r.Records() {
		break
	}
	if got := r.Inputs()[0].Rows; got != 1 {
		t.Errorf("got %d rows, want 1", got)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A file that is gone when its turn comes costs a rejection, and the next file follows (I1).
func TestFileGone(t *testing.T) {
	gone, next := writeFile(t, "gone.csv", []byte("user\na\n")), writeFile(t, "next.csv", []byte("user\nb\n"))
	r, err := openNames(t.Context(), []string{gone, next}, Config{Op: "list"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	var got result
	for rec := range r.Records() {
		got.records = append(got.records, rec)
	}
	if told := got.told(); len(told) != 2 || !strings.HasPrefix(told[0], "1:0 rejected") || told[1] != "2:2 list user=b" {
		t.Errorf("got %q", told)
	}
	if r.Inputs()[0].Error == "" {
		t.Error("got no error of the input that is gone")
	}
}
