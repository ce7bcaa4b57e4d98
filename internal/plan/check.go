package plan

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// mostIntegrations is how many integrations a check asks for: with the app, lists of its integrations and the users of 20 rows
// it makes 32 calls at most, and up to 3 more for each row whose conversation is looked up.
const mostIntegrations = 8

// Checker asks the API about what a plan needs, a call at a time, at the job's rate. A question that
// is not answered fails no other.
type Checker struct {
	Findings
	api     *sunco.API
	pace    *rate.Limiter
	timeout time.Duration // per call
	ended   error         // what the API said for which no more is asked

	roster roster // of the app's integrations
	seen   map[person]answered[sunco.Client]
	talks  map[person]answered[sunco.Conversation]
}

// answered is the first page of what the API has of a user, as it was answered.
type answered[T any] struct {
	all  []T
	more bool
	err  error // user_not_found; no other is kept
}

// NewChecker asks the API about the app of a job's options. The error is that of the answer, which may be that credentials
// or app are refused: a check is no use then. Any other is among the findings.
func NewChecker(ctx context.Context, api *sunco.API, opt jobs.Options, judge func(error) error) (*Checker, error) {
	limit := rate.Inf
	if opt.Rate > 0 {
		limit = rate.Limit(opt.Allowed())
	}
	c := &Checker{api: api, pace: rate.NewLimiter(limit, 1), timeout: opt.Timeout, seen: map[person]answered[sunco.Client]{}, talks: map[person]answered[sunco.Conversation]{}}
	err := c.call(ctx, api.App)
	if refused := judge(err); refused != nil {
		return nil, refused
	}
	if err != nil {
		c.Add(Warning, "could not check the app: "+err.Error(), "")
	} else {
		c.Add(Fine, "the API takes the credentials and knows the app", "")
	}
	return c, nil
}

// call makes a call when the pace allows it. After a 429, or a call without an answer, it makes none.
func (c *Checker) call(ctx context.Context, do func(context.Context) error) error {
	if c.ended != nil {
		return c.ended
	}
	if err := c.pace.Wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	c.Calls++
	err := do(ctx)
	if e, ok := sunco.AsError(err); ok && (e.Status == 0 && e.Sent || e.Status == http.StatusTooManyRequests) {
		c.ended = err
	}
	return err
}

// Check asks about a plan.
func (c *Checker) Check(ctx context.Context, made Plan) error {
	c.Rows(ctx, made)
	c.expect(ctx, made)
	if c.ended != nil && ctx.Err() == nil {
		c.Add(Warning, "the check ended early: "+c.ended.Error(), "try again later, or with a lower --rate")
	}
	return ctx.Err()
}

// Rows asks about the integrations and users of a plan.
func (c *Checker) Rows(ctx context.Context, made Plan) {
	c.integrations(ctx, made.Integrations)
	c.users(ctx, made.Drawn)
}

// list asks once for the clients of a row's user: the first 100, which usually tell all that is asked.
func (c *Checker) list(ctx context.Context, row jobs.Row) (clients []sunco.Client, more bool, err error) {
	who := person{row.User, row.BrandID}
	if a, known := c.seen[who]; known {
		return a.all, a.more, a.err
	}
	pages := c.api.Pages(row.User, sunco.ListQuery{BrandID: row.BrandID})
	err = c.call(ctx, func(ctx context.Context) (err error) {
		clients, err = pages.Next(ctx)
		return err
	})
	if err == nil || isUnknown(err) {
		c.seen[who] = answered[sunco.Client]{clients, pages.More(), err}
	}
	return clients, pages.More(), err
}

// unanswered adds the finding that nothing is known of a row's user.
func (c *Checker) unanswered(ctx context.Context, row jobs.Row, err error) {
	if ctx.Err() == nil {
		v := refused(err)
		c.Add(v.level, fmt.Sprintf("row %d: %s", row.Number, v.text), v.hint)
	}
}

// integrations asks for each integration that creates name, those with the most rows first.
func (c *Checker) integrations(ctx context.Context, named []Integration) {
	type answer struct {
		integration sunco.Integration
		err         error
	}
	answers := map[string]answer{}
	left := 0
	for _, n := range named {
		a, asked := answers[n.ID]
		if n.ID != OtherIntegrations && c.named(ctx, n, naming(n.Rows)) {
			continue
		}
		switch {
		case !asked && (len(answers) == mostIntegrations || n.ID == OtherIntegrations):
			left++
			continue
		case !asked:
			a.integration, a.err = c.show(ctx, n.ID)
			answers[n.ID] = a
		}
		c.integration(n, a.integration, a.err, naming(n.Rows))
	}
	if left > 0 {
		c.Add(Warning, fmt.Sprintf("%s not asked for", jobs.Count(left, "more integration")), "")
	}
}

func (c *Checker) show(ctx context.Context, id string) (is sunco.Integration, err error) {
	err = c.call(ctx, func(ctx context.Context) (err error) {
		is, err = c.api.Integration(ctx, id)
		return err
	})
	return is, err
}

// integration compares an integration with what creates take it for.
func (c *Checker) integration(named Integration, is sunco.Integration, err error, naming string) {
	name := "integration " + named.ID
	e, _ := sunco.AsError(err)
	switch {
	case e != nil && e.Code == "integration_not_found":
		c.Add(Problem, fmt.Sprintf("%s is not one of the app, and %s", name, naming), c.roster.hint(named.ID))
	case err != nil:
		c.Add(Warning, fmt.Sprintf("could not check %s: %v", name, err), "")
	case is.Type != "" && is.Type != named.Type:
		c.Add(Problem, fmt.Sprintf("%s is of type %s, and %s with type %s", name, is.Type, naming, named.Type), "check matchCriteria.type and matchCriteria.integrationId")
	case is.Status != "" && is.Status != "active":
		c.Add(Warning, fmt.Sprintf("%s has status %s", name, is.Status), "creates may fail until it is active")
	default:
		c.Add(Fine, fmt.Sprintf("%s is there, and %s with type %s", name, naming, named.Type), "")
	}
}

func naming(rows int64) string {
	if rows == 1 {
		return "1 row names it"
	}
	return jobs.Group(rows) + " rows name it"
}

// users asks for the clients of each row's user, and tells rows with the same verdict together.
func (c *Checker) users(ctx context.Context, rows []jobs.Row) {
	judged := map[verdict][]int64{}
	var order []verdict
	for _, row := range rows {
		v := c.user(ctx, row)
		if judged[v] == nil {
			order = append(order, v)
		}
		judged[v] = append(judged[v], row.Number)
	}
	slices.SortStableFunc(order, func(a, b verdict) int { return a.level.rank() - b.level.rank() })
	for _, v := range order {
		text := fmt.Sprintf("%d of %s drawn: %s", len(judged[v]), jobs.Count(len(rows), "row"), v.text)
		if v.level != Fine {
			text += ", " + rowList(judged[v])
		}
		c.Add(v.level, text, v.hint)
	}
}

// user makes one call. Rows whose conversation is looked up take one or two more.
func (c *Checker) user(ctx context.Context, row jobs.Row) verdict {
	row = c.meant(ctx, row)
	switch looksUp := row.Lookups() > 0; {
	case row.Op.Converses():
		return c.conversation(ctx, row)
	case row.Op.Looks() && !row.Op.Creates():
		return c.person(ctx, row)
	case looksUp:
		if v := c.conversation(ctx, row); v.level != Fine {
			return v
		}
	}
	clients, more, err := c.list(ctx, row)
	if err != nil {
		return refused(err)
	}
	return verdictOn(row, clients, more)
}
