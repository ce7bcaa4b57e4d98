package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/xlsx/xlsxtest"
)

// read returns the rows of the first sheet as "number:cell|cell".
func read(data []byte) (rows []string, err error) { return readWithin(data, standard) }

func readWithin(data []byte, l limits) (rows []string, err error) {
	book, err := open(bytes.NewReader(data), int64(len(data)), l)
	if err != nil {
		return nil, err
	}
	defer book.Close()
	sheet, err := book.Rows(book.Sheets[0])
	if err != nil {
		return nil, err
	}
	defer sheet.Close()
	for {
		row, err := sheet.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, fmt.Sprintf("%d:%s", row.Number, strings.Join(row.Cells, "|")))
	}
}

func sheetOf(rows string) xlsxtest.Book {
	return xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "Users", Rows: rows}}}
}

func TestCells(t *testing.T) {
	book := xlsxtest.Book{
		Strings: []string{`<t>user</t>`, `<r><t xml:space="preserve">rich </t></r><r><rPr><b/></rPr><t>text</t></r>`, `<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh>`, `<t>a_x000D_&#10;b_x005F_x000D_ _x _xyz_</t>`, `<t/>`},
		Styles:  []string{"General", "yyyy-mm-dd", `"+"0`},
		Sheets: []xlsxtest.Sheet{{Name: "Users", Rows: `
			<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>
			<row r="3" spans="1:4"><c r="A3" t="s"><v>2</v></c><c r="B3" t="s"><v> 3 </v></c><c r="C3" t="s"><v>4</v></c></row>
			<row><c><v>34600111222</v></c><c s="2"><v>34600111222</v></c><c t="n" s="1"><v>46348</v></c><c t="d"><v>2026-11-22</v></c></row>
			<row><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#N/A</v></c></row>
			<row r="9"><c r="B9"><f>A1&amp;"x"</f><v>7</v></c><c t="str"><f>X</f><v>text</v></c><c t="str"><f>X</f><v></v></c><c><f>X</f></c></row>
			<row r="10"/><row r="11"><c r="A11"/><c r="B11" s="1"/><c r="C11" t="inlineStr"><is><t>in</t></is></c></row>
			<row r="12" hidden="1"><c s="99"><v>1</v></c><c><v>x</v><extLst><ext><v2/></ext></extLst></c></row>`}},
	}
	want := []string{"1:user||rich text", "3:東京|a\r\nb_x000D_ _x _xyz_", "4:34600111222|+34600111222|2026-11-22|2026-11-22", "5:TRUE|FALSE|#N/A", "9:|7|text||#CALC!", "10:", "11:||in", "12:1|x"}
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		book.Method = method
		got, err := read(book.Bytes())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	book.Parts = map[string]string{"xl/worksheets/sheet1.xml": `<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c></x:row></x:sheetData></x:worksheet>`}
	if got, err := read(book.Bytes()); err != nil || !cmp.Equal(got, []string{"1:user"}) {
		t.Errorf("with a prefix: got %q, %v", got, err)
	}
}

func TestSheets(t *testing.T) {
	book := xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "Ümläut &amp; Co"}, {Name: "b", State: "hidden"}, {Name: "c", State: "veryHidden"}}}
	data := book.Bytes()
	w, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range w.Sheets {
		got = append(got, fmt.Sprint(s.Name, s.Hidden))
	}
	if diff := cmp.Diff([]string{"Ümläut & Cofalse", "btrue", "ctrue"}, got); diff != "" {
		t.Error(diff)
	}
}

