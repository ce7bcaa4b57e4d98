package input

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/xlsx/xlsxtest"
)

func bookOf(rows ...[]string) xlsxtest.Book {
	return xlsxtest.Book{Method: zip.Deflate, Sheets: []xlsxtest.Sheet{{Name: "Users", Rows: xlsxtest.Texts(rows...)}}}
}

// A workbook is read like a CSV file, wherever it comes from; lines are the sheet's rows.
func TestWorkbook(t *testing.T) {
	book := bookOf([]string{"", ""}, []string{"User", "Client Id", "Note"}, []string{"a", "1"}, []string{" b ", "2", "x"}, []string{""}, []string{"user", "clientId", "note"}, []string{"c"}, []string{"d", "4", "", "beyond"})
	data := book.Bytes()
	want := []string{
		"1:3 remove user=a clientId=1", "2:4 remove user=b clientId=2", `3:7 rejected "Client Id" is empty (in column B)`, `4:8 rejected "" has a value in column D, and the header has 3 columns`,
	}
	for name, data := range map[string][]byte{"xlsx": data, "xlsx+gzip": gzipped(t, data), "xlsx+zstd": zstandard(t, data)} {
		for _, from := range []string{"file", "stdin"} {
			cfg := Config{Op: "remove", Stdin: bytes.NewReader(data)}
			file := "-"
			if from == "file" {
				file = writeFile(t, "f", data)
			}
			got, err := readFiles(t, []string{file}, cfg)
			if err != nil {
				t.Fatalf("%s from %s: %v", name, from, err)
			}
			if diff := cmp.Diff(want, got.told()); diff != "" {
				t.Errorf("%s from %s: records (-want +got):\n%s", name, from, diff)
			}
			in := got.inputs[0]
			if in.Format != name || in.Bytes != int64(len(data)) || in.SHA256 != sum(data) || in.Error != "" {
				t.Errorf("%s from %s: got input %+v", name, from, in)
			}
			if diff := cmp.Diff([]string{`column "Note" is not read`, "line 6 repeats the header, and is no row"}, got.warnings); diff != "" {
				t.Errorf("remarks (-want +got):\n%s", diff)
			}
		}
	}
}

func TestSheetIsChosen(t *testing.T) {
	rows := func(user string) string { return xlsxtest.Texts([]string{"user"}, []string{user}) }
	book := xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "Notes", Rows: `<row r="1"/>`}, {Name: "2", Rows: rows("a")}, {Name: "Old", State: "hidden", Rows: rows("b")}}}
	two := book
	two.Sheets = append([]xlsxtest.Sheet{{Name: "New users", Rows: rows("c")}}, book.Sheets...)
	for _, test := range []struct {
		book  xlsxtest.Book
		sheet string
		want  string // user, or an error
		hint  string
	}{
		{book, "", "a", ""}, {book, "Old", "b", ""}, {book, "old", "b", ""}, {book, "3", "b", ""}, {book, "2", "a", ""}, {two, " new users ", "c", ""}, {two, "1", "c", ""},
		{two, "", "-: the workbook has several sheets", `choose one with --sheet: it has 1 "New users", 2 "Notes", 3 "2", 4 "Old" (hidden)`},
		{two, "5", `-: the workbook has no sheet "5"`, `it has 1 "New users", 2 "Notes", 3 "2", 4 "Old" (hidden)`},
		{two, "Users", `-: the workbook has no sheet "Users"`, `it has 1 "New users", 2 "Notes", 3 "2", 4 "Old" (hidden)`},
		{xlsxtest.Book{Sheets: book.Sheets[:1]}, "", "-: no sheet that is shown holds anything", `choose one with --sheet: it has 1 "Notes"`},
		{xlsxtest.Book{Sheets: book.Sheets[2:]}, "", "-: no sheet that is shown holds anything", `choose one with --sheet: it has 1 "Old" (hidden)`},
		{book, "Notes", "-: is empty", "the first line of a CSV file or sheet names its columns"},
	} {
		got, err := readText(t, string(test.book.Bytes()), Config{Op: "list", Sheet: test.sheet, AllowDuplicates: true})
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Error() != test.want || e.Hint != test.hint {
				t.Errorf("%q: got %v, want %s, %s", test.sheet, err, test.want, test.hint)
			}
			continue
		}
		if user := got.records[0].Row.User; user != test.want {
			t.Errorf("%q: got user %q, want %q", test.sheet, user, test.want)
		}
	}
}

