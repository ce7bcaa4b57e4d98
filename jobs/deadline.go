package jobs

import "time"

// Needed is the calls per second that the rows left need to meet the job's deadline, with two in a
// hundred to spare; negative once it has passed. It is not known without a deadline, while rows
// are still being read, and when none is left.
func (j Job) Needed(now time.Time) (perSecond float64, known bool) {
	deadline, err := j.Options.Deadline(j.Created)
	rows := j.Tally.Read - j.Tally.Settled()
	if err != nil || deadline.IsZero() || !j.Sealed || rows <= 0 {
		return 0, false
	}
	left := deadline.Sub(now).Seconds()
	if left <= 0 {
		return -1, true
	}
	return 1.02 * float64(rows) * j.CallsPerRow() / left, true
}