// I1: a file that is cut off or changed anywhere is an error, never a row less.
func TestDamageIsNoticedI1(t *testing.T) {
	rows := xlsxtest.Texts([]string{"user", "b"}, []string{"c", "d"}, []string{"e", "f"})
	whole := "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"
	book := sheetOf(rows)
	for cut := len("<worksheet>"); cut < len(whole)-len("</worksheet>"); cut++ {
		book.Parts = map[string]string{"xl/worksheets/sheet1.xml": whole[:cut]}
		if got, err := read(book.Bytes()); err == nil {
			t.Fatalf("cut at %d: got %q without an error", cut, got)
		}
	}
	book.Parts = nil
	want, err := read(book.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		book.Method = method
		data := book.Bytes()
		at := bytes.Index(data, []byte("xl/worksheets/sheet1.xml")) + len("xl/worksheets/sheet1.xml")
		for i := range 300 {
			damaged := bytes.Clone(data)
			damaged[at+i] ^= 1
			if got, err := read(damaged); err == nil && !cmp.Equal(want, got) {
				t.Fatalf("byte %d changed: got %q without an error", i, got)
			}
		}
	}
	data := book.Bytes()
	for cut := range data {
		if got, err := read(data[:cut]); err == nil {
			t.Fatalf("file cut at %d: got %q without an error", cut, got)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	row := func(cells string) xlsxtest.Book { return sheetOf(`<row r="1">` + cells + `</row>`) }
	long := func(open string, n int, shut string) func(io.Writer) {
		return func(w io.Writer) {
			io.WriteString(w, open)
			random := rand.New(rand.NewPCG(1, 2))
			chunk := make([]byte, 1<<16)
			for i := range chunk { // farther apart than deflate looks: no ratio gives it away
				chunk[i] = byte('a' + random.IntN(26))
			}
			for range n {
				w.Write(chunk)
			}
			io.WriteString(w, shut)
		}
	}
	ones := func(n int) func(io.Writer) {
		return func(w io.Writer) {
			for i := range n {
				fmt.Fprintf(w, `<row r="%d"><c><v>%s</v></c></row>`, i+1, zeros(1<<16))
			}
		}
	}
	sheet := func(write func(io.Writer)) xlsxtest.Book {
		return xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "x", Write: write}}}
	}
	for name, test := range map[string]struct {
		book xlsxtest.Book
		want string
	}{
		"column beyond all":       {row(`<c r="XFE1"><v>1</v></c>`), "is the place of no cell"},
		"a billion columns":       {row(`<c r="ZZZZZZZZZZZZZZZZZZZ1"><v>1</v></c>`), "is the place of no cell"},
		"no place":                {row(`<c r="17"><v>1</v></c>`), "is the place of no cell"},
		"cells out of order":      {row(`<c r="B1"><v>1</v></c><c r="A1"><v>1</v></c>`), "in no order"},
		"a cell twice":            {row(`<c r="B1"><v>1</v></c><c r="B1"><v>1</v></c>`), "in no order"},
		"rows out of order":       {sheetOf(`<row r="2"/><row r="1"/>`), `has the number "1"`},
		"a row beyond all":        {sheetOf(`<row r="1048577"/>`), "1048576 rows at most"},
		"an odd number of a row":  {sheetOf(`<row r="x"/>`), `has the number "x"`},
		"no such text":            {row(`<c t="s"><v>3</v></c>`), "a text that is not there"},
		"less than no text":       {xlsxtest.Book{Strings: []string{"<t>a</t>"}, Sheets: []xlsxtest.Sheet{{Name: "x", Rows: `<row><c t="s"><v>-1</v></c></row>`}}}, "a text that is not there"},
		"texts cut off":           {xlsxtest.Book{Parts: map[string]string{"xl/sharedStrings.xml": "<sst><si><t>a"}, Sheets: []xlsxtest.Sheet{{Name: "x", Rows: `<row><c t="s"><v>0</v></c></row>`}}}, "unexpected EOF"},
		"an endless text":         {sheet(long(`<row><c t="inlineStr"><is><t>`, 20, `</t></is></c></row>`)), "longer than 1024 KiB"},
		"an endless row":          {sheet(long(`<row><c r="A1"/>`, 20, `</row>`)), "longer than 1024 KiB"},
		"an endless name":         {sheet(long(`<row `, 20, `="1"/>`)), "longer than 1024 KiB"},
		"between rows":            {sheet(long(`<!--`, 20, `-->`)), "longer than 1024 KiB"},
		"a bomb":                  {xlsxtest.Book{Method: zip.Deflate, Sheets: []xlsxtest.Sheet{{Name: "x", Write: ones(80)}}}, "more than 200 times its size"},
		"an entity":               {xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "x"}}, Parts: map[string]string{"xl/worksheets/sheet1.xml": `<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData><row><c t="str"><v>&a;</v></c></row></sheetData></worksheet>`}}, "invalid character entity"},
		"no sheets":               {xlsxtest.Book{}, "has no sheet with cells"},
		"no rows":                 {xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "x"}}, Parts: map[string]string{"xl/worksheets/sheet1.xml": "<worksheet/>"}}, "EOF"},
		"a sheet that is missing": {xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "x"}}, Parts: map[string]string{"xl/worksheets/sheet1.xml": ""}}, "is missing"},
		"relations missing":       {xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "x"}}, Parts: map[string]string{"xl/_rels/workbook.xml.rels": ""}}, "it is missing"},
		"a binary workbook":       {xlsxtest.Book{Parts: map[string]string{"_rels/.rels": "", "xl/workbook.bin": "x"}}, "is a binary Excel workbook (.xlsb)"},
		"OpenDocument":            {xlsxtest.Book{Parts: map[string]string{"_rels/.rels": "", "content.xml": "x", "mimetype": "x"}}, "is an OpenDocument file (.ods)"},
		"Numbers":                 {xlsxtest.Book{Parts: map[string]string{"_rels/.rels": "", "Index/Document.iwa": "x"}}, "is an Apple Numbers document (.numbers)"},
		"a letter":                {xlsxtest.Book{Parts: map[string]string{"_rels/.rels": strings.ReplaceAll(`<Relationships><Relationship Type="x/officeDocument" Target="word/document.xml"/></Relationships>`, "'", `"`), "word/document.xml": "x"}}, "is an Office document, but no workbook"},
		"an archive":              {xlsxtest.Book{Parts: map[string]string{"_rels/.rels": "", "users.csv": "x"}}, "is a ZIP archive without a workbook"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readWithin(test.book.Bytes(), limits{element: 1 << 20, free: 4 << 20, part: 1 << 30})
			if e, ok := errors.AsType[*Error](err); !ok || e.Hint == "" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s and a hint", err, test.want)
			}
		})
	}
	for name, data := range map[string][]byte{"nothing": nil, "no archive": []byte("PK\x03\x04 and nothing more"), "a directory that fits into no memory": append([]byte("PK\x05\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), make([]byte, 6)...)} {
		if _, err := read(data); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestColumns(t *testing.T) {
	for name, n := range map[string]int{"A": 1, "Z": 26, "AA": 27, "AZ": 52, "ZZ": 702, "AAA": 703, "XFD": MaxColumns} {
		if got := ColumnName(n); got != name {
			t.Errorf("%d: got %s, want %s", n, got, name)
		}
		for _, ref := range []string{name + "14", strings.ToLower(name) + "1"} {
			if got, err := columnOf(ref); got != n || err != nil {
				t.Errorf("%s: got %d, %v, want %d", ref, got, err, n)
			}
		}
	}
}

// Texts are found in whatever order cells ask for them, also those that are on the disk.
func TestSharedStrings(t *testing.T) {
	const n = 40_000 // more than are kept
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("<t>text %d</t>", i)
	}
	random := rand.New(rand.NewPCG(3, 4))
	var rows strings.Builder
	var want []string
	for i := range 3000 {
		at := random.IntN(n)
		fmt.Fprintf(&rows, `<row><c t="s"><v>%d</v></c></row>`, at)
		want = append(want, fmt.Sprintf("%d:text %d", i+1, at))
	}
	got, err := read(xlsxtest.Book{Method: zip.Deflate, Strings: texts, Sheets: []xlsxtest.Sheet{{Name: "x", Rows: rows.String()}}}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// I1: no archive makes it fail otherwise than with an error.
func FuzzRows(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s" s="1"><v>0</v></c></row>`, `<t>a</t>`, `"+"0`)
	f.Add(`<row><c><f>x</f></c></row>`, `<r><t>x_x0041_</t></r>`, `[<=9]0;(#)`)
	f.Fuzz(func(t *testing.T, rows, text, code string) {
		book := xlsxtest.Book{Strings: []string{text}, Styles: []string{"", code}, Sheets: []xlsxtest.Sheet{{Name: "x", Rows: rows}}}
		if _, err := read(book.Bytes()); err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("got %T %v, want an *Error", err, err)
		}
	})
}

// What other programs write is read as they mean it.
func TestWorkbookOfExcelize(t *testing.T) {
	data, err := os.ReadFile("../../testdata/contacts.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1:Customer|Name|Mobile|Since", "2:customer-20005|José Núñez|+447700900122|2026-11-22", "3:customer-20006|Zoë Müller|+447700900123|2026-11-23", "4:",
		"5:customer-20007|東京 太郎|#N/A|2026-11-24", "6:customer-20008|Ann|+447700900125|2026-11-25",
	}
	got, err := read(data)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
