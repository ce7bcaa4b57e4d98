package main

import (
	"fmt"
	"time"
	_ "time/tzdata" // for images without zones

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/timezone"
	"github.com/sunbulk/sunbulk/jobs"
)

// pacingFlags say when, and beside what else, a job calls.
type pacingFlags struct {
	settled  string // zone that was taken from this machine; empty when none was
	reserve  string
	priority string
	schedule jobs.Schedule
}

func (o *pacingFlags) register(f *pflag.FlagSet) {
	f.StringVar(&o.reserve, "reserve", "0%", "part of the rate that is left to the app's other traffic, e.g. 30%")
	f.StringVar(&o.priority, "priority", string(jobs.Defaults().Priority), "high, normal or low: weighs the jobs of an app 4:2:1")
	f.StringVar(&o.schedule.FinishBy, "finish-by", "", "go at the lowest rate that ends by 06:00, or by 2026-11-24 06:00")
	f.StringVar(&o.schedule.Window, "window", "", "call only in this time, e.g. 22:00-06:00 or 'mon-fri 22:00-06:00'")
	f.StringVar(&o.schedule.Timezone, "timezone", "", "of --finish-by and --window, e.g. Europe/Madrid (default: this machine's)")
}

// apply sets the flags in a job's options, which are to be checked then.
func (o *pacingFlags) apply(opt *jobs.Options) (err error) {
	if opt.Reserve, err = jobs.ParseShare(o.reserve); err != nil {
		return usage("--reserve: "+err.Error(), "e.g. --reserve 30%")
	}
	if opt.Priority, err = jobs.ParsePriority(o.priority); err != nil {
		return usage("--priority: "+err.Error(), "")
	}
	opt.Schedule = o.schedule
	if opt.Timezone != "" || opt.Window == "" && opt.FinishBy == "" {
		return nil
	}
	// It is settled here: workers may run in another one.
	if opt.Timezone, err = timezone.Here().Zone(); err != nil {
		return usage(fmt.Sprintf("%s: this machine does not say which time zone that is in: %s", timed(*opt), err), "give --timezone, e.g. --timezone Europe/Madrid")
	}
	o.settled = opt.Timezone
	return nil
}

// timed is the flag that a time zone is for.
func timed(opt jobs.Options) string {
	if opt.Window == "" {
		return "--finish-by " + opt.FinishBy
	}
	return "--window " + opt.Window
}

// tellZone says which time zone was taken from this machine.
func (p *program) tellZone(o *pacingFlags, opt jobs.Options) {
	if o.settled != "" && !p.quiet {
		printf(p.screen, "%s is in the time zone %s, this machine's\n", timed(opt), o.settled)
	}
}

// forecast tells people at once when the calls left cannot be made by the deadline. Calls are
// counted as one per row.
func (p *program) forecast(opt jobs.Options, calls int64, now time.Time) {
	deadline, err := opt.Deadline(now)
	if err != nil || deadline.IsZero() || calls == 0 {
		return
	}
	need, most := float64(calls)/deadline.Sub(now).Seconds(), opt.Allowed()
	switch {
	case !deadline.After(now):
		printf(p.screen, "warning: --finish-by %s is past\n", opt.FinishBy)
	case most > 0 && need > most:
		ends := now.Add(time.Duration(float64(calls) / most * float64(time.Second)))
		printf(p.screen, "warning: --finish-by %s needs %.3g calls/s, and only %.3g are allowed: the job ends about %s (hint: raise --rate, or give a later time)\n",
			opt.FinishBy, need, most, ends.In(deadline.Location()).Format("2006-01-02 15:04"))
	case !p.quiet:
		printf(p.screen, "--finish-by %s needs %.3g calls/s\n", opt.FinishBy, need)
	}
}
