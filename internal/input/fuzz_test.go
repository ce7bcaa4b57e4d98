package input

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// scanAll returns every record of text, and whether each could be distinguished from the next.
func scanAll(text string, comma byte) (records [][]string, sound bool) {
	s := &csvScanner{window: newWindow(strings.NewReader(text)), comma: comma}
	for {
		err := s.scan()
		if errors.Is(err, io.EOF) {
			return records, true
		}
		if err != nil {
			return records, false
		}
		records = append(records, append([]string(nil), s.cells...))
	}
}

// Whatever encoding/csv writes is read as it was written.
func FuzzCSVRoundTrip(f *testing.F) {
	f.Add("a", "b,c", "d\"e\nf", "\r\n", byte(0))
	f.Add("", " x ", "\"", "'", byte(1))
	f.Fuzz(func(t *testing.T, a, b, c, d string, delimiter byte) {
		comma := commas[int(delimiter)%len(commas)]
		// Alone on its line an empty or blank cell is a blank line, so each record begins with a letter.
		want := [][]string{{"x", a, b}, {"y", c, d}}
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.Comma = rune(comma)
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		got, sound := scanAll(text.String(), comma)
		if diff := cmp.Diff(want, got); diff != "" || !sound {
			t.Errorf("%q (-want +got):\n%s", text.String(), diff)
		}
	})
}

// Text that encoding/csv reads, this package reads in the same way.
func FuzzCSVLikeStandard(f *testing.F) {
	f.Add("a,b\n\"c\",d\r\n\n\"e\"\"f\",\"g\nh\"\n")
	f.Add("a,b\n\"c,d\ne,f")
	f.Add("\"\"\n,\n\" \"x")
	f.Fuzz(func(t *testing.T, text string) {
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		records, err := r.ReadAll()
		got, sound := scanAll(text, ',')
		if err != nil {
			// encoding/csv looks no further than its first error, and neither does this.
			if sound {
				t.Errorf("%q: got no error, want %v", text, err)
			}
			return
		}
		if diff := cmp.Diff(alike(records), alike(got)); diff != "" || !sound {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	})
}

var lineEnd = regexp.MustCompile(`\r*\n`)

// alike leaves out what encoding/csv does otherwise: it turns \r\n within quotes into \n, and
// takes a line of blanks for a record.
func alike(records [][]string) [][]string {
	var rest [][]string
	for _, record := range records {
		for i := range record {
			record[i] = lineEnd.ReplaceAllString(record[i], "\n")
		}
		if len(record) > 1 || strings.TrimSpace(record[0]) != "" {
			rest = append(rest, record)
		}
	}
	return rest
}

// I1: whatever the text, rows are numbered without a gap, each is either valid or rejected, and
// the way in which the bytes come makes no difference.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		"user,brandId\na,b\n\"c\nd\",e\n\"f,g\nh,i\n",
		"op;user;clientId\nlist;a;\nremove;b;1\n",
		"[{\"user\":\"a\"},{\"user\":[1]},2,{\"client\":{\"id\":\"x\"}}]",
		"{\"user\":\"a\"}\n{\"user\"\n\n}\n{\"us\\u0065r\":\"b\",\"matchCriteria\":{\"type\":null}} {}",
		"\x1f\x8b\x08\x00", "\f", "\xff\xfeu\x00", "\ufeffuser\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func(stdin io.Reader) ([]string, string) {
			r, err := openNames(t.Context(), []string{"-"}, Config{
				Op: "list", Stdin: stdin, AllowDuplicates: true, Where: `row.user != "b"`, Set: []Setting{{"brandId", "x${row.user}"}},
			})
			if err != nil {
				return nil, err.Error()
			}
			defer r.Close()
			var got result
			for rec := range r.Records() {
				got.records = append(got.records, rec)
				number, line := rec.Row.Number, rec.Row.Line
				if j := rec.Rejection; j != nil {
					number, line = j.Number, j.Line
					if j.Names != nil && len(j.Names) != len(j.Values) || j.Cause == "" {
						t.Errorf("odd rejection %+v", *j)
					}
				} else if o, err := jobs.FindOperation(string(rec.Row.Op)); err != nil || !rec.Filtered && o.CheckRow(&rec.Row) != nil {
					t.Errorf("row %d is not valid: %s", number, tell(rec))
				}
				if number != int64(len(got.records)) || line < 1 {
					t.Errorf("record %d has number %d and line %d", len(got.records), number, line)
				}
			}
			if in := r.Inputs()[0]; in.Rows != int64(len(got.records)) || in.Bytes != int64(len(data)) {
				t.Errorf("got input %+v of %d bytes with %d records", in, len(data), len(got.records))
			}
			return got.told(), ""
		}
		records, failure := read(bytes.NewReader(data))
		again, failureAgain := read(iotest.OneByteReader(bytes.NewReader(data)))
		if diff := cmp.Diff(records, again) + cmp.Diff(failure, failureAgain); diff != "" {
			t.Errorf("read byte by byte (-whole +bytes):\n%s", diff)
		}
	})
}
