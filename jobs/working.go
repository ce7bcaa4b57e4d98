package jobs

import "time"

// Worked is how long a job has run until now, or ran until its end: the pauses are not counted.
func (j Job) Worked(now time.Time) time.Duration {
	if j.Started.IsZero() {
		return 0
	}
	end := now
	if !j.Finished.IsZero() {
		end = j.Finished
	}
	worked := max(0, end.Sub(j.Started))
	for _, p := range Pauses(j.Events, end) {
		if p.From.Before(j.Started) {
			p.From = j.Started
		}
		worked -= max(0, p.To.Sub(p.From))
	}
	return worked
}

// CallsPerRow is how many calls a row has taken so far, on average; at least 1.
func (j Job) CallsPerRow() float64 {
	if called := j.Tally.called(); called > 0 {
		return max(1, float64(j.Stats.Calls)/float64(called))
	}
	return 1
}

// Left is how long the rest of the job takes at the faster and at the slower of two rates: that of
// late, in calls per second, and that over the whole run. It is not known while rows are still
// being read, when none is left, and while no call is made.
func (j Job) Left(perSecond float64, now time.Time) (low, high time.Duration, known bool) {
	rows, worked := j.Tally.Read-j.Tally.Settled(), j.Worked(now).Seconds()
	if !j.Sealed || rows <= 0 || perSecond <= 0 || worked <= 0 || j.Stats.Calls == 0 {
		return 0, 0, false
	}
	calls := float64(rows) * j.CallsPerRow()
	one, other := calls/perSecond, calls*worked/float64(j.Stats.Calls)
	return seconds(min(one, other)), seconds(max(one, other)), true
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
