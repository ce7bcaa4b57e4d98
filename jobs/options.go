package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// CanaryWait is the time between a canary and the other rows, unless another is asked for.
const CanaryWait = time.Minute

const (
	maxRate  = 1e6    // calls per second
	maxBatch = 10_000 // rows
)

// Defaults are the options of a job for which none is given. They have no app.
func Defaults() Options {
	return Options{
		Rate:        10,
		Attempts:    5,
		Timeout:     30 * time.Second,
		BatchSize:   100,
		MaxFailures: Threshold{Percent: 20},
		Resend:      ResendSilent,
		Within:      10 * time.Minute,
		Priority:    Normal,
	}
}

// OptionError says which option is wrong, and why.
type OptionError struct {
	Option string // as its flag is named, such as max-failures
	Cause  string
	Hint   string // what to do, or empty
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Cause }

// Check returns an error for each option that is out of its range, but for the app, and nil when none
// is. It completes what follows from others: the burst, and no wait where there is no canary.
func (o *Options) Check() []*OptionError {
	var wrong []*OptionError
	for _, rule := range []struct {
		option, cause, hint string
		broken              bool
	}{
		{"app", "is a path of dots or ends in a slash: a proxy could make another id of it", "", checkIdentifier("app", o.App) != nil},
		{"rate", "is not between 0 and 1000000", "0 means no limit", !(o.Rate >= 0 && o.Rate <= maxRate)},
		{"burst", "is negative", "", o.Burst < 0},
		{"reserve", "leaves nothing of the rate", "give less than 100%", !(o.Reserve >= 0 && o.Reserve < 1)},
		{"attempts", fmt.Sprintf("is not between 1 and %d", MaxAttempts), "", o.Attempts < 1 || o.Attempts > MaxAttempts},
		{"timeout", "is not a positive time such as 30s", "", o.Timeout <= 0},
		{"within", "is negative", "", o.Within < 0},
		{"batch", fmt.Sprintf("is not between 1 and %d", maxBatch), "", o.BatchSize < 1 || o.BatchSize > maxBatch},
		{"canary", fmt.Sprintf("is not between 0 and %d", MaxCanary), "50 rows are enough to find what is wrong with many", o.Canary.Rows < 0 || o.Canary.Rows > MaxCanary},
		{"canary-wait", "is negative", "", o.Canary.Wait < 0},
		{"canary", "has no use where 100% of the rows may fail, which never pauses", "give the share of failed rows that is too many, such as 20%", o.Canary.Rows > 0 && o.MaxFailures.Percent >= 100},
	} {
		if rule.broken {
			wrong = append(wrong, &OptionError{rule.option, rule.cause, rule.hint})
		}
	}
	wrong = append(wrong, o.Schedule.check()...)
	if o.Burst == 0 {
		o.Burst = burstOf(o.Rate)
	}
	if o.Canary.Rows == 0 { // or the wait alone would make options differ
		o.Canary = Canary{}
	}
	return wrong
}

// burstOf is the burst that follows from a rate.
func burstOf(rate float64) int { return max(1, int(rate/10)) }

// ParseShare reads a share such as 30% as 0.3. It is from 0% to 100%.
func ParseShare(s string) (float64, error) {
	number, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	percent, err := strconv.ParseFloat(number, 64)
	if err != nil || !ok || !(percent >= 0 && percent <= 100) {
		return 0, fmt.Errorf("%q is not a part from 0%% to 100%%", shorten(s, 40))
	}
	return percent / 100, nil
}
