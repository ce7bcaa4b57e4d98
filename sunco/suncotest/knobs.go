package suncotest

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"time"
)

// What a second identical create gets (Knobs.OnDuplicate). The vendor does not document which one is true.
const (
	DuplicateSecond   = "second"   // a second pending client
	DuplicateConflict = "conflict" // a 409
	DuplicateSame     = "same"     // the client that is there
)

// How a 429 says when to come back (Knobs.RetryAfter). The vendor does not document it.
const (
	RetryAfterSeconds = "seconds"
	RetryAfterDate    = "date"
	RetryAfterNone    = "none"
	// Without Retry-After, but with the time until the limit allows calls again in another header:
	RetryAfterReset     = "reset"     // X-RateLimit-Remaining and X-RateLimit-Reset, in seconds since 1970
	RetryAfterRateLimit = "ratelimit" // RateLimit, as drafts of the IETF have it
)

// Kinds of rate limits (Knobs.LimitKind).
const (
	LimitBucket  = "bucket"  // a token bucket
	LimitSliding = "sliding" // so many calls in any time of LimitWindow's length
	LimitFixed   = "fixed"   // so many calls in each window of that length on the clock
)

// Knobs are the faults and habits of the simulated API; the zero Knobs are an API without faults. A share is the part of
// the calls on users, clients and conversations that meet the fault, 0 to 1. In JSON, durations are strings such as "50ms".
type Knobs struct {
	// RateLimit is the calls per second above which calls get a 429; 0 = no limit.
	RateLimit float64 `json:"rateLimit,omitempty"`
	// LimitKind is one of the Limit constants; empty = LimitBucket.
	LimitKind string `json:"limitKind,omitempty"`
	// LimitWindow is the time in which LimitSliding and LimitFixed allow RateLimit times its seconds; 0 = a second.
	LimitWindow time.Duration `json:"-"`
	// LimitOp is the one operation that the limit counts: create, list or remove; empty = all.
	LimitOp string `json:"limitOp,omitempty"`
	// Burst is the calls that LimitBucket lets come at once; 0 = a second's worth of RateLimit, at least 1.
	Burst int `json:"burst,omitempty"`
	// RetryAfter is one of the RetryAfter constants; empty = RetryAfterSeconds.
	RetryAfter string `json:"retryAfter,omitempty"`
	// Share429 get a 429 whatever the rate.
	Share429 float64 `json:"share429,omitempty"`
	// Share503 get a server error before any work is done: Status503 (0 = 503), as HTML if HTML503 is set, else as JSON.
	Share503  float64 `json:"share503,omitempty"`
	Status503 int     `json:"status503,omitempty"`
	HTML503   bool    `json:"html503,omitempty"`
	// Share503After get such a server error although the work is done.
	Share503After float64 `json:"share503After,omitempty"`
	// LatencyMin and LatencyMax bound the time that a call takes, spread evenly.
	LatencyMin time.Duration `json:"-"`
	LatencyMax time.Duration `json:"-"`
	// CutBefore lose their connection before the work is done, CutAfter when it is done.
	CutBefore float64 `json:"cutBefore,omitempty"`
	CutAfter  float64 `json:"cutAfter,omitempty"`
	// Hang get no answer although the work is done, until the caller goes away or the Server closes.
	Hang float64 `json:"hang,omitempty"`
	// HalfAnswer get headers and half a body when the work is done, then lose their connection.
	HalfAnswer float64 `json:"halfAnswer,omitempty"`
	// AppStatus is the answer to every API call, such as 401, 402 or 403; 0 = off.
	AppStatus int `json:"appStatus,omitempty"`
	// IntegrationScope are credentials that may not ask for the app and its integrations: such calls get a 403.
	IntegrationScope bool `json:"integrationScope,omitempty"`
	// OnDuplicate is one of the Duplicate constants; empty = DuplicateSecond.
	OnDuplicate string `json:"onDuplicate,omitempty"`
	// PendingFor is how long a created client stays pending; 0 = until it is looked at.
	PendingFor time.Duration `json:"-"`
	// FailedLinkShare of the created clients vanish instead of becoming active. A phone number, or the part of an address
	// before the @, that ends with 0000 always does.
	FailedLinkShare float64 `json:"failedLinkShare,omitempty"`
	// CancelledLinkShare vanish likewise, because the person cancelled the link.
	CancelledLinkShare float64 `json:"cancelledLinkShare,omitempty"`
	// TakenLinkShare become active, and vanish after another PendingFor, because another user's link took them.
	TakenLinkShare float64 `json:"takenLinkShare,omitempty"`
	// MergedLinkShare vanish instead of becoming active, because their user was merged into the one who has the number or address.
	MergedLinkShare float64 `json:"mergedLinkShare,omitempty"`
	// OmitMeta and OmitLinks leave meta and links out of lists.
	OmitMeta  bool `json:"omitMeta,omitempty"`
	OmitLinks bool `json:"omitLinks,omitempty"`
}

