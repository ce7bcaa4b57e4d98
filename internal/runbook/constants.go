package runbook

import (
	"errors"
	"strings"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/jobs"
)

// checkConstants reports each constant of a step with which no row could be valid. What the constants leave open is
// taken as good, since the input or a list may give it.
func (d *decoder) checkConstants(step int, o jobs.Operation) {
	constants := map[string]string{}
	for path, value := range d.runbook.Steps[step].Set {
		if value = strings.TrimSpace(value); value != "" && !expression.IsValue(value) {
			constants[path] = value
		}
	}
	for {
		row := exampleRow(o.Name, constants)
		wrong, ok := errors.AsType[*jobs.FieldError](o.CheckRow(&row))
		if !ok || constants[wrong.Column] == "" {
			return
		}
		d.wrong(stepPath(step)+".set."+wrong.Column, wrong.Cause, "")
		delete(constants, wrong.Column)
	}
}

// exampleRow is a valid row but for the constants.
func exampleRow(op jobs.Op, constants map[string]string) jobs.Row {
	row := jobs.Row{
		Op: op, User: "user", Type: "whatsapp", IntegrationID: "integration", PhoneNumber: "+12125552368",
		Confirmation: "immediate", Message: `{"author":{"type":"business"},"content":{"type":"text","text":"Hello"}}`,
		ConversationID: "conversation", ClientID: "client",
	}
	if strings.EqualFold(constants["matchCriteria.type"], "mailgun") || constants["matchCriteria.type"] == "" && constants["matchCriteria.address"] != "" {
		row.Type, row.PhoneNumber, row.Address = "mailgun", "", "user@example.com"
	}
	for _, c := range jobs.Columns() {
		if value, given := constants[c.Path]; given {
			*c.Field(&row) = value
		}
	}
	return row
}
