package jobs

import "strings"

// IsAPIID tells a text in the form of the ids that the API gives: 24 digits of hex.
func IsAPIID(text string) bool {
	const length = 24
	return len(text) == length && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// NamesIntegration tells whether the row gives its integration by what is no id: its number or name, which is looked up.
func (r *Row) NamesIntegration() bool {
	return r.IntegrationID != "" && (r.Op.Creates() || r.Op.Waits()) && !IsAPIID(r.IntegrationID)
}
