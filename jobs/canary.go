package jobs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// MaxCanary is the most rows that a canary can have.
const MaxCanary = 1000

// Canary is the rows of a job that run before all others. The zero value is none.
type Canary struct {
	Rows int           `json:"rows"`
	Wait time.Duration `json:"waitNs"` // between the end of the canary and the other rows
}

// Batches is how many batches of a size the canary fills, when the job has more rows than the canary.
// They are the job's first.
func (c Canary) Batches(size int) int64 {
	if c.Rows == 0 {
		return 0
	}
	return int64((c.Rows + size - 1) / size)
}

// InCanary tells whether only the rows of the job's canary may be called.
func (j Job) InCanary() bool { return j.Options.Canary.Rows > 0 && !j.CanaryOver }

// AllRead is the number of the row up to which all rows are read. Rows of a canary beyond it are
// read, too, which only matters until the job is sealed.
func (j Job) AllRead() int64 {
	if j.Options.Canary.Rows == 0 || j.Sealed {
		return j.Tally.Read
	}
	return j.Through
}

// CanaryFailed tells whether the job is paused because too many rows of its canary failed. Resuming it
// lets the other rows go on.
func (j Job) CanaryFailed() bool {
	return j.Pause == PauseCanary && !j.CanaryFinished.IsZero()
}

// JudgeCanary returns the reason to pause a job whose canary, and nothing else, is finished; "" when few
// enough of its rows failed. A row in doubt counts as failed.
func (j Job) JudgeCanary() string {
	bad, rows := j.Tally.Failed+j.Tally.InDoubt, j.Tally.called()
	if !j.Options.MaxFailures.exceededBySample(bad, rows) {
		return ""
	}
	failed := "failed"
	if j.Tally.InDoubt > 0 {
		failed += " or are in doubt"
	}
	reason := fmt.Sprintf("canary: %d of %s %s", bad, Count(rows, "row"), failed)
	if codes := slices.SortedFunc(maps.Keys(j.Stats.Causes), func(a, b string) int {
		return cmp.Or(cmp.Compare(j.Stats.Causes[b].Count, j.Stats.Causes[a].Count), cmp.Compare(a, b))
	}); len(codes) > 0 {
		reason += ", most with " + codes[0]
	}
	return reason
}

// CanaryProgress says how far the canary is, for people; "" when the other rows may be called.
func (j Job) CanaryProgress() string {
	if !j.InCanary() || j.State.Ended() || j.CanaryFailed() {
		return ""
	}
	rows := int64(j.Options.Canary.Rows)
	if j.Sealed {
		rows = min(rows, j.Tally.Read-j.Tally.Rejected)
	}
	text := fmt.Sprintf("canary: %d of %s", j.Tally.called(), Count(rows, "row"))
	if !j.CanaryFinished.IsZero() {
		text += ", waiting until " + j.CanaryFinished.Add(j.Options.Canary.Wait).Local().Format(time.TimeOnly)
	}
	return text
}