type plainKnobs Knobs

// knobsJSON writes the durations of Knobs for people.
type knobsJSON struct {
	*plainKnobs
	LimitWindow duration `json:"limitWindow,omitempty"`
	LatencyMin  duration `json:"latencyMin,omitempty"`
	LatencyMax  duration `json:"latencyMax,omitempty"`
	PendingFor  duration `json:"pendingFor,omitempty"`
}

type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

func (k *Knobs) json() knobsJSON {
	return knobsJSON{(*plainKnobs)(k), duration(k.LimitWindow), duration(k.LatencyMin), duration(k.LatencyMax), duration(k.PendingFor)}
}

// MarshalJSON leaves out the knobs that are zero.
func (k Knobs) MarshalJSON() ([]byte, error) { return json.Marshal(k.json()) }

// UnmarshalJSON sets the knobs that data names and leaves the others. It refuses unknown names and impossible values,
// and changes nothing then.
func (k *Knobs) UnmarshalJSON(data []byte) error {
	changed := *k
	in := changed.json()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return err
	}
	changed.LimitWindow = time.Duration(in.LimitWindow)
	changed.LatencyMin, changed.LatencyMax, changed.PendingFor =
		time.Duration(in.LatencyMin), time.Duration(in.LatencyMax), time.Duration(in.PendingFor)
	if err := changed.Check(); err != nil {
		return err
	}
	*k = changed
	return nil
}

// KnobError says which knob has an impossible value.
type KnobError struct {
	Knob  string // its name in JSON
	Cause string // such as "is not in 0 to 1"
}

func (e *KnobError) Error() string { return e.Knob + " " + e.Cause }

// Check returns a *KnobError for the first knob that has an impossible value, or nil.
func (k *Knobs) Check() error {
	for _, s := range []struct {
		knob  string
		share float64
	}{
		{"share429", k.Share429}, {"share503", k.Share503}, {"share503After", k.Share503After}, {"cutBefore", k.CutBefore}, {"cutAfter", k.CutAfter},
		{"hang", k.Hang}, {"halfAnswer", k.HalfAnswer}, {"failedLinkShare", k.FailedLinkShare},
		{"cancelledLinkShare", k.CancelledLinkShare}, {"takenLinkShare", k.TakenLinkShare}, {"mergedLinkShare", k.MergedLinkShare},
	} {
		if !(s.share >= 0 && s.share <= 1) { // nor is it NaN
			return &KnobError{s.knob, "is not in 0 to 1"}
		}
	}
	for _, rule := range []struct {
		knob, cause string
		broken      bool
	}{
		{"rateLimit", "is negative, or no number", !(k.RateLimit >= 0) || math.IsInf(k.RateLimit, 0)},
		{"burst", "is negative", k.Burst < 0},
		{"limitKind", "is none of bucket, sliding, fixed", !slices.Contains([]string{"", LimitBucket, LimitSliding, LimitFixed}, k.LimitKind)},
		{"limitWindow", "is not in 1ms to 1h", k.LimitWindow != 0 && (k.LimitWindow < time.Millisecond || k.LimitWindow > time.Hour)},
		{"limitOp", "is none of create, list, remove", !slices.Contains([]string{"", opCreate.String(), opList.String(), opRemove.String()}, k.LimitOp)},
		{"latencyMin", "is negative", k.LatencyMin < 0},
		{"latencyMax", "is negative", k.LatencyMax < 0},
		{"pendingFor", "is negative", k.PendingFor < 0},
		{"latencyMin", "is above the most, " + k.LatencyMax.String(), k.LatencyMin > k.LatencyMax && k.LatencyMax > 0},
		{"appStatus", "is not in 400 to 599", k.AppStatus != 0 && (k.AppStatus < 400 || k.AppStatus > 599)},
		{"status503", "is not in 500 to 599", k.Status503 != 0 && (k.Status503 < 500 || k.Status503 > 599)},
		{"retryAfter", "is none of seconds, date, none, reset, ratelimit", !slices.Contains([]string{"", RetryAfterSeconds, RetryAfterDate, RetryAfterNone, RetryAfterReset, RetryAfterRateLimit}, k.RetryAfter)},
		{"onDuplicate", "is none of second, conflict, same", !slices.Contains([]string{"", DuplicateSecond, DuplicateConflict, DuplicateSame}, k.OnDuplicate)},
	} {
		if rule.broken {
			return &KnobError{rule.knob, rule.cause}
		}
	}
	return nil
}
