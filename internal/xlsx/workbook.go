// Package xlsx reads the rows of workbooks in Office Open XML, as a stream and in bounded memory, whatever a file claims to hold (I6).
//
// It gives what a cell holds, as text: cached values of formulas, whole numbers with all their digits, dates in ISO 8601. What cannot
// be read is an error, never a row less.
package xlsx

import (
	"archive/zip"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Error says why a file is no workbook that can be read, for a person.
type Error struct {
	Cause, Hint string
	Err         error // may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Cause + ": " + e.Err.Error()
	}
	return e.Cause
}

func (e *Error) Unwrap() error { return e.Err }

func damaged(part string, err error) error {
	return &Error{Cause: part + " of the workbook cannot be read", Err: err, Hint: "open it in a spreadsheet and save it again, or export the sheet as CSV UTF-8"}
}

// Workbook is an open file. It is not for concurrent use.
type Workbook struct {
	Sheets []Sheet // those that hold cells, in the order of their tabs

	parts   map[string]*zip.File
	strings *sharedStrings
	styles  []format // by the number that cells have
	from    epoch
	limits  limits
}

// Sheet is one of them.
type Sheet struct {
	Name   string
	Hidden bool
	part   string
}

// Open reads what the file says of itself. Its error is an *Error, or one of r. Close the workbook when its rows are read.
func Open(r io.ReaderAt, size int64) (*Workbook, error) { return open(r, size, standard) }

func open(r io.ReaderAt, size int64, l limits) (*Workbook, error) {
	if err := checkDirectory(r, size); err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, &Error{Cause: "is no sound ZIP archive or workbook", Err: err, Hint: "copy or export it again: it may be cut off"}
	}
	w := &Workbook{parts: map[string]*zip.File{}, limits: l}
	for _, f := range archive.File {
		w.parts[strings.TrimPrefix(f.Name, "/")] = f
	}
	main, err := w.mainPart()
	if err != nil {
		return nil, err
	}
	return w, w.readMain(main)
}

// Close removes what reading has kept on disk.
func (w *Workbook) Close() error { return w.strings.close() }

// relations are what a part refers to.
type relations struct {
	All []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

// relationsOf returns what a part refers to, as ids and kinds to names of parts.
func (w *Workbook) relationsOf(part string) (byID, byKind map[string]string, err error) {
	dir, base := path.Split(part)
	var r relations
	if err := w.unmarshal(dir+"_rels/"+base+".rels", &r); err != nil {
		return nil, nil, err
	}
	byID, byKind = map[string]string{}, map[string]string{}
	for _, one := range r.All {
		target := path.Join("/", dir, one.Target)
		if strings.HasPrefix(one.Target, "/") {
			target = path.Clean(one.Target)
		}
		target = strings.TrimPrefix(target, "/")
		byID[one.ID] = target
		byKind[path.Base(one.Type)] = target
	}
	return byID, byKind, nil
}

// mainPart names the part that lists the sheets, or says what the archive is in its place.
func (w *Workbook) mainPart() (string, error) {
	if w.parts["_rels/.rels"] == nil {
		return "", w.otherKind()
	}
	_, kinds, err := w.relationsOf("")
	if err != nil {
		return "", err
	}
	main := kinds["officeDocument"]
	if w.parts[main] == nil || strings.HasSuffix(main, ".bin") || !strings.HasPrefix(main, "xl/") && !strings.Contains(main, "workbook") {
		return "", w.otherKind()
	}
	return main, nil
}

// otherKind says what an archive is that holds no workbook.
func (w *Workbook) otherKind() error {
	kind := "a ZIP archive without a workbook"
	hint := "unpack it, and give the files in it"
	const save = "save it as .xlsx, or export it as CSV UTF-8"
	switch {
	case w.parts["xl/workbook.bin"] != nil:
		kind, hint = "a binary Excel workbook (.xlsb)", save
	case w.parts["content.xml"] != nil && w.parts["mimetype"] != nil:
		kind, hint = "an OpenDocument file (.ods)", save
	case w.parts["Index/Document.iwa"] != nil || w.parts["Index.zip"] != nil:
		kind, hint = "an Apple Numbers document (.numbers)", save
	case w.parts["word/document.xml"] != nil || w.parts["ppt/presentation.xml"] != nil:
		kind, hint = "an Office document, but no workbook", "give the spreadsheet"
	}
	return &Error{Cause: "is " + kind, Hint: hint}
}

func (w *Workbook) readMain(main string) error {
	var book struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			State string     `xml:"state,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := w.unmarshal(main, &book); err != nil {
		return err
	}
	parts, kinds, err := w.relationsOf(main)
	if err != nil {
		return err
	}
	for _, s := range book.Sheets {
		for _, a := range s.Attrs {
			if part := parts[a.Value]; a.Name.Local == "id" && a.Name.Space != "" && part != "" && !strings.Contains(part, "chartsheets/") {
				w.Sheets = append(w.Sheets, Sheet{s.Name, s.State != "" && s.State != "visible", part})
			}
		}
	}
	if len(w.Sheets) == 0 {
		return &Error{Cause: "the workbook has no sheet with cells", Hint: "give another file"}
	}
	w.from = epoch{is1904: book.Properties.Date1904 == "1" || book.Properties.Date1904 == "true"}
	w.strings = &sharedStrings{book: w}
	if f := w.parts[cmp.Or(kinds["sharedStrings"], "xl/sharedStrings.xml")]; f != nil {
		w.strings.file = f
	}
	return w.readStyles(cmp.Or(kinds["styles"], "xl/styles.xml"))
}

// unmarshal reads a part that is small, as all are that describe others.
func (w *Workbook) unmarshal(part string, into any) error {
	f := w.parts[part]
	if f == nil {
		return damaged(part, errors.New("it is missing"))
	}
	m, err := w.openPart(f)
	if err != nil {
		return damaged(part, err)
	}
	defer m.close()
	if err := xml.NewDecoder(m).Decode(into); err != nil {
		return damaged(part, err)
	}
	return nil
}

// limits bound what a part of a file may unpack to, in bytes. No spreadsheet reaches them.
type limits struct {
	element int64 // XML of one row, one shared string, or one of the small parts
	free    int64 // a part may have that, whatever its ratio
	part    int64
}

var standard = limits{element: 16 << 20, free: 64 << 20, part: 16 << 30}

// mostPacked is the ratio from which a part is a bomb.
const mostPacked = 200

var errBomb = fmt.Errorf("it unpacks to more than %d times its size", mostPacked)

// meter reads a part, and refuses what no spreadsheet writes.
type meter struct {
	io.ReadCloser
	packed int64
	n      int64 // read in all
	since  int64 // n at the start of the element that is being read
	limits
}

func (w *Workbook) openPart(f *zip.File) (*meter, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	return &meter{ReadCloser: r, packed: int64(f.CompressedSize64), limits: w.limits}, nil
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	m.n += int64(n)
	switch {
	case m.n > m.free && m.n/mostPacked > m.packed, m.n > m.part:
		return 0, errBomb
	case m.n-m.since > m.element:
		return 0, fmt.Errorf("a row or another element of it is longer than %d KiB", m.element>>10)
	}
	return n, err
}

// next begins another element.
func (m *meter) next() { m.since = m.n }

func (m *meter) close() { m.Close() }
