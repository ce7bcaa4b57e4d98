package webhook

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
)

// Receiver takes the calls of the vendor's webhooks. It answers 200 only when their events are kept, and 503 when they cannot be, so that the
// vendor calls again: five times in 15 minutes. It is an http.Handler; its server sets the time that a sender has.
type Receiver struct {
	secrets [][sha256.Size]byte
	apps    []string
	keep    Keep
	log     *sparing
	bodies  chan struct{} // tokens of bodies that are held at a time

	kept, skipped, refused atomic.Int64
}

// Keep keeps events of an app, each once, and returns when they are safe.
type Keep func(ctx context.Context, app string, events []Event) error

const mostBodies = 32 // at a time, 32 MB

// NewReceiver returns a Receiver for some apps. A caller must know one of the secrets.
func NewReceiver(secrets, apps []string, keep Keep, log *slog.Logger) *Receiver {
	r := &Receiver{apps: apps, keep: keep, log: newSparing(log), bodies: make(chan struct{}, mostBodies)}
	for _, s := range secrets {
		r.secrets = append(r.secrets, sha256.Sum256([]byte(s)))
	}
	return r
}

// Counts are the events that were kept, those that were skipped, and the calls that were refused.
func (r *Receiver) Counts() (kept, skipped, refused int64) {
	return r.kept.Load(), r.skipped.Load(), r.refused.Load()
}

// ServeHTTP takes one call. The vendor gives up at 400, 401, 403, 404 and 406; any other answer than 2xx lets it call again.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		r.refuse(w, http.StatusMethodNotAllowed, "a webhook is called by POST")
		return
	}
	if !r.knows(q.Header.Get("X-API-Key")) {
		r.refuse(w, http.StatusUnauthorized, "X-API-Key is not the secret of a webhook")
		return
	}
	select {
	case r.bodies <- struct{}{}:
		defer func() { <-r.bodies }()
	default:
		r.later(w, "too many calls at a time")
		return
	}
	payload, err := io.ReadAll(http.MaxBytesReader(w, q.Body, MaxPayload))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		r.refuse(w, http.StatusRequestEntityTooLarge, "the payload is larger than 1 MB")
		return
	case err != nil: // too slow, or gone
		r.later(w, "the payload did not arrive")
		return
	}
	r.take(w, q, payload)
}

func (r *Receiver) take(w http.ResponseWriter, q *http.Request, payload []byte) {
	events, skipped := Decode(payload)
	if skipped[NotJSON]+skipped[TooLarge] > 0 || len(events) == 0 && skipped[NoEvent] > 0 {
		r.refuse(w, http.StatusBadRequest, "the payload is none of a webhook")
		return
	}
	for reason, n := range skipped {
		r.skipped.Add(n)
		if !reason.Harmless() {
			r.log.add(slog.LevelWarn, "skipped "+string(reason), "events skipped", n, "reason", reason)
		}
	}
	byApp := map[string][]Event{}
	for _, e := range events {
		if !slices.Contains(r.apps, e.App) {
			r.refuse(w, http.StatusForbidden, "the app is none that is received for")
			return
		}
		byApp[e.App] = append(byApp[e.App], e)
	}
	for app, some := range byApp {
		if err := r.keep(q.Context(), app, some); err != nil {
			r.log.add(slog.LevelError, "not kept", "events not kept, the webhook will be called again", int64(len(some)), "error", err)
			r.later(w, "the events cannot be kept now")
			return
		}
		r.kept.Add(int64(len(some)))
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}\n")
}

// knows compares in a time that does not depend on how much of the key is right.
func (r *Receiver) knows(key string) bool {
	sum, found := sha256.Sum256([]byte(key)), 0
	for i := range r.secrets {
		found |= subtle.ConstantTimeCompare(sum[:], r.secrets[i][:])
	}
	return found == 1
}

// refuse answers what will not be otherwise when it is sent again.
func (r *Receiver) refuse(w http.ResponseWriter, status int, why string) {
	r.refused.Add(1)
	r.log.add(slog.LevelWarn, "refused "+why, "calls refused", 1, "status", status, "why", why)
	http.Error(w, why, status)
}

func (r *Receiver) later(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, why, http.StatusServiceUnavailable)
}
