package jobs

import "strings"

// PauseKind is why a job or a run is paused, for programs. The reason beside it is for people alone, and nothing reads it.
type PauseKind string

// The kinds of pauses.
const (
	PauseByHand     PauseKind = "by_hand"     // somebody asked for it
	PauseWindow     PauseKind = "window"      // of a job whose window is closed: ends by itself when that opens
	PauseCanary     PauseKind = "canary"      // too many rows of the canary failed: resuming lets the others go on
	PauseFailures   PauseKind = "failures"    // more rows failed than the job allows
	PauseRefused    PauseKind = "refused"     // the API refused the key, the plan or the app, not a row
	PauseNoTimezone PauseKind = "no_timezone" // it is not known when the window opens, or the deadline is
	PauseUnreadable PauseKind = "unreadable"  // a batch of the queue cannot be read
	PauseRun        PauseKind = "run"         // of a job whose run is paused
	PauseCap        PauseKind = "cap"         // of a run whose next step would exceed a cap
	PauseInput      PauseKind = "input"       // of a run whose input broke off or cannot be used
)

// OldReasons gives the kinds that releases before PauseKind told from others by how their reasons begin, as beginning and kind by
// turns. What they left in Redis has no kind. New reasons may be worded in any way.
func OldReasons() []string {
	return []string{
		"outside the window ", string(PauseWindow),
		"canary: ", string(PauseCanary),
		"cap of step ", string(PauseCap),
		"the run is paused", string(PauseRun),
	}
}

// OldPauseKind is the kind of a pause for which only a reason is stored.
func OldPauseKind(reason string) PauseKind {
	for old := OldReasons(); len(old) > 0; old = old[2:] {
		if strings.HasPrefix(reason, old[0]) {
			return PauseKind(old[1])
		}
	}
	return PauseByHand
}

// ReadPauseKind reads what Redis holds of a pause: its kind, a space, and the reason for which it was stored. An older release that
// pauses again replaces the reason alone, and the kind is then that of the new reason.
func ReadPauseKind(state State, pause, reason string) PauseKind {
	if state != Paused {
		return ""
	}
	if kind, of, _ := strings.Cut(pause, " "); kind != "" && of == reason {
		return PauseKind(Line(kind))
	}
	return OldPauseKind(reason)
}