// Numbers of people are safe where a spreadsheet has made numbers of them.
func TestNumbersOfSheets(t *testing.T) {
	book := xlsxtest.Book{
		Styles: []string{"General", "0.00E+00", "#,##0", `"+"0`, "yyyy-mm-dd"},
		Sheets: []xlsxtest.Sheet{{Name: "x", Rows: xlsxtest.Texts([]string{"user", "clientId"}) +
			`<row r="2"><c><v>346001112223</v></c><c s="1"><v>3.46001112223E+11</v></c></row>
			<row r="3" hidden="1"><c s="2"><v>34600111222</v></c><c s="3"><v>34600111222</v></c></row>
			<row r="4"><c t="e"><v>#N/A</v></c><c><v>1</v></c></row>
			<row r="5"><c><v>1</v></c><c><f>VLOOKUP(A1)</f></c></row>
			<row r="6"><c><v>12345678901234500000</v></c><c><v>7</v></c></row>
			<row r="7"><c><v>7</v></c><c s="4"><v>46348</v></c></row>`}},
	}
	got, err := readText(t, string(book.Bytes()), Config{Op: "remove"})
	if err != nil {
		t.Fatal(err)
	}
	const damage = "is the error of a spreadsheet's formula, such as #N/A; mend it there and export again"
	want := []string{
		"1:2 remove user=346001112223 clientId=346001112223", "2:3 remove user=34600111222 clientId=+34600111222", `3:4 rejected "user" ` + damage + " (in column A)", `4:5 rejected "clientId" ` + damage + " (in column B)",
		"5:6 remove user=12345678901234500000 clientId=7", "6:7 remove user=7 clientId=2026-11-22",
	}
	if diff := cmp.Diff(want, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	remarks := []string{
		"row 3 is hidden in the sheet, and is read like the others", "the formula in cell B5 has no value in the file: open it in a spreadsheet and save it",
		"cell A6 holds a number of more than 15 digits, of which spreadsheets keep 15: format ids as text",
	}
	for _, remark := range remarks {
		if !strings.Contains(strings.Join(got.warnings, "\n"), remark) {
			t.Errorf("got remarks %q, want %q among them", got.warnings, remark)
		}
	}
}

func TestDamagedWorkbooks(t *testing.T) {
	whole := "<worksheet><sheetData>" + xlsxtest.Texts([]string{"user"}, []string{"a"}, []string{"b"})
	book := bookOf([]string{"user"})
	book.Parts = map[string]string{"xl/worksheets/sheet1.xml": whole}
	got, err := readText(t, string(book.Bytes()), Config{Op: "list"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1:2 list user=a", "2:3 list user=b", `3:3 rejected "" reading stopped here: row 3 of sheet "Users" of the workbook cannot be read: unexpected EOF`}
	if diff := cmp.Diff(want, got.told()); diff != "" || got.inputs[0].Error == "" {
		t.Errorf("%+v: records (-want +got):\n%s", got.inputs[0], diff)
	}
	ole := xls + strings.Repeat("\x00", 1000)
	for data, want := range map[string]string{
		ole: "-: is a workbook of old Excel (.xls), or another file of its format", ole + string(inUTF16("EncryptedPackage")): "-: is a workbook with a password",
		"PK\x03\x04": "-: is no sound ZIP archive or workbook: its end is missing",
	} {
		_, err := readText(t, data, Config{Op: "list"})
		if e, ok := errors.AsType[*Error](err); !ok || e.Error() != want || e.Hint == "" {
			t.Errorf("got %v, want %s and a hint", err, want)
		}
	}
	wide := strings.Repeat(`<c t="inlineStr"><is><t>y</t></is></c>`, maxColumns+1)
	got, err = readText(t, string(xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "x", Rows: xlsxtest.Texts([]string{"user"}) + `<row r="2">` + wide + `</row><row r="3"><c><v>1</v></c></row>`}}}.Bytes()), Config{Op: "list"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`1:2 rejected "" has more than 1000 cells or 1 MiB of text`, "2:3 list user=1"}, got.told()); diff != "" {
		t.Errorf("a wide row (-want +got):\n%s", diff)
	}
}

// I6: a hundred thousand rows of texts of their own take no more memory than a few.
func TestMemoryOfWorkbooksIsFlat(t *testing.T) {
	const rows = 60_000
	path := filepath.Join(t.TempDir(), "big.xlsx")
	writeBook(t, path, rows)
	before := newHeap()
	r, err := openNames(t.Context(), []string{path}, Config{Op: "remove", AllowDuplicates: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	for rec := range r.Records() {
		if rec.Rejection != nil {
			t.Fatal(rec.Rejection)
		}
		if n++; n%(rows/10) == 0 {
			before.check(t, 6<<20)
		}
	}
	if read, total := r.Progress(); n != rows || read != total {
		t.Errorf("got %d rows and %d of %d bytes", n, read, total)
	}
}

// writeBook writes a workbook of rows with shared texts.
func writeBook(t testing.TB, path string, rows int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 6))
	texts := []string{"<t>user</t>", "<t>clientId</t>", "<t>Name</t>"}
	for i := range rows {
		texts = append(texts, fmt.Sprintf("<t>customer-%d-%x</t>", i, random.Uint64()), fmt.Sprintf("<t>%012x%012x</t>", i, random.Uint32()), fmt.Sprintf("<t>Señor %d</t>", i))
	}
	book := xlsxtest.Book{Method: zip.Deflate, Strings: texts, Sheets: []xlsxtest.Sheet{{Name: "x", Write: func(w io.Writer) {
		for i := range rows + 1 {
			fmt.Fprintf(w, `<row r="%[1]d"><c r="A%[1]d" t="s"><v>%[2]d</v></c><c r="B%[1]d" t="s"><v>%[3]d</v></c><c r="C%[1]d" t="s"><v>%[4]d</v></c></row>`, i+1, 3*i, 3*i+1, 3*i+2)
		}
	}}}}
	if _, err := book.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
