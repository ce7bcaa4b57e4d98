package main

import (
	"fmt"
	"time"
	_ "time/tzdata" // for images without zones

	"github.com/sunbulk/sunbulk/internal/timezone"
	"github.com/sunbulk/sunbulk/jobs"
)

// settleZone gives times without a time zone that of this machine: workers may run in another.
func (j *jobFlags) settleZone(opt *jobs.Options) (err error) {
	if opt.Timezone != "" || opt.Window == "" && opt.FinishBy == "" {
		return nil
	}
	if opt.Timezone, err = timezone.Here().Zone(); err != nil {
		return usage(fmt.Sprintf("%s: this machine does not say which time zone that is in: %s", timed(*opt), err), "give --timezone, e.g. --timezone Europe/Madrid")
	}
	j.settledZone = opt.Timezone
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
func (p *program) tellZone(j *jobFlags, opt jobs.Options) {
	if j.settledZone != "" && !p.quiet {
		printf(p.screen, "%s is in the time zone %s, this machine's\n", timed(opt), j.settledZone)
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
