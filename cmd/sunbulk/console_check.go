package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/sunbulk/sunbulk/internal/credentials"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/web"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// checkRate is how many calls per second a check makes at most: workers may be calling the same app, and do not know of it.
const checkRate = 5

// checks are how the APIs of the apps with credentials are asked about plans. An app whose credentials would be in the environment,
// and are not, has none: SUNBULK_APP is often set for other commands.
func (k *keyFlags) checks(ctx context.Context) (map[string]web.Check, error) {
	all, err := k.read(ctx)
	if err != nil {
		return nil, err
	}
	if all[k.app] == (credentials.Credentials{}) {
		delete(all, k.app)
	}
	apis, err := k.apis(all)
	if err != nil {
		return nil, err
	}
	checks := map[string]web.Check{}
	for app, api := range apis {
		base := cmp.Or(all[app].BaseURL, k.access.baseURL)
		checks[app] = check(api, func(err error) error { return credentials.Judge(err, base) })
	}
	return checks, nil
}

// check asks an API about plans, one at a time. That it refuses the credentials or the app is a finding.
func check(api *sunco.API, judge func(error) error) web.Check {
	place := make(chan struct{}, 1)
	return func(ctx context.Context, opt jobs.Options, ask func(*plan.Checker) error) (*plan.Findings, error) {
		select {
		case place <- struct{}{}:
			defer func() { <-place }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if opt.Rate <= 0 || opt.Rate > checkRate {
			opt.Rate = checkRate
		}
		c, err := plan.NewChecker(ctx, api, opt, judge)
		if r, refused := errors.AsType[*credentials.Refusal](err); refused {
			f := &plan.Findings{Calls: 1}
			f.Add(plan.Problem, r.Error(), r.Hint)
			return f, nil
		}
		if err != nil {
			return nil, err
		}
		return &c.Findings, ask(c)
	}
}
