package worker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// calls plays the calls of one row and of others, a second apart.
type calls struct {
	evidence *evidence
	row      streak
}

func (c *calls) other(op jobs.Op, e *sunco.Error) {
	time.Sleep(time.Second)
	c.evidence.heard(op, &jobs.Row{}, time.Now(), e, false)
}

func (c *calls) own(op jobs.Op, e *sunco.Error) (givenUp bool) {
	time.Sleep(time.Second)
	c.row.begin(c.evidence, op)
	c.evidence.heard(op, &jobs.Row{}, time.Now(), e, c.row.throttledAlone())
	c.row.end(e)
	return e != nil && e.Status == statusTooMany && c.row.strike(c.evidence)
}

// A row that is answered 429 while others are not is given up; where others are, too, or nobody is answered, it is not (I8).
func TestI8RowThatIsThrottledAlone(t *testing.T) {
	tooMany, busy := &sunco.Error{Status: 429}, &sunco.Error{Status: 503}
	for name, test := range map[string]struct {
		round func(c *calls, n int) bool // tells whether the row was given up
		want  bool
	}{
		"others succeed": {func(c *calls, _ int) bool {
			c.other(jobs.Create, nil)
			return c.own(jobs.Create, tooMany)
		}, true},
		"others succeed, and its own list": {func(c *calls, _ int) bool {
			c.other(jobs.Create, nil)
			return c.own(jobs.List, nil) || c.own(jobs.Create, tooMany)
		}, true},
		"nobody is answered": {func(c *calls, _ int) bool {
			c.other(jobs.Create, tooMany)
			return c.own(jobs.Create, tooMany)
		}, false},
		"nine of ten are throttled": {func(c *calls, n int) bool {
			for range 9 {
				c.other(jobs.Create, tooMany)
			}
			c.other(jobs.Create, nil)
			return c.own(jobs.Create, tooMany)
		}, false},
		"one of five is throttled": {func(c *calls, n int) bool {
			for range 4 {
				c.other(jobs.Create, nil)
			}
			c.other(jobs.Create, tooMany)
			return c.own(jobs.Create, tooMany)
		}, false},
		"only lists succeed, for a while": {func(c *calls, n int) bool {
			c.other(jobs.List, nil)
			return n < 25 && c.own(jobs.Create, tooMany)
		}, false},
		"its calls succeed in between": {func(c *calls, n int) bool {
			c.other(jobs.Create, nil)
			if n%5 == 0 {
				return c.own(jobs.Create, nil)
			}
			return c.own(jobs.Create, tooMany)
		}, false},
		"other rows fail otherwise": {func(c *calls, _ int) bool {
			c.other(jobs.Create, busy)
			return c.own(jobs.Create, tooMany)
		}, false},
		"it alone is left, and a list of another succeeds for long": {func(c *calls, n int) bool {
			time.Sleep(10 * time.Second)
			c.evidence.sampled(time.Now(), nil)
			return c.own(jobs.Create, tooMany)
		}, true},
		"it alone is left, and no list succeeds": {func(c *calls, n int) bool {
			time.Sleep(10 * time.Second)
			c.evidence.sampled(time.Now(), tooMany)
			return c.own(jobs.Create, tooMany)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := calls{evidence: newEvidence()}
				got := false
				for n := range 200 {
					got = got || test.round(&c, n)
				}
				if got != test.want {
					t.Errorf("given up: got %v, want %v", got, test.want)
				}
			})
		})
	}
}

// A failure counts as the row's own in an outage only when others of its kind have succeeded since the one before.
func TestI8FailuresInAnOutage(t *testing.T) {
	busy := &sunco.Error{Status: 503}
	synctest.Test(t, func(t *testing.T) {
		c := calls{evidence: newEvidence()}
		alone := func(e *sunco.Error) bool { c.own(jobs.Create, e); return c.row.alone }
		if alone(busy) {
			t.Error("the first failure counts")
		}
		if alone(busy) {
			t.Error("the second counts, though nothing else succeeded")
		}
		c.other(jobs.List, nil)
		if alone(busy) {
			t.Error("a list shows that creates work")
		}
		c.other(jobs.Create, nil)
		if !alone(busy) {
			t.Error("a failure after another's success does not count")
		}
		if alone(busy) {
			t.Error("one success counts twice")
		}
	})
}
