package ledger

import (
	"fmt"
	"strings"
	"testing"
)

// A model of what two workers, the API and a Redis that goes back can do to a job of one or two batches, searched exhaustively: each state that can be
// reached is reached. It holds that no create is sent that may be at the API without a look in between (I2), that a row has one outcome (I3),
// and that a finished batch has one for each of its rows, whatever was lost (I10). What it takes for granted: a worker that lives finds the new
// master and reports before it is given up, its right to call lapses before its batches are taken over, and looks see what was sent before.
//
// A fork is a failover or older data: the new record is what the old one was then, and each worker continues with the old one until it moves.

const (
	modelWorkers = 2
	modelBatches = 2
	modelRows    = 2
)

// modelEntry is an open entry of a batch.
type modelEntry struct {
	open                      bool
	fence, dirty, seq, worker int8 // worker is 0 for nobody, or its number from 1
	done, doubt               uint8
}

// modelRecord is a job's record in one Redis.
type modelRecord struct {
	entries   [modelBatches]modelEntry
	finished  [modelBatches]bool
	outcomes  [modelBatches][modelRows]int8
	confirmed [modelWorkers]int8
	reported  [modelWorkers]bool
	unsettled bool
	doubtful  bool // what was never opened may have been
}

// modelRun is a delivery that a worker has.
type modelRun struct {
	running                         bool
	fence, seq                      int8
	done, doubt, announced, pending uint8
}

type modelWorker struct {
	dead, moved, lost bool
	confirmed         int8
	opened            uint8 // batches
	runs              [modelBatches]modelRun
}

type modelState struct {
	records [2]modelRecord
	forked  bool
	workers [modelWorkers]modelWorker
	arrived [modelBatches][modelRows]bool
}

// model says how large the search is, and what is left out of the protocol.
type model struct {
	batches, rows  int
	announces      bool // the creates message people
	fences, commit int8 // most of each

	noGap, noMemory, noLook, noHold, noMissing, noOwner bool

	seen   map[modelState]string // with how it was reached
	queue  []modelState
	broken string
}

// search returns what breaks an invariant, and how; empty when nothing does.
func (m *model) search(t *testing.T) string {
	m.seen = map[modelState]string{}
	m.reach(modelState{}, "", "")
	finished := false
	for len(m.queue) > 0 && m.broken == "" {
		s := m.queue[0]
		m.queue = m.queue[1:]
		m.step(s, m.seen[s])
		finished = finished || s.forked && s.records[1].finished[0] && s.records[1].finished[m.batches-1]
	}
	if m.broken == "" && !finished {
		t.Error("nothing is ever finished after a fork")
	}
	return m.broken
}

func (m *model) reach(s modelState, path, action string) {
	for w := range s.workers { // only differences matter
		least := min(s.workers[w].confirmed, s.records[0].confirmed[w])
		if s.forked {
			least = min(least, s.records[1].confirmed[w])
			if s.workers[w].moved {
				least = min(s.workers[w].confirmed, s.records[1].confirmed[w])
				s.records[0].confirmed[w] = 0
			}
		}
		s.workers[w].confirmed -= least
		s.records[1].confirmed[w] = max(0, s.records[1].confirmed[w]-least)
		s.records[0].confirmed[w] = max(0, s.records[0].confirmed[w]-least)
	}
	if s.forked && s.workers[0].moved && s.workers[1].moved {
		s.records[0] = modelRecord{} // nobody sees it again
	}
	if _, known := m.seen[s]; known {
		return
	}
	path += action + "; "
	m.seen[s] = path
	m.queue = append(m.queue, s)
	now := s.records[0]
	if s.forked {
		now = s.records[1]
	}
	for b := range m.batches {
		for r := range m.rows {
			if n := now.outcomes[b][r]; n > 1 || now.finished[b] && n != 1 {
				m.broken = fmt.Sprintf("row %d of batch %d has %d outcomes: %s", r, b, n, path)
			}
		}
	}
}

