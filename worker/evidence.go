package worker

import (
	"net/http"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

const (
	// mostUnproven is how many refusals may wait for a proof before other calls wait, too: with a key that is refused
	// these are the calls that are made all the same.
	mostUnproven = 5
	// trust is how long after a probe that was answered the next refusals may wait.
	trust = time.Minute
)

// evidence is what the answers to a job's calls say of the key, the app and the base URL, as distinct from its rows.
type evidence struct {
	asking chan struct{} // holds one token: the right to probe

	mu       sync.Mutex
	proven   map[jobs.Op]time.Time // when the last call began that succeeded, by kind of call
	good     *jobs.Row             // whose list is expected to succeed
	unproven int                   // refusals since the last proof
	refusal  time.Time             // when the last one came
	trusted  time.Time             // until when refusals may wait for their proof
	listed   time.Time             // when the last list began by which a probe has succeeded
	asked    time.Time             // when the last probe began
	verdict  verdict               // of it
	judged   int                   // refusals that came before it and that nobody has acquitted yet

	answered  map[jobs.Op]int64 // calls answered other than by 429, by kind of call
	throttled map[jobs.Op]int64 // calls answered 429, but for rows that may be throttled alone
}

// verdict is what a probe has shown of key, app and base URL: they are fine, or unknown, or not fine.
type verdict struct {
	fine, unknown bool
	err           *sunco.Error // of the probe
}

func newEvidence() *evidence {
	return &evidence{
		asking: make(chan struct{}, 1), proven: map[jobs.Op]time.Time{}, answered: map[jobs.Op]int64{}, throttled: map[jobs.Op]int64{},
	}
}

// heard notes the answer to a call that began at start; alone says that its row may be throttled while others are not.
func (e *evidence) heard(op jobs.Op, row *jobs.Row, start time.Time, failure *sunco.Error, alone bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case failure != nil && failure.Status == 0:
		return
	case failure != nil && failure.Status == statusTooMany:
		if !alone {
			e.throttled[op]++
		}
		return
	}
	e.answered[op]++
	if !proves(failure) {
		return
	}
	if start.After(e.proven[op]) {
		e.proven[op] = start
	}
	if failure == nil && op != listIntegrations { // which says nothing of the row's user
		e.good = row
	}
	if start.After(e.refusal) {
		e.unproven = 0
	}
}

// proves tells whether an answer can come only from the API itself, with key and app accepted.
func proves(e *sunco.Error) bool {
	return e == nil || e.Status == http.StatusNotFound && e.Code != "" && e.Code != codeAppNotFound && e.Code != "not_found"
}

// provenAt is when the last call of a kind began that succeeded; zero when there was none.
func (e *evidence) provenAt(op jobs.Op) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.proven[op]
}

// sampled notes a list that was made for no row.
func (e *evidence) sampled(start time.Time, failure *sunco.Error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if proves(failure) {
		e.listed = start
	}
}

// successes are when the last call of a kind began that succeeded, and the last list that was made for no row.
type successes struct{ proven, listed time.Time }

func (e *evidence) latest(op jobs.Op) successes {
	e.mu.Lock()
	defer e.mu.Unlock()
	return successes{e.proven[op], e.listed}
}

// refused counts a refusal, and tells whether a probe must come before other calls.
func (e *evidence) refused(op jobs.Op, status int, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.unproven++
	e.refusal = now
	most := mostUnproven
	aboutTheKey := status == http.StatusUnauthorized || status == http.StatusPaymentRequired
	if now.After(e.trusted) && (aboutTheKey || e.proven[op].IsZero()) {
		most = 1
	}
	return e.unproven >= most
}

// patient tells whether a few more refusals may come before there is a proof.
func (e *evidence) patient() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.unproven < mostUnproven
}

// since returns the verdict of a probe that began after a time, if there is one.
func (e *evidence) since(t time.Time) (verdict, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.verdict, e.asked.After(t)
}

// probing notes that a probe begins, which judges the refusals so far.
func (e *evidence) probing() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.judged = e.unproven
}

// probed notes what a probe that began at start has shown.
func (e *evidence) probed(start time.Time, v verdict) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked, e.verdict = start, v
}

// acquit notes that no refusal until then was the key's. Refusals that came since wait for a proof of their own.
func (e *evidence) acquit(until time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch fine := e.verdict.fine; {
	case !e.refusal.After(until), fine && e.asked.After(e.refusal):
		e.unproven, e.judged = 0, 0
	case fine && e.asked.After(until):
		e.unproven, e.judged = max(e.unproven-e.judged, 0), 0
	}
	e.trusted = time.Now().Add(trust)
}

// shares returns how many calls of a kind were answered well, and by 429.
func (e *evidence) shares(op jobs.Op) (answered, throttled int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.answered[op], e.throttled[op]
}

// acquaintance is a row whose user's list has succeeded or should; nil when no call has.
func (e *evidence) acquaintance() *jobs.Row {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.good
}
