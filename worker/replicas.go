package worker

import (
	"errors"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
)

// errUnreplicated says that too few replicas of Redis know that a create is about to be sent, which is then not sent.
var errUnreplicated = errors.New("too few replicas of redis have confirmed")

// replicas is what a server has heard of those that must know of a create before it messages a person. While there are too few, one announcement
// at a time asks for them, and the other rows wait.
type replicas struct {
	mu    sync.Mutex
	short bool
	again time.Time // when the next may ask
}

// mayAsk tells whether an announcement may wait for replicas now.
func (r *replicas) mayAsk(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.short && now.Before(r.again) {
		return false
	}
	r.again = now.Add(retryDelay)
	return true
}

// hear notes whether there were enough, and tells whether that is a change.
func (r *replicas) hear(enough bool, now time.Time) (changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed = r.short == enough
	r.short = !enough
	if r.short {
		r.again = now.Add(retryDelay)
	}
	return changed
}

// lacking tells whether there were too few lately.
func (r *replicas) lacking() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.short
}

// heardOfReplicas notes what an announcement has shown, and says when it is another thing than before.
func (t *try) heardOfReplicas(receipt ledger.Receipt, err error) {
	now := time.Now()
	if err != nil {
		t.quiet = now.Add(retryDelay)
	}
	if !receipt.Accepted || !t.replicas.hear(err == nil, now) {
		return
	}
	if err != nil {
		t.log.Warn("creates that message people wait: too few replicas of redis confirm", "want", t.cfg.Replicas, "have", receipt.Replicas)
		return
	}
	t.log.Info("replicas of redis confirm again")
}
