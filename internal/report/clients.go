package report

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/sunbulk/sunbulk/jobs"
)

// clientLines writes a line per client that lists found. The brand is a column where there is one:
// without it a remove would not find the user again.
func clientLines(s *sheet, brands bool) section {
	header := []string{
		"row", "user", "clientId", "type", "status", "integrationId", "externalId", "lastSeen", "linkedAt", "displayName",
	}
	if brands {
		header = append(header, "brandId")
	}
	return func(r *record) error {
		for _, object := range r.Clients {
			var c jobs.Client
			if json.Unmarshal(object, &c) != nil {
				c = jobs.Client{} // no object: clients.ndjson has it whole
			}
			cells := []string{
				strconv.FormatInt(r.Row.Number, 10), r.Row.User, string(c.ID), string(c.Type), string(c.Status),
				string(c.IntegrationID), string(c.ExternalID), string(c.LastSeen), string(c.LinkedAt), string(c.DisplayName),
			}
			if brands {
				cells = append(cells, r.Row.BrandID)
			}
			if err := s.write(header, cells); err != nil {
				return err
			}
		}
		return nil
	}
}

// clientObjects writes each client as the API gave it; what is no JSON becomes a JSON string.
func clientObjects(o *output) section {
	type line struct {
		Row     int64  `json:"row"`
		User    string `json:"user"`
		BrandID string `json:"brandId,omitempty"`
		Client  any    `json:"client"`
	}
	enc := json.NewEncoder(o.buf)
	enc.SetEscapeHTML(false)
	return func(r *record) error {
		for _, object := range r.Clients {
			l := line{r.Row.Number, r.Row.User, r.Row.BrandID, object}
			if !json.Valid(object) {
				l.Client = string(object)
			}
			if err := enc.Encode(l); err != nil {
				return fmt.Errorf("write %s: %w", o.name, err)
			}
		}
		return nil
	}
}
