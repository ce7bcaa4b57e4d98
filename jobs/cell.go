package jobs

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	formulaSigns = "=+-@＝＋－＠"
	cellEnds     = ";|\t\r\n" // at which a program that expects another delimiter than a comma begins a cell, quotes or not
	anyCellEnd   = cellEnds + ","
)

// PlainCell tells whether a cell is sure to need neither quotes nor defusing in a CSV file: it is empty, or begins with a letter or
// digit of ASCII and has but those and marks that mean nothing to CSV or a spreadsheet.
func PlainCell(cell string) bool {
	return cell == "" || isWordByte(cell[0]) && classify(cell)&signByte == 0
}

// DefuseCell returns a cell of a CSV file that no spreadsheet runs as a formula, whichever delimiter the file is opened with.
// Where the cell, or what follows a semicolon, a bar, a tab or a line break in it, begins with = + - @ or one of their full-width
// forms, after white space and quotes or not, it puts a ' before that and before the cell. Plain numbers stay as they are.
// RestoreCell takes them off again.
func DefuseCell(cell string) string {
	if defused := defuse(cell, cellEnds); RestoreCell(defused) == cell {
		return defused
	}
	return defuse(cell, anyCellEnd) // a comma and a ' of its own stand side by side in it
}

// DefuseCellOf is DefuseCell in a file whose delimiter is no comma: there a cell may hold a comma without quotes, and what follows it begins
// a cell where the file is opened with commas.
func DefuseCellOf(delimiter byte, cell string) string {
	if delimiter == ',' {
		return DefuseCell(cell)
	}
	return defuse(cell, anyCellEnd)
}

func defuse(cell, ends string) string {
	starts, hot := formulas(cell, ends)
	if !hot || isNumber(cell) {
		return cell
	}
	var out strings.Builder
	out.WriteByte('\'')
	from := 0
	for _, at := range starts {
		out.WriteString(cell[from:at])
		out.WriteByte('\'')
		from = at
	}
	out.WriteString(cell[from:])
	return out.String()
}

// RestoreCell returns the cell of which DefuseCell or DefuseCellOf made this one, and any other as it is.
func RestoreCell(cell string) string {
	if cell == "" || cell[0] != '\'' {
		return cell
	}
	starts, hot := formulas(cell, anyCellEnd)
	if !hot {
		return cell
	}
	var out strings.Builder
	from := 1
	for _, at := range starts {
		if cell[at] == '\'' {
			out.WriteString(cell[from:at])
			from = at + 1
		}
	}
	out.WriteString(cell[from:])
	return out.String()
}

// formulas finds where behind its first byte, and behind one of ends, a part of the cell begins a formula; hot tells whether its beginning or any part does. A ' is
// passed over, so that a defused cell has the same places.
func formulas(cell, ends string) (starts []int, hot bool) {
	if cell == "" || isWordByte(cell[0]) && !strings.ContainsAny(cell, ends) {
		return nil, false
	}
	sign := false // what comes next, white space and quotes aside, is a sign of a formula
	for end := len(cell); end > 0; {
		r, size := utf8.DecodeLastRuneInString(cell[:end])
		end -= size
		if !passedOver(r) {
			sign = strings.ContainsRune(formulaSigns, r)
		}
		if sign && end > 0 && strings.IndexByte(ends, cell[end-1]) >= 0 {
			starts = append(starts, end)
		}
	}
	slices.Reverse(starts)
	bare := strings.TrimLeft(cell, "'")
	return starts, sign || len(starts) > 0 || bare != "" && strings.IndexByte("\t\r\n", bare[0]) >= 0
}

// passedOver tells what spreadsheets may take off the beginning of a cell.
func passedOver(r rune) bool {
	return r == '\'' || r == '"' || unicode.IsSpace(r) || unicode.In(r, unicode.Zs, unicode.Cf, unicode.Cc)
}

func isWordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// isNumber tells whether s, which begins with a sign, is a number such as -12.5 or a phone number
// such as +1 212-555-2368: without a letter it can name no function and no cell.
func isNumber(s string) bool {
	if len(s) < 2 || s[1] < '0' || s[1] > '9' {
		return false
	}
	switch s[0] {
	case '+':
		return strings.Trim(s[1:], "0123456789 ().-") == ""
	case '-':
		whole, part, _ := strings.Cut(s[1:], ".")
		return strings.Trim(whole+part, "0123456789") == ""
	}
	return false
}
