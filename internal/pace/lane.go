package pace

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Terms are what a job wants of the pace of its app.
type Terms struct {
	Rate    float64 // calls per second of the app; the lowest of all running jobs counts; 0 = no limit
	Reserve float64 // the part of Rate that is left to others, 0 to 1
	Burst   int     // calls that may come at once
	Weight  int     // the job's part of the rate, in proportion to the other jobs'
	Cap     float64 // calls per second of this job alone; 0 = none
}

// Lane hands out the calls of one job in this process. Ready and Take belong to one caller at a
// time; Set and Keep may come from anywhere.
type Lane struct {
	pace *Pace
	job  string

	mu     sync.Mutex
	terms  Terms
	grant  grant
	leased int           // halts before the grant
	delay  time.Duration // of Redis' latest replies
}

// Lane returns the lane of a job, whose id has no colon.
func (p *Pace) Lane(job string, t Terms) *Lane { return &Lane{pace: p, job: job, terms: t} }

// Set changes the job's terms from the next lease on.
func (l *Lane) Set(t Terms) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.terms = t
}

// Keep tells Redis that the job runs, so that its rate counts while it makes no call. It is due
// every KeepInterval.
func (l *Lane) Keep(ctx context.Context) error {
	_, err := l.lease(ctx, 0)
	return err
}

// KeepInterval is how often Keep is due: a job of which nothing is heard for 6 s does not count.
const KeepInterval = 2 * time.Second

// Ready blocks until a call may be made, and takes none. It leases what the need calls that wait can
// use. While Redis does not answer, no call may be made.
func (l *Lane) Ready(ctx context.Context, need int) error {
	const (
		lastPause = time.Second // after an error
		longest   = time.Second // then it asks again: the terms may have changed
	)
	for pause := 50 * time.Millisecond; ; {
		wait, ok := l.due()
		if ok && wait <= 0 {
			return ctx.Err()
		}
		if !ok {
			var err error
			if wait, err = l.lease(ctx, max(1, need)); err != nil {
				wait, pause = pause, min(2*pause, lastPause)
			}
			wait = min(wait, longest)
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// Take uses the slot that Ready found; false when it has lapsed, or calls were halted meanwhile.
func (l *Lane) Take() bool {
	if l.pace.halted() > 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	return l.grant.take(l.pace.now())
}

// expire drops slots at a rate that a halt has ended.
func (l *Lane) expire() {
	if l.leased != l.pace.spell() {
		l.grant = grant{}
	}
}

// due returns how long until the next slot; false when there is none.
func (l *Lane) due() (time.Duration, bool) {
	if wait := l.pace.halted(); wait > 0 {
		return wait, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.pace.now()
	l.expire()
	at, ok := l.grant.slot(now)
	return at.Sub(now), ok
}

// lease asks Redis for calls; when there are none, it returns how long to wait.
func (l *Lane) lease(ctx context.Context, need int) (time.Duration, error) {
	l.mu.Lock()
	t, delay := l.terms, l.delay
	l.mu.Unlock()
	p := l.pace
	seen, halts := p.tell(), p.spell()
	sent := p.now()
	reply, err := leaseScript.Run(ctx, p.rdb, []string{key(p.app)}, p.worker, l.job, need, delay.Microseconds(),
		number(t.Rate), number(t.Reserve), max(1, t.Burst), max(1, t.Weight), number(t.Cap),
		seen.made, seen.mean().Microseconds(), seen.refused, seen.fresh).Int64Slice()
	if err != nil {
		return 0, fmt.Errorf("lease calls: %w", err)
	}
	if len(reply) != 5 {
		return 0, fmt.Errorf("lease calls: reply of %d parts", len(reply))
	}
	received := p.now()
	now, n, wait, span, lapse := time.UnixMicro(reply[0]), int(reply[1]), microseconds(reply[2]), microseconds(reply[3]), microseconds(reply[4])
	start, unsure := p.place(now, now.Add(wait), sent, received)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = max(received.Sub(sent), l.delay*9/10)
	if n == 0 {
		return wait, nil
	}
	l.leased = halts
	l.grant = newGrant(n, start, span, lapse, unsure)
	return 0, nil
}

// number writes a rate for a script.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
