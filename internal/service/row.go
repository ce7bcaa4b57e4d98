package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// Row is all that is known of one row of a job. It names no person (I7).
type Row struct {
	Job          string    `json:"job"`
	Row          int64     `json:"row"`
	Line         int64     `json:"line,omitempty"`  // left out where it is not known, as is the batch
	Batch        *int64    `json:"batch,omitempty"` // none has a rejected row
	Op           jobs.Op   `json:"op,omitempty"`
	Outcome      jobs.Kind `json:"outcome"`
	Standing     string    `json:"standing,omitempty"` // what an unprocessed row waits for
	Lost         bool      `json:"-"`                  // its batch is in no queue
	InDoubt      bool      `json:"inDoubt,omitempty"`  // unprocessed, and a create of it may have arrived
	Attempts     []Call    `json:"attempts"`
	AttemptsUsed int       `json:"attemptsUsed"` // of the job's --attempts
	Column       string    `json:"column,omitempty"`
	HTTPStatus   int       `json:"httpStatus,omitempty"`
	ErrorCode    string    `json:"errorCode,omitempty"`
	Error        string    `json:"error,omitempty"`
	Detail       string    `json:"detail,omitempty"`
	ClientID     string    `json:"clientId,omitempty"`
	ClientStatus string    `json:"clientStatus,omitempty"`
	LinkView
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	Advice     string    `json:"advice,omitempty"`
}

