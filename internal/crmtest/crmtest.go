// Package crmtest makes, for tests, an export of a CRM as people have them, and the world that it meets. The same number of
// users gives the same export.
package crmtest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"github.com/sunbulk/sunbulk/internal/xlsx/xlsxtest"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// Integration is what the users are linked to.
const Integration = "5f1a0c52d8b7e4000c3a9e02"

// header are the columns of the export.
var header = []string{"Customer no", "First name", "Surname", "Mobile", "City"}

// Row is one record of the export.
type Row struct {
	User, First, Surname string
	Mobile               string // as it is written
	Number               string // in E.164
	Why                  string // a part of the reason for which the row cannot be linked; empty = it is
	Rival                bool   // one of several rows of the user: one goes on, the others end as "an earlier row is for the same user"
	Numeric              bool   // a cell of a number in a workbook
}

// Export is what a CRM gives, in British numbers. Blank rows stand between its Rows.
type Export struct {
	Rows  []Row
	World suncotest.World
	Known map[string]bool // the users that the World has
}

// New makes an export of so many users: a tenth of them are unknown to the World, and a tenth of those known have no conversation. Some
// come twice, and some have a number that cannot be used, or that is not on the channel.
func New(users int) *Export {
	random := rand.New(rand.NewPCG(18, uint64(users)))
	e := &Export{Known: map[string]bool{}, World: suncotest.World{Integrations: []suncotest.Integration{{ID: Integration, Type: "whatsapp"}}}}
	var first []int // the first rows of users
	for i := range users {
		r := e.row(i)
		first = append(first, len(e.Rows))
		e.Rows = append(e.Rows, r)
		if i%10 != 3 {
			e.know(i, r)
		}
		if i%50 == 7 {
			e.repeat(&e.Rows[first[random.IntN(len(first))]], i%100 == 7)
		}
	}
	return e
}

// repeat adds a record that repeats an earlier one: to the letter, or with another first name.
func (e *Export) repeat(r *Row, exact bool) {
	again := *r
	switch linkable := r.Why == "" || r.Why == notLinked; {
	case linkable && exact:
		again.Why, again.Rival = "same as an earlier row", false
	case linkable:
		again.First, again.Rival, r.Rival = fmt.Sprintf("%c.", 'A'+len(e.Rows)%26), true, true
	}
	e.Rows = append(e.Rows, again)
}

const notLinked = "its link failed"

// row is the record of a user.
func (e *Export) row(i int) Row {
	local := fmt.Sprintf("7700%06d", 900_001+i*10%90_000)
	r := Row{
		User: fmt.Sprintf("K-%05d", 10_001+i), First: []string{"Zoë", "José", "Ann", "Jürgen"}[i%4], Surname: []string{"Müller", "O’Neill", "Peña; Ruiz", `"Bob" Ray`}[i/4%4],
		Number: "+44" + local,
	}
	switch i % 8 {
	case 0:
		r.Mobile = "0" + local
	case 1:
		r.Mobile = "0044 " + local[:4] + " " + local[4:]
	case 2:
		r.Mobile = "+44 (0)" + local[:4] + " " + local[4:]
	case 3:
		r.Mobile, r.Numeric = local, true // a spreadsheet has taken the 0
	case 4:
		r.Mobile = "(0" + local[:4] + ") " + local[4:7] + "-" + local[7:]
	case 5:
		r.Mobile, r.Numeric = "44"+local, true
	case 6:
		r.Mobile = "+44\u00a0" + local
	default:
		r.Mobile = "0" + local[:4] + "." + local[4:7] + "." + local[7:]
	}
	switch { // after the spelling: these are damaged
	case i%100 == 21:
		r.Mobile, r.Why, r.Numeric = r.Mobile+" ext. 12", "extension", false
	case i%100 == 41:
		r.Mobile, r.Why, r.Numeric = "", "left out by where", false
	case i%100 == 61:
		r.Mobile, r.Why, r.Numeric = "+44 7700 90", "digits", false
	case i%100 == 81:
		r.Mobile, r.Number, r.Why, r.Numeric = "07700 910000", "+447700910000", notLinked, false // as the simulator takes it
	}
	return r
}

// know adds the user of a row to the world.
func (e *Export) know(i int, r Row) {
	e.Known[r.User] = true
	u := suncotest.User{ID: fmt.Sprintf("5e9cb902%016x", i+1), ExternalID: r.User}
	if i%10 != 5 {
		u.Conversations = append(u.Conversations, suncotest.Conversation{ID: fmt.Sprintf("64bd7627%016x", i+1)})
	}
	if i%25 == 2 {
		u.Conversations = append(u.Conversations, suncotest.Conversation{ID: fmt.Sprintf("64bd7628%016x", i+1)})
	}
	if i%100 == 11 {
		u.Clients = append(u.Clients, sunco.Client{ID: fmt.Sprintf("61e00000%016x", i+1), Type: "whatsapp", Status: sunco.StatusActive, IntegrationID: Integration, ExternalID: r.Number})
	}
	e.World.Users = append(e.World.Users, u)
}

func (r Row) cells() []string { return []string{r.User, r.First, r.Surname, r.Mobile, "Zürich"} }

// blank tells whether an empty record stands before the row.
func blank(i int) bool { return i%97 == 5 }

// WriteCSV writes the export as Excel does in much of Europe: with semicolons, in Windows-1252. Blank rows are lines of
// semicolons, or have nothing at all.
func (e *Export) WriteCSV(w io.Writer) error {
	var b strings.Builder
	line := func(cells []string) {
		for i, c := range cells {
			if i > 0 {
				b.WriteByte(';')
			}
			if strings.ContainsAny(c, `;"`) {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteString("\r\n")
	}
	line(header)
	for i, r := range e.Rows {
		if blank(i) {
			line([][]string{{""}, {"", "", "", "", ""}}[i%2])
		}
		line(r.cells())
	}
	_, err := charmap.Windows1252.NewEncoder().Writer(w).Write([]byte(b.String()))
	return err
}

// WriteWorkbook writes the export as an Excel workbook, in which some numbers are numbers.
func (e *Export) WriteWorkbook(w io.Writer) error {
	var b strings.Builder
	number := 0
	line := func(cells []string, numeric int) {
		number++
		fmt.Fprintf(&b, `<row r="%d">`, number)
		for i, c := range cells {
			at := fmt.Sprintf("%c%d", 'A'+i, number)
			switch {
			case i == numeric:
				fmt.Fprintf(&b, `<c r="%s"><v>%s</v></c>`, at, c)
			case c != "":
				c = strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(c)
				fmt.Fprintf(&b, `<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, at, c)
			}
		}
		b.WriteString("</row>")
	}
	line(header, -1)
	for i, r := range e.Rows {
		if blank(i) {
			number++
		}
		mobile := -1
		if r.Numeric {
			mobile = 3
		}
		line(r.cells(), mobile)
	}
	_, err := xlsxtest.Book{Sheets: []xlsxtest.Sheet{{Name: "Export", Rows: b.String()}}, Styles: []string{"General"}}.WriteTo(w)
	return err
}
