// Package xlsxtest makes workbooks for tests, from the XML that is to be read.
package xlsxtest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Book is a workbook. Its zero value has no sheet.
type Book struct {
	Sheets  []Sheet
	Strings []string // shared ones, as XML within <si>
	Styles  []string // codes of the formats of the styles 0, 1, …
	Is1904  bool
	Method  uint16 // of the archive: zip.Store, zip.Deflate

	Parts map[string]string // in place of those that are made; empty = left out
}

// Sheet is one of its sheets.
type Sheet struct {
	Name  string
	State string            // hidden, veryHidden or empty
	Rows  string            // the XML within <sheetData>
	Write func(w io.Writer) // in place of Rows
}

const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// Bytes returns the file.
func (b Book) Bytes() []byte {
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		panic(err) // a buffer takes everything
	}
	return out.Bytes()
}

// WriteTo writes the file.
func (b Book) WriteTo(out io.Writer) (int64, error) {
	w := zip.NewWriter(out)
	add := func(name, text string, write func(io.Writer)) {
		if own, ok := b.Parts[name]; ok {
			text, write = own, nil
		}
		if text == "" && write == nil {
			return
		}
		part, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: b.Method})
		if err != nil {
			panic(err)
		}
		if write != nil {
			write(part)
			return
		}
		io.WriteString(part, text)
	}
	add("_rels/.rels", head+`<Relationships xmlns="r"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`, nil)
	var sheets, relations, formats, cells strings.Builder
	for i, s := range b.Sheets {
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" state="%s" r:id="rId%d"/>`, s.Name, i+1, s.State, i+1)
		fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="http://x/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
		add(fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), "", func(w io.Writer) {
			io.WriteString(w, head+`<worksheet><dimension ref="A1"/><sheetData>`)
			if s.Write != nil {
				s.Write(w)
			}
			io.WriteString(w, s.Rows+`</sheetData><mergeCells/></worksheet>`)
		})
	}
	date := ""
	if b.Is1904 {
		date = ` date1904="1"`
	}
	add("xl/workbook.xml", head+`<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr`+date+`/><sheets>`+strings.ReplaceAll(sheets.String(), ` state=""`, "")+`</sheets></workbook>`, nil)
	add("xl/_rels/workbook.xml.rels", head+`<Relationships xmlns="r">`+relations.String()+`</Relationships>`, nil)
	for i, code := range b.Styles {
		fmt.Fprintf(&formats, `<numFmt numFmtId="%d" formatCode="%s"/>`, 164+i, strings.NewReplacer(`"`, "&quot;", "<", "&lt;").Replace(code))
		fmt.Fprintf(&cells, `<xf numFmtId="%d"/>`, 164+i)
	}
	add("xl/styles.xml", head+`<styleSheet><numFmts>`+formats.String()+`</numFmts><cellXfs>`+cells.String()+`</cellXfs></styleSheet>`, nil)
	if len(b.Strings) > 0 || b.Parts["xl/sharedStrings.xml"] != "" {
		add("xl/sharedStrings.xml", head+`<sst><si>`+strings.Join(b.Strings, "</si><si>")+`</si></sst>`, nil)
	}
	for name, text := range b.Parts {
		switch {
		case strings.HasPrefix(name, "xl/worksheets/"), name == "xl/workbook.xml", name == "xl/styles.xml", name == "xl/sharedStrings.xml", strings.HasSuffix(name, ".rels"):
		default:
			add(name, text, nil)
		}
	}
	return 0, w.Close()
}

// Texts returns rows of inline texts, from row 1.
func Texts(rows ...[]string) string {
	var out strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&out, `<row r="%d">`, i+1)
		for _, cell := range row {
			cell = strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(cell)
			fmt.Fprintf(&out, `<c t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, cell)
		}
		out.WriteString("</row>")
	}
	return out.String()
}