// step reaches what can come after a state.
func (m *model) step(s modelState, path string) {
	if !s.forked {
		n := s
		n.forked, n.records[1] = true, s.records[0]
		n.records[1].unsettled = true
		m.reach(n, path, "fork")
	}
	for w := range s.workers {
		if s.workers[w].dead {
			continue
		}
		who := string(rune('A' + w))
		if !s.workers[0].dead && !s.workers[1].dead {
			n := s
			n.workers[w] = modelWorker{dead: true, moved: s.workers[w].moved}
			n.workers[w].moved = true
			m.reach(n, path, who+" dies")
		}
		if s.forked && !s.workers[w].moved {
			n := s
			n.workers[w].moved = true
			m.reach(n, path, who+" moves")
		}
		if s.workers[w].moved && !s.records[1].reported[w] {
			n := s
			m.report(&n, w)
			m.reach(n, path, who+" reports")
		}
		for b := range m.batches {
			if s.workers[w].runs[b].running {
				m.run(s, path, w, b, who)
				continue
			}
			n := s
			if m.open(&n, w, b) {
				m.reach(n, path, fmt.Sprintf("%s opens %d", who, b))
			}
		}
	}
}

// record is the one that a worker uses.
func (s *modelState) record(w int) *modelRecord {
	if s.workers[w].moved {
		return &s.records[1]
	}
	return &s.records[0]
}

// confirm counts a write of a worker, who sees by its number whether Redis went back.
func (s *modelState) confirm(w int) {
	r, k := s.record(w), &s.workers[w]
	r.confirmed[w]++
	k.lost = k.lost || r.confirmed[w] <= k.confirmed
	k.confirmed = r.confirmed[w]
}

// open is open.lua.
func (m *model) open(s *modelState, w, b int) bool {
	r := s.record(w)
	if r.finished[b] || !m.settled(s, r) {
		return false
	}
	e := r.entries[b]
	silent := e.worker != 0 && s.workers[e.worker-1].dead && (!s.forked || s.workers[w].moved)
	if e.worker != 0 && int(e.worker) != w+1 && !silent || e.fence >= m.fences {
		return false
	}
	if !e.open && r.doubtful {
		e.dirty = 2
	}
	doubt := e.doubt
	undone := uint8(1<<m.rows-1) &^ e.done
	if e.dirty == 2 || e.dirty == 1 && !m.announces {
		doubt |= undone
	}
	if m.noLook {
		doubt = 0
	}
	e.open, e.fence, e.seq, e.worker, e.dirty = true, e.fence+1, 0, int8(w+1), max(e.dirty, 1)
	r.entries[b] = e
	s.confirm(w)
	k := &s.workers[w]
	k.opened |= 1 << b
	k.runs[b] = modelRun{running: true, fence: e.fence, done: e.done, doubt: doubt}
	return true
}

// settled tells whether batches may be opened, and settles what can be.
func (m *model) settled(s *modelState, r *modelRecord) bool {
	if !r.unsettled || m.noHold {
		return true
	}
	for w := range s.workers {
		switch {
		case r.reported[w]:
		case !s.workers[w].dead:
			return false
		case !m.noMissing:
			r.doubtful = true
			for b := range r.entries {
				if e := r.entries[b]; e.open && (e.worker == 0 || int(e.worker) == w+1) {
					r.entries[b].dirty = 2
				}
			}
		}
	}
	r.unsettled = false
	return true
}

// report is what a worker tells the new record.
func (m *model) report(s *modelState, w int) {
	r, k := s.record(w), &s.workers[w]
	r.reported[w] = true
	k.lost = k.lost || r.confirmed[w] < k.confirmed
	k.confirmed = r.confirmed[w]
	if !k.lost || m.noMemory {
		return
	}
	k.lost = false
	for b := range m.batches {
		if k.opened&(1<<b) == 0 || r.finished[b] {
			continue
		}
		e, u := &r.entries[b], &k.runs[b]
		if u.running && (e.fence != u.fence || int(e.worker) != w+1) { // it keeps others out until its next commit is refused
			e.fence, e.seq, e.worker = max(e.fence, u.fence)+1, 0, int8(w+1)
		}
		e.open, e.dirty = true, 2
	}
}

