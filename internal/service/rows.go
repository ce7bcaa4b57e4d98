package service

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// RowsQuery asks for the rows of a job that have an outcome. An empty field asks for all.
type RowsQuery struct {
	Outcome jobs.Kind // any but unprocessed
	Cause   string    // the error code
	Op      jobs.Op
	After   string // RowsPage.Next of the page before
	Limit   int    // rows on a page, 1 to 500; 0 = 50
}

// RowsPage is some rows in the order in which they came to their outcomes. A page may hold fewer rows than were asked for, even
// none, while Next says that there is more: a page looks at 20,000 rows at most, so that its time does not grow with the job.
type RowsPage struct {
	Rows   []RowLine `json:"rows"`
	Looked int       `json:"looked"`         // rows that were looked at
	Next   string    `json:"next,omitempty"` // of the next page; empty = no more rows have an outcome so far
}

// RowLine is one row with its outcome. User, Address, Error and Detail may name a person.
type RowLine struct {
	Row          int64     `json:"row"`
	Line         int64     `json:"line,omitempty"`
	Op           jobs.Op   `json:"op,omitempty"`
	Outcome      jobs.Kind `json:"outcome"`
	User         string    `json:"user,omitempty"`
	Address      string    `json:"address,omitempty"` // phone number or email address, of rows that are not done
	Column       string    `json:"column,omitempty"`  // at fault in a rejected row
	HTTPStatus   int       `json:"httpStatus,omitempty"`
	ErrorCode    string    `json:"errorCode,omitempty"`
	Error        string    `json:"error,omitempty"`
	Detail       string    `json:"detail,omitempty"`
	ClientID     string    `json:"clientId,omitempty"`
	ClientStatus string    `json:"clientStatus,omitempty"`
	LinkView
	FinishedAt time.Time `json:"finishedAt,omitzero"`
}

const (
	mostRows      = 500
	defaultRows   = 50
	rowsLookedAt  = 20_000 // on one page
	chunksPerRead = 50
)

// placeForm is the form of RowsPage.Next: a place among the commits, and how many rows of that are behind.
var placeForm = lazyregexp.New(`^(\d{1,20}-\d{1,20})\.(\d{1,6})$`)

// Rows returns a page of rows with their outcomes. Its errors: *NotFound, *Invalid.
func (s *Service) Rows(ctx context.Context, id string, q RowsQuery) (RowsPage, error) {
	page := RowsPage{Rows: []RowLine{}}
	place, skip, err := q.check()
	if err != nil {
		return page, err
	}
	if _, err := s.Job(ctx, id); err != nil {
		return page, err
	}
	for {
		chunks, err := s.ledger.ChunksFrom(ctx, id, place, chunksPerRead)
		if err != nil {
			return page, err
		}
		plain := make([]jobs.Chunk, len(chunks))
		for i, c := range chunks {
			plain[i] = c.Chunk
		}
		if err := s.settleLinks(ctx, id, plain); err != nil {
			return page, err
		}
		for _, c := range chunks {
			if n, full := page.add(&q, c.Chunk, skip); full {
				page.Next = fmt.Sprintf("%s.%d", c.Place, n)
				return page, nil
			}
			skip = 0
		}
		if len(chunks) < chunksPerRead {
			return page, nil
		}
		last := chunks[len(chunks)-1]
		place, skip = last.Place, len(last.Outcomes)+len(last.Rejections)
		if page.Looked >= rowsLookedAt {
			page.Next = fmt.Sprintf("%s.%d", place, skip)
			return page, nil
		}
	}
}

// check completes the query, and returns where its page begins.
func (q *RowsQuery) check() (place string, skip int, err error) {
	switch q.Outcome {
	case "", jobs.OK, jobs.Noop, jobs.Failed, jobs.Rejected, jobs.InDoubt:
	default:
		return "", 0, &Invalid{"outcome", fmt.Sprintf("%q is none of ok, noop, failed, rejected, in_doubt", jobs.Line(string(q.Outcome)))}
	}
	if q.Limit == 0 {
		q.Limit = defaultRows
	}
	if q.Limit < 1 || q.Limit > mostRows {
		return "", 0, &Invalid{"limit", fmt.Sprintf("%d is not between 1 and %d", q.Limit, mostRows)}
	}
	if q.After == "" {
		return "", 0, nil
	}
	m := placeForm().FindStringSubmatch(q.After)
	if m == nil {
		return "", 0, &Invalid{"after", "it is no place that a page of rows gave as next"}
	}
	skip, _ = strconv.Atoi(m[2])
	return m[1], skip, nil
}

