package worker

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

const (
	statusTooMany = http.StatusTooManyRequests
	statusLocked  = http.StatusLocked
)

// move is what to do with a row after a call that did not succeed.
type move int

const (
	settle      move = iota // the row has its outcome
	again                   // after a backoff; uses an attempt
	throttled               // as soon as the pace allows; uses no attempt
	interrupted             // the worker stops; uses no attempt
	later                   // it is too early to look for a lost create, or to ask for a pending client; uses no attempt
	suspect                 // refused as a key is: the row's failure where others are not, else the job's pause; see probe.go
)

// ruling is the decision on one failed call.
type ruling struct {
	move  move
	kind  jobs.Kind // where move is settle
	doubt bool      // the work may have been done without an answer
}

// Error codes of the API that decide; see the vendor's document.
const (
	codeAppNotFound    = "app_not_found"
	codeConflict       = "conflict"
	codeClientNotFound = "client_not_found"
)

// rule decides what a failed call means by its kind, whatever the row's operation.
// It is the only place that does.
func rule(op jobs.Op, e *sunco.Error) ruling {
	lost := makes(op) && e.Sent // what may have been done is looked for, not repeated
	switch s := e.Status; {
	case errors.Is(e, sunco.ErrInvalid):
		return ruling{move: settle, kind: jobs.Failed}
	case s == 0 && errors.Is(e, context.Canceled):
		return ruling{move: interrupted, doubt: lost}
	case s == 0 || s >= 500 || s == http.StatusRequestTimeout:
		return ruling{move: again, doubt: lost}
	case isRead(op) && errors.Is(e, sunco.ErrTooLarge):
		return ruling{move: settle, kind: jobs.Failed}
	case s < 300: // done, and the answer cannot be read
		return ruling{move: again, doubt: lost}
	case s < 400: // a redirect
		return ruling{move: suspect}
	case s == statusTooMany:
		return ruling{move: throttled}
	case op == makeUser && s == http.StatusConflict && e.Code == codeConflict: // there is one of that external id
		return ruling{move: settle, kind: jobs.Noop}
	case s == http.StatusConflict || s == statusLocked || s == http.StatusTooEarly:
		return ruling{move: again}
	case s == http.StatusUnauthorized || s == http.StatusPaymentRequired || s == http.StatusForbidden || e.Code == codeAppNotFound:
		return ruling{move: suspect}
	case e.Code == "" && e.Err != nil: // refused, and the reason was cut off
		return ruling{move: again}
	case e.Code == "": // not the API's own answer: of something in front of it, or the base URL is wrong
		return ruling{move: suspect}
	case op == jobs.Remove && e.Code == codeClientNotFound:
		return ruling{move: settle, kind: jobs.Noop}
	}
	return ruling{move: settle, kind: jobs.Failed}
}

// unanswered tells whether the API may still be at work on a call when it has failed: no answer came,
// or a gateway gave one in its place.
func unanswered(e *sunco.Error) bool {
	return e.Status == 0 || e.Status == http.StatusBadGateway || e.Status == http.StatusGatewayTimeout
}

// code names the cause of an error in reports: the API's own code, or one of ours.
func code(e *sunco.Error) string {
	switch {
	case e.Code != "":
		return plain(e.Code)
	case errors.Is(e, sunco.ErrInvalid):
		return "invalid"
	case e.Status == 0 && !e.Sent:
		return "not_reached"
	case e.Status == 0:
		return "no_answer"
	case errors.Is(e, sunco.ErrTooLarge):
		return "answer_too_large"
	case e.Status < 300:
		return "unreadable_answer"
	}
	return "http_" + strconv.Itoa(e.Status)
}

// plain keeps a code of the API's usable as a name: short, lower case, no odd characters.
func plain(code string) string {
	const most = 60
	name := []byte(code[:min(len(code), most)])
	for i, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			name[i] = c + 'a' - 'A'
		case c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z'):
			name[i] = '_'
		}
	}
	return string(name)
}
