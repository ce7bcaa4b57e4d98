package worker

import (
	"context"
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// mostProbes is how often the API is asked before "no answer" is the answer.
const mostProbes = 3

// shareProbe is how long rows at the end of a pass wait for a proof that others bring.
const shareProbe = 500 * time.Millisecond

// suspect sets a row aside whose call was refused, as one refuses a key. It asks at once where the next calls might
// all be refused as well.
func (r *run) suspect(ctx context.Context, t *try) {
	t.refused = time.Now()
	if r.evidence.refused(t.lastCall, t.last.Status, t.refused) {
		if r.cleared(ctx, t, false) {
			r.refuse(t)
		}
	}
}

// settleRefused ends the rows of a pass that were refused alone, and pauses the job where nothing shows that they were.
func (r *run) settleRefused(ctx context.Context) {
	for i := range r.tries {
		t := &r.tries[i]
		if t.ruling.move != suspect || r.rec.isDone(i) {
			continue
		}
		if !r.cleared(ctx, t, true) {
			t.tell(false)
			continue
		}
		r.refuse(t)
	}
}

// refuse settles a row that was refused alone.
func (r *run) refuse(t *try) {
	t.tell(true)
	t.ruling = ruling{move: settle}
	o := t.failure(t.refusedKind())
	o.Detail = "refused alone: the key, the app and the base URL are fine"
	r.rec.settle(t.index, t.finished(o))
}

// refusedKind is what becomes of a row that is refused alone. One whose look is refused stays in doubt.
func (t *try) refusedKind() jobs.Kind {
	if t.doubt {
		return jobs.InDoubt
	}
	return jobs.Failed
}

// cleared tells whether key, app and base URL are proven fine since the row was refused, and pauses the job when they
// are not. What others' calls have shown goes before a probe. Before the last word a few rows may be unproven.
func (r *run) cleared(ctx context.Context, t *try, last bool) (cleared bool) {
	if r.provenByOthers(t, last) {
		return true
	}
	defer func() {
		if cleared {
			r.evidence.acquit(t.refused)
		}
	}()
	v, err := r.ask(ctx, t.refused)
	switch {
	case err != nil: // stopped
		return false
	case r.evidence.provenAt(t.lastCall).After(t.refused):
		return true
	case v.fine && (t.last.Code == "" || r.accepts(t.lastCall)):
		return true
	case (v.fine || v.unknown) && !last && r.evidence.patient():
		return false
	}
	r.pause(ctx, jobs.PauseRefused, reasonToPause(t.last, t.row.Number, v))
	return false
}

// accepts tells whether a call of the kind was accepted before. The API itself says 403 to a key that may read the app
// and not make such calls: then the probe of the app proves nothing, and it is no row that is refused.
func (r *run) accepts(op jobs.Op) bool {
	if !r.evidence.provenAt(op).IsZero() || r.job.Options.MaxFailures.Never() {
		return true
	}
	tally := r.rec.tally()
	return tally.OK+tally.Noop > 0
}

// provenByOthers tells whether a call of the same kind that began since the row was refused has succeeded. At the end
// of a pass there may soon be one.
func (r *run) provenByOthers(t *try, last bool) bool {
	const look = 20 * time.Millisecond
	for wait := time.Duration(0); ; wait += look {
		if r.evidence.provenAt(t.lastCall).After(t.refused) {
			return true
		}
		if _, asked := r.evidence.since(t.refused); asked || !last || wait >= shareProbe {
			return false
		}
		select {
		case <-r.soft.Done():
			return false
		case <-time.After(look):
		}
	}
}

// ask probes key, app and base URL, unless somebody has since the time. Its error says that the worker stops.
func (r *run) ask(ctx context.Context, since time.Time) (verdict, error) {
	e := r.evidence
	select {
	case e.asking <- struct{}{}:
		defer func() { <-e.asking }()
	case <-r.soft.Done():
		return verdict{}, r.soft.Err()
	}
	if v, asked := e.since(since); asked && (!v.unknown || e.acquaintance() == nil) { // a row that was done since can settle it
		return v, nil
	}
	e.probing()
	for n := 1; ; n++ {
		v, start := r.probe(ctx)
		if r.soft.Err() != nil {
			return v, r.soft.Err()
		}
		temporary := v.err != nil && (v.err.Status == 0 || v.err.Status == statusTooMany || v.err.Status >= 500)
		if !temporary || n == mostProbes {
			e.probed(start, v)
			r.log.Info("asked whether key, app and base URL are fine", "fine", v.fine)
			return v, nil
		}
	}
}

// probe asks for the app, which proves key, app and base URL. Credentials of integration scope may not ask that: they
// ask for the clients of a user whose row was done.
func (r *run) probe(ctx context.Context) (v verdict, start time.Time) {
	start, failure := r.askAlone(ctx, r.app.api.App)
	switch {
	case failure == nil:
		return verdict{fine: true}, start
	case failure.Status != http.StatusForbidden:
		return verdict{err: failure}, start
	}
	known, listed := r.list(ctx)
	switch {
	case known && proves(listed):
		return verdict{fine: true}, start
	case known:
		return verdict{err: listed}, start
	}
	return verdict{unknown: true, err: failure}, start
}

// list asks for the clients of a user whose row was done; known is false when there is none.
func (r *run) list(ctx context.Context) (known bool, failure *sunco.Error) {
	row := r.evidence.acquaintance()
	if row == nil {
		return false, nil
	}
	pages := r.app.api.Pages(row.User, sunco.ListQuery{BrandID: row.BrandID, PageSize: 1})
	start, failure := r.askAlone(ctx, func(ctx context.Context) error {
		_, err := pages.Next(ctx)
		return err
	})
	r.evidence.sampled(start, failure)
	return true, failure
}

// askAlone makes a call for no row, at the pace, and lets no other call of the job begin meanwhile. It is counted as any.
func (r *run) askAlone(ctx context.Context, do func(context.Context) error) (start time.Time, failure *sunco.Error) {
	asked := time.Now()
	leave, err := r.lane.enterFirst(r.soft)
	if err != nil {
		return asked, stopped()
	}
	if !r.hold.valid(r.epoch) || !r.window.open(time.Now()) {
		leave(stopped(), 0)
		return asked, stopped()
	}
	start = time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.job.Options.Timeout)
	defer cancel()
	if err := do(ctx); err != nil {
		failure = asError(err)
	}
	took := time.Since(start)
	leave(failure, took)
	r.called.Add(1)
	r.rec.called(called{first: true, took: took, failure: failure})
	r.cfg.Observer.Called(r.job.Options.App, Call{Op: Probe, Status: status(failure), Answered: answered(failure), Waited: start.Sub(asked), Took: took})
	return start, failure
}