// add adds the rows of a chunk that the query asks for, but for the first ones, until the page is full; n is how many of the
// chunk are behind then.
func (p *RowsPage) add(q *RowsQuery, c jobs.Chunk, skip int) (n int, full bool) {
	all := len(c.Outcomes) + len(c.Rejections)
	for n = min(skip, all); n < all; n++ {
		if len(p.Rows) == q.Limit {
			return n, true
		}
		p.Looked++
		line := lineOf(c, n)
		if (q.Outcome == "" || q.Outcome == line.Outcome) && (q.Cause == "" || q.Cause == line.ErrorCode) && (q.Op == "" || q.Op == line.Op) {
			p.Rows = append(p.Rows, line)
		}
	}
	return n, false
}

// lineOf is record n of a chunk.
func lineOf(c jobs.Chunk, n int) RowLine {
	if n >= len(c.Outcomes) {
		r := c.Rejections[n-len(c.Outcomes)]
		kind := jobs.Rejected
		if r.Filtered {
			kind = jobs.Noop
		}
		return RowLine{Row: r.Number, Line: r.Line, Outcome: kind, Column: r.Column, Error: jobs.Line(r.Cause)}
	}
	o := &c.Outcomes[n]
	return RowLine{
		Row: o.Row.Number, Line: o.Row.Line, Op: o.Row.Op, Outcome: o.Kind, User: o.Row.User, Address: o.Row.PhoneNumber + o.Row.Address,
		HTTPStatus: o.HTTPStatus, ErrorCode: o.ErrorCode, Error: jobs.Line(o.Error), Detail: o.Detail,
		ClientID: o.ClientID, ClientStatus: o.ClientStatus, LinkView: linkView(o.Link), FinishedAt: o.FinishedAt,
	}
}

// JobsQuery asks for jobs, the newest first. An empty field asks for all.
type JobsQuery struct {
	Apps  []string // nil = any
	State jobs.State
	After string // id of the last job of the page before
	Limit int    // jobs on a page, 1 to 200; 0 = 50
}

// JobsPage is some jobs, the newest first.
type JobsPage struct {
	Jobs       []jobs.Job
	Unreadable []error // why others could not be read
	Next       string  // JobsQuery.After of the next page; empty = there is none
}

const (
	mostListed      = 200 // jobs or runs on a page
	recordsLookedAt = 400 // for one
)

// JobsPage returns a page of jobs. It reads 400 of them at most. Its error is *Invalid.
func (s *Service) JobsPage(ctx context.Context, q JobsQuery) (page JobsPage, err error) {
	if q.Limit == 0 {
		q.Limit = defaultRows
	}
	switch q.State {
	case "", jobs.Enqueuing, jobs.Running, jobs.Paused, jobs.Finished, jobs.Cancelled:
	default:
		return page, &Invalid{"state", fmt.Sprintf("%q is none of enqueuing, running, paused, finished, cancelled", jobs.Line(string(q.State)))}
	}
	if q.Limit < 1 || q.Limit > mostListed {
		return page, &Invalid{"limit", fmt.Sprintf("%d is not between 1 and %d", q.Limit, mostListed)}
	}
	ids, err := s.ledger.IDs(ctx)
	if err != nil {
		return page, err
	}
	ids = behind(ids, q.After)
	for i, id := range ids {
		if len(page.Jobs) == q.Limit || i == recordsLookedAt {
			page.Next = ids[i-1]
			return page, nil
		}
		job, err := s.ledger.Job(ctx, id)
		switch {
		case err == nil && q.takes(job):
			page.Jobs = append(page.Jobs, job)
		case err == nil || !ledger.Unreadable(err):
			if err != nil {
				return page, err
			}
		case q.Apps == nil: // whose it is, nobody knows
			page.Unreadable = append(page.Unreadable, typed(err))
		}
	}
	return page, nil
}

func (q *JobsQuery) takes(job jobs.Job) bool {
	if q.State != "" && job.State != q.State {
		return false
	}
	if q.Apps == nil {
		return true
	}
	for _, app := range q.Apps {
		if app == job.Options.App {
			return true
		}
	}
	return false
}

// behind returns the ids that follow one; of one that is gone, those of an earlier time.
func behind(ids []string, after string) []string {
	if after == "" {
		return ids
	}
	for i, id := range ids {
		if id == after {
			return ids[i+1:]
		}
	}
	for i, id := range ids {
		if strings.Compare(id, after) < 0 {
			return ids[i:]
		}
	}
	return nil
}
