package report

import (
	"strconv"

	"github.com/sunbulk/sunbulk/jobs"
)

// verifyLines writes input that asks for each client that a create or an ensure left and whose end is not known. The brand is a column where there is one.
func verifyLines(s *sheet, brands bool) section {
	header := []string{"op", "user", "clientId", "row"}
	if brands {
		header = append(header, "brandId")
	}
	return func(r *record) error {
		open := r.Link.State == "" || r.Link.State == jobs.LinkPending
		if !open || r.ClientID == "" || !r.Kind.Done() || !r.Row.Op.Creates() {
			return nil
		}
		cells := []string{string(jobs.Verify), r.Row.User, r.ClientID, strconv.FormatInt(r.Row.Number, 10)}
		if brands {
			cells = append(cells, r.Row.BrandID)
		}
		return s.write(header, cells)
	}
}