// run reaches what can come of a delivery that a worker has.
func (m *model) run(s modelState, path string, w, b int, who string) {
	u := s.workers[w].runs[b]
	for r := range m.rows {
		bit := uint8(1 << r)
		name := fmt.Sprintf("%s %%s row %d of %d", who, r, b)
		switch {
		case u.done&bit != 0:
		case u.doubt&bit != 0:
			n := s
			k := &n.workers[w].runs[b]
			k.doubt &^= bit
			if s.arrived[b][r] || m.announces { // adopted, or in doubt for good
				k.done, k.pending = k.done|bit, k.pending|bit
			}
			m.reach(n, path, fmt.Sprintf(name, "looks for"))
		case m.announces && u.announced&bit == 0:
			if u.seq >= m.commit {
				break
			}
			n := s
			n.workers[w].runs[b].announced |= bit
			m.commits(&n, w, b, 1, false)
			m.reach(n, path, fmt.Sprintf(name, "announces"))
		default:
			if s.arrived[b][r] {
				m.broken = fmt.Sprintf("row %d of batch %d is sent twice: %s", r, b, path+who)
				return
			}
			n := s
			n.arrived[b][r] = true
			k := &n.workers[w].runs[b]
			k.done, k.pending = k.done|bit, k.pending|bit
			m.reach(n, path, fmt.Sprintf(name, "sends"))
			if !m.announces {
				n.workers[w].runs[b] = u
				n.workers[w].runs[b].doubt |= bit
				m.reach(n, path, fmt.Sprintf(name, "sends, without an answer,"))
			}
		}
	}
	if u.seq >= m.commit {
		return
	}
	if u.pending != 0 {
		n := s
		m.commits(&n, w, b, 1, false)
		m.reach(n, path, fmt.Sprintf("%s commits %d", who, b))
	}
	n := s
	m.commits(&n, w, b, 0, true)
	m.reach(n, path, fmt.Sprintf("%s releases %d", who, b))
}

// commits is commit.lua, and what the worker makes of it.
func (m *model) commits(s *modelState, w, b int, dirty int8, release bool) {
	r, k := s.record(w), &s.workers[w]
	u, e := &k.runs[b], &r.entries[b]
	u.seq++
	gap := e.seq+1 != u.seq && !m.noGap
	if !e.open || e.fence != u.fence || int(e.worker) != w+1 && !m.noOwner || gap {
		m.refuse(r, w, b, u)
		*u = modelRun{}
		return
	}
	for i := range m.rows {
		if u.pending&(1<<i) != 0 {
			r.outcomes[b][i]++
		}
	}
	e.seq, e.done, e.doubt = u.seq, u.done, u.doubt|u.announced&^u.done
	if e.dirty != 2 {
		e.dirty = dirty
	}
	u.pending = 0
	s.confirm(w)
	if u.done == 1<<m.rows-1 {
		r.finished[b], *e, *u = true, modelEntry{}, modelRun{}
		return
	}
	if release {
		e.worker, *u = 0, modelRun{}
	}
}

// refuse marks a batch whose entry is behind the delivery.
func (m *model) refuse(r *modelRecord, w, b int, u *modelRun) {
	e := &r.entries[b]
	if e.open && e.fence > u.fence && int(e.worker) == w+1 {
		e.worker = 0
	}
	if r.finished[b] || m.noGap || e.open && e.fence > u.fence {
		return
	}
	if e.open && e.worker != 0 && int(e.worker) != w+1 {
		e.dirty = 2
		return
	}
	e.open, e.fence, e.dirty, e.seq, e.worker = true, u.fence, 2, 0, 0
}

// sizes are the searches that take a second or two each.
func sizes() map[string]model {
	return map[string]model{
		"two rows":                     {batches: 1, rows: 2, fences: 3, commit: 3},
		"two batches":                  {batches: 2, rows: 1, fences: 2, commit: 2},
		"two rows that message people": {batches: 1, rows: 2, announces: true, fences: 2, commit: 4},
		"two batches that do":          {batches: 2, rows: 1, announces: true, fences: 2, commit: 2},
	}
}

func TestI2I3I10NoWayLeadsToALossOrADuplicate(t *testing.T) {
	for name, m := range sizes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if broken := m.search(t); broken != "" {
				t.Error(broken)
			}
			t.Logf("%d states", len(m.seen))
		})
	}
}

// Each part of the protocol is needed: without it the search finds what breaks.
func TestTheModelFindsWhatIsLeftOut(t *testing.T) {
	for name, without := range map[string]func(*model){
		"the check of the sequence":              func(m *model) { m.noGap = true },
		"the memory of what was opened":          func(m *model) { m.noMemory = true },
		"the look":                               func(m *model) { m.noLook = true },
		"openings wait for the reports":          func(m *model) { m.noHold = true },
		"a worker that cannot report is counted": func(m *model) { m.noMissing = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found []string
			for size, m := range sizes() {
				without(&m)
				if broken := m.search(t); broken != "" {
					found = append(found, size+": "+broken)
				}
			}
			if len(found) == 0 {
				t.Error("nothing breaks")
			}
			t.Log(strings.Join(found, "\n"))
		})
	}
}
