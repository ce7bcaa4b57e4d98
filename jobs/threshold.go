package jobs

import (
	"fmt"
	"strconv"
	"strings"
)

// thresholdSample is the number of settled rows below which a share says nothing.
const thresholdSample = 200

// sampleShare is the percentage of failed rows that is too many for a canary whose job has a number.
const sampleShare = 20

// Threshold is a number of failed rows, or a share of them, above which a job pauses. The zero
// value never does.
type Threshold struct {
	Count   int64   `json:"count,omitempty"`
	Percent float64 `json:"percent,omitempty"` // 100 never pauses
}

// ParseThreshold reads 500 or 20%.
func ParseThreshold(s string) (Threshold, error) {
	if p, ok := strings.CutSuffix(strings.TrimSpace(s), "%"); ok {
		if v, err := strconv.ParseFloat(p, 64); err == nil && v > 0 && v <= 100 {
			return Threshold{Percent: v}, nil
		}
	} else if v, err := strconv.ParseInt(s, 10, 64); err == nil && v > 0 {
		return Threshold{Count: v}, nil
	}
	return Threshold{}, fmt.Errorf("%q is neither a number of rows such as 500 nor a share such as 20%%", shorten(s, 40))
}

// String gives the form that ParseThreshold reads.
func (t Threshold) String() string {
	if t.Count > 0 {
		return strconv.FormatInt(t.Count, 10)
	}
	return strconv.FormatFloat(t.Percent, 'f', -1, 64) + "%"
}

// Never tells whether no number of failed rows pauses the job.
func (t Threshold) Never() bool { return t.Count == 0 && (t.Percent == 0 || t.Percent >= 100) }

// Exceeded returns a sentence for people when too many rows of the tally failed, else "".
func (t Threshold) Exceeded(rows Tally) string {
	called := rows.called()
	switch {
	case t.Count > 0 && rows.Failed >= t.Count:
		return fmt.Sprintf("%s failed, the limit is %s", Count(rows.Failed, "row"), t)
	case t.Percent > 0 && t.Percent < 100 && called >= thresholdSample && float64(rows.Failed)*100 >= t.Percent*float64(called):
		return fmt.Sprintf("%d of %s failed, the limit is %s", rows.Failed, Count(called, "row"), t)
	}
	return ""
}

// exceededBySample tells whether too many rows of a canary failed. A number that suits a whole job says
// little about a few of its rows, so a share of them holds beside it.
func (t Threshold) exceededBySample(failed, called int64) bool {
	share := t.Percent
	if t.Count > 0 {
		share = sampleShare
	}
	switch {
	case failed == 0:
		return false
	case t.Count > 0 && failed >= t.Count:
		return true
	}
	return share > 0 && share < 100 && float64(failed)*100 >= share*float64(called)
}
