package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Original is a record of the input as it was read, of which a report takes the columns that are not its own.
type Original struct {
	Number, Line int64
	Names        []string // headings that a report gives to the cells that are somebody's own, as long as Values
	Values       []string
	Paths        []string // of the Columns that cells give by their own names, as long as Given
	Given        []string
}

// HashColumn is the column in which a report keeps the RerunHash of its row.
const HashColumn = "rerunHash"

// RerunHash is a digest of the cells that a report has written of a row, op and those of Columns: a letter and ten digits of hex. By it
// input notices that somebody has changed them. Of a phone number the digits count alone, as spreadsheets take off the plus.
func RerunHash(op string, cell func(c Column) string) string {
	buf := appendText(nil, strings.ToLower(strings.TrimSpace(op)))
	for _, c := range columns {
		text := strings.TrimSpace(cell(c))
		if c.Path == "matchCriteria.phoneNumber" {
			text = Digits(text)
		}
		if text != "" {
			buf = appendText(appendText(buf, c.Path), text)
		}
	}
	sum := sha256.Sum256(buf)
	return "h" + hex.EncodeToString(sum[:5])
}
