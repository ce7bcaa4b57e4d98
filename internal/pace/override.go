package pace

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// Overrides that are not a rate.
const (
	Auto = "auto" // the jobs' own rates: none is in force
	Max  = "max"  // the jobs' own rates without reserve and deadline
)

// Override is a rate that an operator has set for all calls to an app, and until when it holds: a time, the end of some jobs, or,
// with neither, until it is taken back.
type Override struct {
	Rate   string    `json:"rate"` // in calls per second, or Max
	Who    string    `json:"who"`  // empty where an earlier sunbulk set it
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Jobs   []string  `json:"jobs,omitempty"`
}

// aboutField holds all of an Override beside its rate, which lease.lua reads.
const aboutField = "override_about"

// dropScript takes back an override unless it is another by now.
var dropScript = redis.NewScript(`
-- KEYS: pace    ARGV: what is known of the override (JSON)
if redis.call('HGET', KEYS[1], 'override_about') ~= ARGV[1] then return 0 end
return redis.call('HDEL', KEYS[1], 'override', 'override_about', 'conf', 'limit')`)

// Set makes the calls of an app keep to an override; Auto takes back what is in force. Workers know within a second.
func Set(ctx context.Context, rdb redis.UniversalClient, app string, o Override) error {
	var err error
	if o.Rate == Auto {
		err = rdb.HDel(ctx, key(app), "override", aboutField, "conf", "limit").Err() // the next lease sets the latter two
	} else {
		about, _ := json.Marshal(o) // of texts and times: it cannot fail
		if err = rdb.HSet(ctx, key(app), "override", o.Rate, aboutField, about).Err(); err == nil {
			err = rdb.Persist(ctx, key(app)).Err()
		}
	}
	if err != nil {
		return fmt.Errorf("set rate: %w", err)
	}
	return nil
}

// Settle takes back the override of an app when its time is over, or each of its jobs has ended, and returns the one that is in
// force, nil when none is.
func Settle(ctx context.Context, rdb redis.UniversalClient, app string, ended func(job string) (bool, error)) (*Override, error) {
	fields, err := rdb.HMGet(ctx, key(app), "override", aboutField).Result()
	if err != nil {
		return nil, fmt.Errorf("read rate: %w", err)
	}
	rate, _ := fields[0].(string)
	about, _ := fields[1].(string)
	o := parseOverride(rate, about)
	if o == nil {
		return nil, nil
	}
	over := !o.Until.IsZero()
	if over {
		now, err := rdb.Time(ctx).Result()
		if err != nil {
			return nil, fmt.Errorf("read rate: %w", err)
		}
		over = !now.Before(o.Until)
	} else if len(o.Jobs) > 0 {
		over = true
		for _, job := range o.Jobs {
			is, err := ended(job)
			if err != nil {
				return nil, err
			}
			over = over && is
		}
	}
	if !over {
		return o, nil
	}
	if err := dropScript.Run(ctx, rdb, []string{key(app)}, about).Err(); err != nil {
		return nil, fmt.Errorf("take back rate: %w", err)
	}
	return nil, nil
}

// InForce is Settle for the app of this worker.
func (p *Pace) InForce(ctx context.Context, ended func(job string) (bool, error)) (*Override, error) {
	return Settle(ctx, p.rdb, p.app, ended)
}

// parseOverride reads an override; nil when there is none.
func parseOverride(rate, about string) *Override {
	if rate == "" {
		return nil
	}
	var o Override
	if err := json.Unmarshal([]byte(cmp.Or(about, "{}")), &o); err != nil {
		o = Override{}
	}
	o.Rate, o.Who, o.Reason = jobs.Line(rate), jobs.Line(o.Who), jobs.Line(o.Reason)
	return &o
}

// String says who set it, when, until when and why.
func (o Override) String() string {
	text := "set by " + cmp.Or(o.Who, "an operator")
	if !o.At.IsZero() {
		text += " at " + o.At.Local().Format("2006-01-02 15:04")
	}
	text += " " + o.Holds()
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	return text
}

// says is what it sets, until when and why, for those who are notified who did it.
func (o Override) says() string {
	text := "all calls to the app at " + o.Rate + "/s "
	if o.Rate == Max {
		text = "all calls to the app without --reserve and --finish-by "
	}
	text += o.Holds()
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	return text
}

// Event is what a job that was made at a time notes of the override, or of having none any more.
func (o *Override) Event(created time.Time) jobs.Event {
	if o == nil {
		return jobs.Event{At: time.Now().UTC(), What: jobs.EventRate, Rate: Auto, Reason: "the rate that was set holds no longer"}
	}
	e := jobs.Event{At: o.At, Who: o.Who, What: jobs.EventRate, Rate: o.Rate, Reason: o.says()}
	if e.At.Before(created) {
		e.At = created // it was in force from the start
	}
	return e
}

// Holds says until when it holds.
func (o Override) Holds() string {
	switch {
	case !o.Until.IsZero():
		return "until " + o.Until.Local().Format("2006-01-02 15:04")
	case len(o.Jobs) == 1:
		return "until job " + jobs.Line(o.Jobs[0]) + " has ended"
	case len(o.Jobs) > 1:
		return fmt.Sprintf("until %d jobs have ended, the last of them %s", len(o.Jobs), jobs.Line(o.Jobs[len(o.Jobs)-1]))
	}
	return "until it is taken back"
}

// ID tells this override from others.
func (o *Override) ID() string {
	if o == nil {
		return ""
	}
	return strings.Join([]string{o.Rate, o.Who, o.At.UTC().Format(time.RFC3339Nano)}, " ")
}
