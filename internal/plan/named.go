package plan

import (
	"context"
	"fmt"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// whichIntegration is the hint for an integration id that the app does not have: which integrations have it as their number or
// name. It asks for the first 100 integrations of the app, once.
func (c *Checker) whichIntegration(ctx context.Context, given string) string {
	if !c.listed {
		c.listed = true
		pages := c.api.Integrations(sunco.ListQuery{})
		_ = c.call(ctx, func(ctx context.Context) (err error) { // without an answer there is no better hint
			c.apps, err = pages.Next(ctx)
			return err
		})
	}
	number := strings.Trim(given, "+0123456789 ()-.") == "" // an id with these digits in it is none
	var fit []string
	for _, in := range c.apps {
		var what string
		switch {
		case number && in.PhoneNumber != "" && jobs.Digits(in.PhoneNumber) == jobs.Digits(given):
			what = "number"
		case in.DisplayName != "" && strings.EqualFold(strings.TrimSpace(in.DisplayName), strings.TrimSpace(given)):
			what = "name"
		default:
			continue
		}
		fit = append(fit, fmt.Sprintf("it is the %s of integration %s (%s)", what, in.ID, in.Type))
	}
	switch len(fit) {
	case 0:
		return "check the ids, and --app; 'sunbulk app' lists the integrations"
	case 1:
		return fit[0] + ": give that id"
	}
	return strings.Join(fit, ", and ") + ": give the id that is meant"
}