// Call is one call for a row.
type Call struct {
	At         time.Time `json:"at"`
	WaitedMs   *float64  `json:"waitedMs,omitempty"` // left out where only the outcome reports the call
	TookMs     float64   `json:"tookMs"`
	HTTPStatus int       `json:"httpStatus"` // 0 when no answer came
	ErrorCode  string    `json:"errorCode,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Look       bool      `json:"look,omitempty"`
	Omitted    int       `json:"omitted,omitempty"` // calls before it that are not kept
}

func milliseconds(d time.Duration) float64 { return round(d.Seconds() * 1000) }

// Row returns what is known of a row that the job has read, or *NotFound.
func (s *Service) Row(ctx context.Context, id string, row int64) (Row, error) {
	job, err := s.Job(ctx, id)
	if err != nil {
		return Row{}, err
	}
	if row > job.Tally.Read && (job.Sealed || !job.InCanary()) { // rows of a canary may lie beyond
		return Row{}, &NoRow{Job: id, Row: row, Rows: job.Tally.Read, Growing: !job.Sealed}
	}
	t, err := s.trace(ctx, job.ID, row)
	if err != nil {
		return Row{}, err
	}
	var queued *queuedRow
	if t.Outcome == nil && t.Rejection == nil {
		queued, err = s.queuedRow(ctx, job, row)
		if err == nil && queued == nil { // or it has come to its outcome meanwhile
			t, err = s.trace(ctx, job.ID, row)
		}
		if err != nil {
			return Row{}, err
		}
	}
	h := Row{Job: job.ID, Row: row, Outcome: jobs.Unprocessed, Attempts: []Call{}}
	for _, a := range t.Attempts {
		waited := milliseconds(a.Waited)
		h.Attempts = append(h.Attempts, Call{At: a.At, WaitedMs: &waited, TookMs: milliseconds(a.Took), HTTPStatus: a.HTTPStatus,
			ErrorCode: a.ErrorCode, Reason: a.Reason, Look: a.Look, Omitted: a.Omitted})
	}
	if t.Batch >= 0 {
		h.Batch = &t.Batch
	}
	switch {
	case t.Outcome != nil:
		h.settled(*t.Outcome)
	case t.Rejection != nil:
		h.Outcome, h.Line, h.Column, h.Error = jobs.Rejected, t.Rejection.Line, t.Rejection.Column, t.Rejection.Cause
	case queued != nil:
		h.waits(*queued)
		h.Standing, err = s.waitsFor(ctx, job, queued.open)
	case !job.Sealed:
		h.Standing = "not queued yet"
	default:
		h.Lost, h.Standing = true, "its batch is in no queue"
	}
	return h, err
}

// trace finds what there is of a row, with what became of its link.
func (s *Service) trace(ctx context.Context, id string, row int64) (ledger.Trace, error) {
	t, err := s.ledger.Trace(ctx, id, row)
	if err != nil || t.Outcome == nil || !t.Outcome.Row.Op.Creates() {
		return t, err
	}
	known, err := s.ledger.Links(ctx, id, []int64{row})
	t.Outcome.Settle(known[row])
	return t, err
}

// settled adds the outcome, and with it the row's only call where no others were kept.
func (h *Row) settled(o jobs.Outcome) {
	h.Line, h.Op, h.Outcome, h.AttemptsUsed = o.Row.Line, o.Row.Op, o.Kind, o.Attempts
	h.HTTPStatus, h.ErrorCode, h.Error, h.Detail = o.HTTPStatus, o.ErrorCode, o.Error, o.Detail
	h.ClientID, h.ClientStatus, h.LinkView, h.FinishedAt = o.ClientID, o.ClientStatus, linkView(o.Link), o.FinishedAt
	if !o.Kind.Done() {
		h.Advice = report.Advice(o.ErrorCode)
	}
	if len(h.Attempts) == 0 {
		h.Attempts = append(h.Attempts, Call{At: o.FinishedAt.Add(-o.Duration), TookMs: milliseconds(o.Duration),
			HTTPStatus: o.HTTPStatus, ErrorCode: o.ErrorCode, Reason: o.Error})
	}
}

// waits adds what is known of a row that is queued.
func (h *Row) waits(q queuedRow) {
	h.Line, h.Op, h.Batch = q.row.Line, q.row.Op, &q.batch
	if q.index < len(q.open.Progress) {
		h.AttemptsUsed, h.InDoubt = q.open.Progress.Attempts(q.index), q.open.Progress.InDoubt(q.index)
	}
}

// queuedRow is a row without an outcome, where it is queued.
type queuedRow struct {
	row   jobs.Row
	batch int64
	index int              // in the batch
	open  ledger.OpenBatch // zero when the batch was never opened
}

// queuedRow finds a row in the queue; nil when it is in none.
func (s *Service) queuedRow(ctx context.Context, job jobs.Job, row int64) (*queuedRow, error) {
	unfinished, err := s.ledger.Unfinished(ctx, job.ID, job.Batches)
	if err != nil {
		return nil, err
	}
	var canary, others []fenced
	for batch, fence := range unfinished {
		if batch < job.Options.Canary.Batches(job.Options.BatchSize) {
			canary = append(canary, fenced{batch, fence})
		} else {
			others = append(others, fenced{batch, fence})
		}
	}
	for _, batches := range [][]fenced{canary, others} {
		if q, err := s.rowAmong(ctx, job.ID, batches, row); q != nil || err != nil {
			return q, err
		}
	}
	return nil, nil
}

// fenced is a batch with its newest fence.
type fenced struct{ batch, fence int64 }

// rowAmong finds a row among batches that hold rows in their order, by halving what is left; lost
// ones are passed over. Nil when none has it.
func (s *Service) rowAmong(ctx context.Context, id string, batches []fenced, row int64) (*queuedRow, error) {
	for len(batches) > 0 {
		mid := len(batches) / 2
		b, found, err := s.queues.Find(id, batches[mid].batch, batches[mid].fence)
		switch {
		case err != nil:
			return nil, err
		case !found || len(b.Rows) == 0:
			batches = slices.Delete(batches, mid, mid+1)
			continue
		case row < b.Rows[0].Number:
			batches = batches[:mid]
			continue
		case row > b.Rows[len(b.Rows)-1].Number:
			batches = batches[mid+1:]
			continue
		}
		i := slices.IndexFunc(b.Rows, func(r jobs.Row) bool { return r.Number == row })
		if i < 0 {
			return nil, nil
		}
		open, _, err := s.ledger.Opened(ctx, id, b.Number)
		return &queuedRow{row: b.Rows[i], batch: b.Number, index: i, open: open}, err
	}
	return nil, nil
}

// waitsFor says what a row waits for whose batch is queued.
func (s *Service) waitsFor(ctx context.Context, job jobs.Job, open ledger.OpenBatch) (string, error) {
	switch job.State {
	case jobs.Paused:
		return "the job is paused: " + job.Reason, nil
	case jobs.Cancelled:
		return "the job was cancelled: " + job.Reason, nil
	}
	workers, err := s.ledger.Workers(ctx, job.ID)
	if err != nil {
		return "", err
	}
	holds := func(w ledger.Worker) bool { return w.Name == open.Worker }
	switch i := slices.IndexFunc(workers, holds); {
	case i >= 0:
		host, pid := hostAndPID(open.Worker)
		return fmt.Sprintf("in the hands of worker %s, process %d", host, pid), nil
	case len(workers) == 0:
		return "no worker of app " + job.Options.App + " serves the job", nil
	case open.Worker != "":
		return "its worker is silent, and another takes its batch over", nil
	}
	return "it waits in the queue", nil
}
