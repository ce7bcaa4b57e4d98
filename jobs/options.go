package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// CanaryWait is the time between a canary and the other rows, unless another is asked for.
const CanaryWait = time.Minute

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
		Canary:      Canary{Wait: CanaryWait},
	}
}

// OptionError says which option is wrong, and why.
type OptionError struct {
	Option string // as its flag is named, such as max-failures
	Cause  string
	Hint   string // what to do, or empty
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Cause }

// OptionTable returns the options that a job is given by their names, in the order of reports. A job that is there may be continued with others,
// unless they are Fixed: no row means anything else by those that say when and how fast it calls.
func OptionTable() []Option { return optionTable }

// optionTable never changes.
var optionTable = []Option{
	number(func(o *Options) *float64 { return &o.Rate }, Option{Name: "rate", Topic: PaceTopic, Scope: ForAllSteps, Most: 1e6, Hint: "0 means no limit", Zero: "no limit", Unit: "calls per second",
		Help: "calls per second for the app, all workers together; 0 = no limit"}),
	whole(func(o *Options) *int { return &o.Burst }, Option{Name: "burst", Topic: PaceTopic, Scope: ForAllSteps,
		Help: "calls that may come at once (default: a tenth of the rate, at least 1)"}),
	whole(func(o *Options) *int { return &o.Attempts }, Option{Name: "attempts", Topic: FailureTopic, Scope: ForEachStep, Least: 1, Most: MaxAttempts,
		Help: fmt.Sprintf("attempts per row, 1 to %d", MaxAttempts)}),
	span(func(o *Options) *time.Duration { return &o.Timeout }, Option{Name: "timeout", Topic: FailureTopic, Scope: ForEachStep, Least: 1e-9,
		Help: "per call"}),
	span(func(o *Options) *time.Duration { return &o.Within }, Option{Name: "within", Topic: FailureTopic, Scope: ForEachStep, Optional: true,
		Help: "how long verify waits for a pending client; 0 = asks once"}),
	whole(func(o *Options) *int { return &o.BatchSize }, Option{Name: "batch", Topic: PaceTopic, Scope: ForAllSteps, Fixed: true, Least: 1, Most: 10_000, // or batches would be cut otherwise (I9)
		Help: "rows per batch, 1 to 10000"}),
	as(Option{Name: "max-failures", Topic: FailureTopic, Type: TextOption, Scope: ForEachStep,
		Help: "pause at this many failed rows (500), or this share after 200 rows (20%); 100% never pauses"},
		func(o *Options) *Threshold { return &o.MaxFailures }, ParseThreshold, Threshold.String),
	whole(func(o *Options) *int { return &o.Canary.Rows }, Option{Name: "canary", Topic: FailureTopic, Scope: ForEachStep, Fixed: true, Optional: true, Most: MaxCanary, broken: idleCanary,
		Hint: "50 rows are enough to find what is wrong with many",
		Help: fmt.Sprintf("run this many rows first, of every kind, and go on when few enough of them failed; up to %d", MaxCanary)}),
	span(func(o *Options) *time.Duration { return &o.Canary.Wait }, Option{Name: "canary-wait", Topic: FailureTopic, Scope: ForEachStep, Optional: true,
		Help: "between the canary and the other rows"}),
	choice(func(o *Options) *Resend { return &o.Resend }, Option{Name: "resend", Topic: FailureTopic, Scope: ForEachStep, Fixed: true, // what may come twice is not changed by a flag that was forgotten (I2)
		Help: "creates to send again when their answer was lost and a look shows no client: never, silent (those that message nobody) or always"},
		ResendSilent, ResendNever, ResendSilent, ResendAlways),
	as(Option{Name: "reserve", Topic: PaceTopic, Type: TextOption, Scope: ForAllSteps, Hint: "e.g. 30%", broken: allReserved,
		Help: "part of the rate that is left to the app's other traffic, e.g. 30%"},
		func(o *Options) *float64 { return &o.Reserve }, ParseShare, writeShare),
	choice(func(o *Options) *Priority { return &o.Priority }, Option{Name: "priority", Topic: PaceTopic, Scope: ForAllSteps,
		Help: "high, normal or low: weighs the jobs of an app 4:2:1"}, Normal, High, Normal, Low),
	words(func(o *Options) *string { return &o.FinishBy }, Option{Name: "finish-by", Topic: PaceTopic, Zero: "no deadline", broken: unscheduled("finish-by"),
		Help: "go at the lowest rate that ends by 06:00, or by 2026-11-24 06:00"}),
	words(func(o *Options) *string { return &o.Window }, Option{Name: "window", Topic: PaceTopic, Zero: "always open", Scope: ForAllSteps, broken: unscheduled("window"),
		Help: "call only in this time, e.g. 22:00-06:00 or 'mon-fri 22:00-06:00'"}),
	words(func(o *Options) *string { return &o.Timezone }, Option{Name: "timezone", Topic: PaceTopic, Scope: ForAllSteps, broken: unscheduled("timezone"),
		Help: "of --finish-by and --window, e.g. Europe/Madrid (default: this machine's)"}),
}

// allReserved says that nothing of the rate is left.
func allReserved(o *Options) (cause, hint string) {
	if o.Reserve >= 0 && o.Reserve < 1 {
		return "", ""
	}
	return "leaves nothing of the rate", "give less than 100%"
}

// idleCanary says that no canary can fail.
func idleCanary(o *Options) (cause, hint string) {
	if o.Canary.Rows == 0 || o.MaxFailures.Percent < 100 {
		return "", ""
	}
	return "has no use where 100% of the rows may fail, which never pauses", "give the share of failed rows that is too many, such as 20%"
}

// unscheduled says what is wrong with a part of the schedule.
func unscheduled(part string) func(*Options) (cause, hint string) {
	return func(o *Options) (cause, hint string) {
		for _, wrong := range o.Schedule.check() {
			if wrong.Option == part {
				return wrong.Cause, wrong.Hint
			}
		}
		return "", ""
	}
}

// Check returns an error for each option that is out of its range, but for the app, and nil when none
// is. It completes what follows from others: the burst, and no wait where there is no canary.
func (o *Options) Check() []*OptionError {
	var wrong []*OptionError
	if checkIdentifier("app", o.App) != nil {
		wrong = append(wrong, &OptionError{Option: "app", Cause: "is a path of dots or ends in a slash: a proxy could make another id of it"})
	}
	for _, option := range optionTable {
		if w := option.check(o); w != nil {
			wrong = append(wrong, w)
		}
	}
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

func writeShare(share float64) string { return strconv.FormatFloat(share*100, 'g', 6, 64) + "%" }
