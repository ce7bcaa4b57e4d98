package worker

import (
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

const (
	// mostStrikes is how many answers 429 that a row meets alone make it fail.
	mostStrikes = 5
	// suspectStrikes is the number of them from which the row's 429s slow nobody else.
	suspectStrikes = 2
	// throttledFor and failingFor are how long a row must have met 429s, or other failures, before a list of a user's clients,
	// which may work while creates do not, counts as a sign that it fails alone.
	throttledFor = time.Minute
	failingFor   = 5 * time.Minute
	// mostDoublings bounds the backoff between a suspect row's calls.
	mostDoublings = 3

	codeThrottled = "throttled"
)

// streak is how long a row has met nothing but 429s, 5xx and lost calls in this delivery, and whether others did, too.
type streak struct {
	op      jobs.Op   // of the calls that failed
	calling jobs.Op   // of the present call
	before  successes // of others, at the beginning of the last call
	began   time.Time // when the first failure came; zero when the last call did not fail
	failed  time.Time // when the last one came
	status  int       // of it
	calls   int       // that failed
	strikes int       // answers 429 while other rows were answered well
	alone   bool      // the last failure came though others had succeeded since the one before

	answered, throttled int64 // of all rows' calls, when the row became suspect
}

// begin notes what is known of others at the beginning of a call.
func (s *streak) begin(e *evidence, op jobs.Op) {
	s.calling = op
	if !s.began.IsZero() {
		s.before = e.latest(op)
	}
}

// end notes what became of the call. A list that succeeds ends no streak of creates.
func (s *streak) end(e *sunco.Error) {
	failed := e != nil && (e.Status == 0 || e.Status == statusTooMany || e.Status >= http.StatusInternalServerError)
	switch {
	case !failed && s.calling != s.op:
		return
	case !failed || s.calling != s.op:
		*s = streak{op: s.calling, calling: s.calling}
	}
	if !failed {
		return
	}
	now := time.Now()
	if s.began.IsZero() {
		s.began = now
	}
	s.status = e.Status
	s.calls++
	s.alone = !s.failed.IsZero() && (s.before.proven.After(s.failed) || s.before.listed.After(s.failed) && s.lasts())
	s.failed = now
}

// lasts tells whether the row has failed for long.
func (s *streak) lasts() bool {
	long := failingFor
	if s.status == statusTooMany {
		long = throttledFor
	}
	return !s.began.IsZero() && time.Since(s.began) >= long
}

// doublings are those of the backoff before the next call of a row that is throttled alone.
func (s *streak) doublings() int { return min(s.calls-suspectStrikes, mostDoublings) }

// throttledAlone tells whether answers 429 to the row say nothing of others, nor of the pace.
func (s *streak) throttledAlone() bool { return s.strikes >= suspectStrikes }

// strike counts an answer 429 that the row met alone, and tells whether they are enough to give the row up. Where a
// tenth of the calls of other rows are answered 429, too, none is alone (I8).
func (s *streak) strike(e *evidence) bool {
	if !s.alone {
		return false
	}
	answered, throttled := e.shares(s.op)
	if s.strikes++; s.strikes == suspectStrikes {
		s.answered, s.throttled = answered, throttled
	}
	if s.strikes < mostStrikes {
		return false
	}
	if 10*(throttled-s.throttled) > answered-s.answered+int64(s.strikes) {
		s.strikes = 0
		return false
	}
	return true
}
