package pace

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Standing is the pace of an app as all workers share it. Rates are in calls per second, 0 = no limit.
type Standing struct {
	App      string    `json:"app"`
	Rate     float64   `json:"rate"`               // now
	Of       float64   `json:"configured"`         // what the running jobs, or the operator, want
	Limit    float64   `json:"limit"`              // the lowest --rate of the running jobs
	Override string    `json:"override,omitempty"` // the operator's: a rate, or max
	Set      *Override `json:"set,omitempty"`      // by whom, until when and why
	Jobs     int       `json:"jobs"`               // that run now
	Reason   string    `json:"reason,omitempty"`   // why the rate is not Limit
	Halted   time.Time `json:"haltedUntil,omitzero"`
	Believed *Believed `json:"believed,omitempty"` // nil while nothing is known of the API's limit
	Stray    float64   `json:"stray,omitempty"`    // share of calls that get a 429 whatever the rate, 0 to 0.05
}

// Believed is a limit that the API seems to have, as it was last seen.
type Believed struct {
	Limit float64   `json:"limit"` // calls per second
	Since time.Time `json:"since"`
	By    string    `json:"by"` // ByThrottle or ByAccepted
}

// What a limit is believed by.
const (
	ByThrottle = "429"      // answers 429 came above it
	ByAccepted = "accepted" // as much was accepted, and more is being tried
)

// String says what is believed, since when, and why.
func (b Believed) String() string {
	at := b.Since.Local().Format("15:04")
	if time.Since(b.Since) > 12*time.Hour {
		at = b.Since.Local().Format("2006-01-02 15:04")
	}
	if b.By == ByAccepted {
		return "the API accepted " + perSecond(b.Limit) + " at " + at + ", and more is tried"
	}
	return "the API answered 429 at " + at + " and seems to allow " + perSecond(b.Limit)
}

// Read returns the pace of an app.
func Read(ctx context.Context, rdb redis.UniversalClient, app string) (Standing, error) {
	s := Standing{App: app}
	fields, err := rdb.HGetAll(ctx, key(app)).Result()
	if err != nil {
		return s, fmt.Errorf("read pace: %w", err)
	}
	now, err := rdb.Time(ctx).Result()
	if err != nil {
		return s, fmt.Errorf("read pace: %w", err)
	}
	n := func(field string) float64 {
		f, _ := strconv.ParseFloat(fields[field], 64) // a missing field is zero
		return f
	}
	s.Of, s.Limit = n("conf"), n("limit")
	if s.Set = parseOverride(fields["override"], fields[aboutField]); s.Set != nil && (s.Set.Until.IsZero() || now.Before(s.Set.Until)) {
		s.Override = s.Set.Rate
	} else {
		s.Set = nil
	}
	_, known := fields["conf"] // by the last lease: a change of the override takes it away until the next
	for name, value := range fields {
		at, terms, _ := strings.Cut(value, " ")
		if us, err := strconv.ParseInt(at, 10, 64); strings.HasPrefix(name, "job:") && err == nil && now.Sub(time.UnixMicro(us)) < forget {
			s.Jobs++
			if !known {
				s.want(terms)
			}
		}
	}
	if s.Override == Max {
		s.Of = s.Limit
	} else if s.Override != "" {
		s.Of, _ = strconv.ParseFloat(s.Override, 64) // as it was checked
	}
	s.Rate = s.Of
	const soon = 2 * time.Second // workers follow what was just set
	if rate := n("rate"); rate > 0 && (s.Set == nil || now.Sub(s.Set.At) > soon) && (rate < s.Of || s.Of == 0 && n("tamed") > 0) {
		s.Rate = rate
	}
	if found := n("found"); found > 0 {
		s.Believed = &Believed{found, time.UnixMicro(int64(n("learnt"))), fields["by"]}
	}
	s.Stray = stray(n("strays"), n("calm"))
	if halt := time.UnixMicro(int64(n("halt"))); halt.After(now) {
		s.Halted = halt
	}
	s.Reason = cmp.Or(outage(fields, now), s.reason(time.UnixMicro(int64(n("at"))), fields["held"] == "1"))
	return s, nil
}

// stray is the share of 429s among calls well below the limit, as line.lua has it, without what that adds against chance.
func stray(strays, calm float64) float64 {
	const least, most = 4.5, 0.05
	if strays < least {
		return 0
	}
	return min(most, strays/(strays+calm))
}

// want counts what a job asks for, as lease.lua does.
func (s *Standing) want(terms string) {
	var rate, reserve float64
	if _, err := fmt.Sscan(terms, &rate, &reserve); err != nil {
		return
	}
	least := func(of *float64, n float64) {
		if n > 0 && (*of == 0 || n < *of) {
			*of = n
		}
	}
	least(&s.Limit, rate)
	least(&s.Of, rate*(1-reserve))
}

// forget is how long a job of which nothing is heard counts; lease.lua has it too.
const forget = 6 * time.Second

// reason says why the rate is what it is; throttled is when the API last answered 429, and held that its answers are slow.
func (s Standing) reason(throttled time.Time, held bool) string {
	switch at := "the API answered 429 at " + throttled.Local().Format("15:04"); {
	case !s.Halted.IsZero():
		return at + ", no call before " + s.Halted.Local().Format(time.TimeOnly)
	case s.Rate != s.Of && held:
		return "the API takes more than twice as long to answer as before"
	case s.Rate != s.Of && s.Believed != nil:
		return s.Believed.String()
	case s.Rate != s.Of && s.Rate > 0.9*s.Of && throttled.Unix() > 0:
		return at
	case s.Rate != s.Of:
		return "the rate is being raised while the API accepts it"
	case s.Set != nil:
		return s.Set.String()
	case s.Of < s.Limit:
		return fmt.Sprintf("%.0f%% is left to other traffic", 100*(1-s.Of/s.Limit))
	}
	return ""
}

// String gives the rate and why, such as 34/s of 50/s: the API answered 429 at 02:14 and seems to allow 35/s.
func (s Standing) String() string {
	text, of := perSecond(s.Rate), s.Limit
	if s.Override != "" {
		of = s.Of
	}
	if s.Rate != of && of > 0 {
		text += " of " + perSecond(of)
	}
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	if s.Stray >= 0.001 {
		text += fmt.Sprintf("; %.1f%% of calls get a 429 whatever the rate", 100*s.Stray)
	}
	return text
}

func perSecond(rate float64) string {
	switch {
	case rate == 0:
		return "no limit"
	case rate < 10:
		return strconv.FormatFloat(rate, 'g', 2, 64) + "/s"
	}
	return strconv.FormatFloat(rate, 'f', 0, 64) + "/s"
}
