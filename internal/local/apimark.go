package local

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// markBytes is how much of a digest a mark keeps. One of 65,536 other URLs has the same mark: enough to find
// a mistake, and too little to tell whose URL it is from a list of names (I7).
const markBytes = 2

// mark tells the base URL of a job from another.
func mark(job, baseURL string) string {
	sum := hmac.New(sha256.New, []byte(job)) // so that marks of several jobs cannot be compared
	sum.Write([]byte(strings.TrimRight(baseURL, "/")))
	return hex.EncodeToString(sum.Sum(nil)[:markBytes])
}

// sameAPI returns an error when now calls another API than h. A journal without a mark is taken for one of
// the API that is called now.
func (h Head) sameAPI(now Head) error {
	switch {
	case h.Options.Simulated && !now.Options.Simulated:
		return ErrSimulated
	case !h.Options.Simulated && now.Options.Simulated:
		return ErrReal
	case h.Mark != "" && h.Mark != mark(h.Job, now.BaseURL):
		return ErrElsewhere
	}
	return nil
}
