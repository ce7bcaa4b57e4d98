package service_test

import (
	"testing"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// TestThresholds: a plan needs an approval above any threshold of its app, or of all apps where that has none of its own; and wherever there is
// one when nobody knows what it changes.
func TestThresholds(t *testing.T) {
	t.Parallel()
	n := func(n int64) *int64 { return &n }
	approval := service.Approval{
		Default: service.Thresholds{Rows: n(10)},
		Apps:    map[string]service.Thresholds{"people": {People: n(0)}, "removes": {Removes: n(2)}, "all": {Rows: n(0)}, "free": {}},
	}
	planned := func(app string, creates, people, removes int64) plans.Plan {
		p := plans.Plan{Made: plan.Plan{Operations: map[jobs.Op]int64{"create": creates, "remove": removes, "list": 1000}, People: people}}
		p.Options.App = app
		return p
	}
	unknown := func(app string) plans.Plan {
		p := planned(app, 0, 0, 0)
		p.Runbook = &plans.Runbook{Unknown: true}
		return p
	}
	of := func(app string, b plans.Runbook) plans.Plan {
		p := planned(app, 1000, 1000, 1000) // its first step alone
		p.Runbook = &b
		return p
	}
	for name, c := range map[string]struct {
		plan plans.Plan
		want bool
	}{
		"at the default":             {planned("other", 8, 8, 2), false},
		"above it":                   {planned("other", 8, 0, 3), true},
		"lists alone":                {planned("other", 0, 0, 0), false},
		"nobody is messaged":         {planned("people", 100, 0, 100), false},
		"somebody is":                {planned("people", 1, 1, 0), true},
		"at the removes":             {planned("removes", 100, 100, 2), false},
		"above them":                 {planned("removes", 0, 0, 3), true},
		"lists where all need one":   {planned("all", 0, 0, 0), true},
		"where none needs one":       {planned("free", 100, 100, 100), false},
		"nobody knows":               {unknown("removes"), true},
		"nobody knows, and none":     {unknown("free"), false},
		"a runbook below":            {of("other", plans.Runbook{Changes: 10}), false},
		"a runbook above":            {of("other", plans.Runbook{Changes: 11}), true},
		"a runbook that messages":    {of("people", plans.Runbook{Changes: 1, People: 1}), true},
		"a runbook that removes":     {of("removes", plans.Runbook{Changes: 3, Removes: 3}), true},
		"a runbook that removes few": {of("removes", plans.Runbook{Changes: 300, Removes: 2}), false},
	} {
		if got := approval.Needs(c.plan); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if (service.Approval{}).Needs(unknown("other")) {
		t.Error("an approval is needed without any threshold")
	}
}
