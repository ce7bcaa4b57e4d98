package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// breakdown says what a job was asked to do, by operation, why rows were rejected, and which were the
// first that failed. It keeps a bounded number of each (I6), and names rows, never people (I7).
type breakdown struct {
	works      []work
	rejections []rejection
	otherWhys  int64 // rows rejected for causes that are not kept apart
	failed     []jobs.Outcome
}

// work is what became of the rows of one operation, but for those that were rejected. The ledger knows no more of rows that are
// done: neither channel nor integration.
type work struct {
	Op    jobs.Op
	Tally jobs.Tally
}

// rejection is one cause for which rows were rejected, duplicates left out.
type rejection struct {
	Cause     string
	Rows      int64
	Row, Line int64 // the first
}

const (
	mostWhys   = 50 // kept apart; pageCauses are shown
	mostFailed = 20
)

// note is a section.
func (b *breakdown) note(r *record) error {
	if r.Kind == jobs.Rejected {
		if !r.duplicate() {
			b.reject(r)
		}
		return nil
	}
	b.work(r)
	if (r.Kind == jobs.Failed || r.Kind == jobs.InDoubt) && len(b.failed) < mostFailed {
		b.failed = append(b.failed, faceless(r))
	}
	return nil
}

func (b *breakdown) work(r *record) {
	at := slices.IndexFunc(b.works, func(w work) bool { return w.Op == r.Row.Op })
	if at < 0 {
		at = len(b.works) // there are as many as operations
		b.works = append(b.works, work{Op: jobs.Op(strings.Clone(string(r.Row.Op)))})
	}
	w := &b.works[at]
	w.Tally.Read++
	if r.Kind == jobs.Unprocessed {
		w.Tally.Unprocessed++
	} else {
		w.Tally.Add(r.Kind, 1)
	}
}

func (b *breakdown) reject(r *record) {
	at := slices.IndexFunc(b.rejections, func(x rejection) bool { return x.Cause == r.Error })
	if at < 0 {
		if len(b.rejections) == mostWhys {
			b.otherWhys++
			return
		}
		at = len(b.rejections)
		b.rejections = append(b.rejections, rejection{Cause: strings.Clone(r.Error), Row: r.Row.Number, Line: r.Row.Line})
	}
	b.rejections[at].Rows++
}

// whys are the causes of rejection, the most frequent first, and how many rows have others.
func (b *breakdown) whys() (shown []rejection, others int64) {
	all := slices.SortedStableFunc(slices.Values(b.rejections), func(a, c rejection) int { return cmp.Compare(c.Rows, a.Rows) })
	others = b.otherWhys
	for _, x := range all[min(len(all), pageCauses):] {
		others += x.Rows
	}
	return all[:min(len(all), pageCauses)], others
}

// faceless is the outcome of a record without what names people. Its texts are clones, or they would hold the whole record.
func faceless(r *record) jobs.Outcome {
	return jobs.Outcome{
		Row:  jobs.Row{Number: r.Row.Number, Line: r.Row.Line, Op: jobs.Op(strings.Clone(string(r.Row.Op)))},
		Kind: jobs.Kind(strings.Clone(string(r.Kind))), HTTPStatus: r.HTTPStatus, ErrorCode: strings.Clone(r.ErrorCode),
		Attempts: r.Attempts, Duration: r.Duration,
	}
}
