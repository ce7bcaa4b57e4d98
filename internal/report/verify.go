package report

import (
	"strconv"
)

// verifyLines writes input that asks for each client that a create or an ensure left and whose end is not known. The brand is a column where there is one.
func verifyLines(s *sheet, brands bool) section {
	header := []string{"op", "user", "clientId", "row"}
	if brands {
		header = append(header, "brandId")
	}
	return func(r *record) error {
		row, ok := r.Verification()
		if !ok {
			return nil
		}
		cells := []string{string(row.Op), row.User, row.ClientID, strconv.FormatInt(row.Number, 10)}
		if brands {
			cells = append(cells, row.BrandID)
		}
		return s.write(header, cells)
	}
}
