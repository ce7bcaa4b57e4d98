package plan

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// mostPages bounds the list of the app's integrations, of 100 each.
const mostPages = 3

// roster is the app's integrations, as far as one list tells.
type roster struct {
	asked bool
	all   []sunco.Integration
	err   error              // for which there are none
	told  map[[2]string]bool // types and names about which there is a finding
}

// listed asks for the integrations of the app, once.
func (c *Checker) listed(ctx context.Context) *roster {
	r := &c.roster
	if r.asked {
		return r
	}
	*r = roster{asked: true, told: map[[2]string]bool{}}
	pages := c.api.Integrations(sunco.ListQuery{})
	for n := 0; pages.More() && n < mostPages && r.err == nil; n++ {
		r.err = c.call(ctx, func(ctx context.Context) error {
			page, err := pages.Next(ctx)
			r.all = append(r.all, page...)
			return err
		})
	}
	return r
}

// fitting returns the integrations of a type that a number or name stands for, or the one that has it as its id.
func (r *roster) fitting(channel, given string) (fit []sunco.Integration) {
	for _, in := range r.all {
		switch {
		case in.ID == given:
			return []sunco.Integration{in}
		case in.Answers(given) && in.Type == channel:
			fit = append(fit, in)
		}
	}
	return fit
}

// meant returns a row with the id of the integration that its number or name stands for, where that is one. There is a finding about each
// number and name.
func (c *Checker) meant(ctx context.Context, row jobs.Row) jobs.Row {
	if !row.NamesIntegration() {
		return row
	}
	given, naming := Integration{ID: row.IntegrationID, Type: row.Type}, fmt.Sprintf("row %d names it", row.Number)
	if key := [2]string{given.Type, given.ID}; !c.listed(ctx).told[key] && !c.named(ctx, given, naming) {
		is, err := c.show(ctx, given.ID)
		c.integration(given, is, err, naming)
	}
	if fit := c.roster.fitting(given.Type, given.ID); len(fit) == 1 {
		row.IntegrationID = fit[0].ID
	}
	return row
}

// named adds the finding about what may be the number or name of an integration. It is false where that may be an id: whether there
// is one, the API says.
func (c *Checker) named(ctx context.Context, given Integration, naming string) bool {
	if jobs.IsAPIID(given.ID) {
		return false
	}
	r, name := c.listed(ctx), "integration "+given.ID
	fit := r.fitting(given.Type, given.ID)
	e, _ := sunco.AsError(r.err)
	r.told[[2]string{given.Type, given.ID}] = true
	switch {
	case e != nil && e.Status == http.StatusForbidden:
		c.Add(Problem, fmt.Sprintf("%s cannot be looked up, since the key may not list integrations, and %s", name, naming), "give the integration's id")
	case len(fit) == 0 || fit[0].ID == given.ID:
		return false
	case len(fit) > 1:
		c.Add(Problem, fmt.Sprintf("%s may be one of %d, and %s", name, len(fit), naming), r.hint(given.ID))
	case fit[0].Status != "" && fit[0].Status != "active":
		c.Add(Warning, fmt.Sprintf("%s is %s, which has status %s", name, fit[0].ID, fit[0].Status), "creates may fail until it is active")
	default:
		c.Add(Fine, fmt.Sprintf("%s is %s (%s), and %s", name, fit[0].ID, fit[0].Type, naming), "")
	}
	return true
}

// hint says which integrations of any type a text stands for.
func (r *roster) hint(given string) string {
	var fit []string
	for _, in := range r.all {
		if in.Answers(given) {
			fit = append(fit, fmt.Sprintf("%s (%s)", in.ID, in.Type))
		}
	}
	switch len(fit) {
	case 0:
		return "check the ids, and --app; 'sunbulk app' lists the integrations"
	case 1:
		return "it is the number or name of " + fit[0] + ": give its id and its type"
	}
	return "it is the number or name of " + strings.Join(fit, " and ") + ": give the id that is meant"
}
