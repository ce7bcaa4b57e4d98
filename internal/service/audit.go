package service

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
)

// Unrecorded says that something was done, and the audit log does not report it. Asked for again, it does.
type Unrecorded struct{ err error }

func (e *Unrecorded) Error() string { return "it was done, but " + e.err.Error() }

func (e *Unrecorded) Unwrap() error { return e.err }

// Record keeps what somebody did (I13). An act of nobody, such as a worker's, is not kept. Its error is *Unrecorded.
func (s *Service) Record(ctx context.Context, by By, e audit.Entry) error {
	if by.Who == "" {
		return nil
	}
	e.Who, e.Via, e.Reason = by.Who, by.Via, by.Reason
	if err := s.audit.Add(ctx, e); err != nil {
		return &Unrecorded{err}
	}
	return nil
}

// RecordOnce keeps what was done under a name, by the one whom the entry names, unless it is kept already.
func (s *Service) RecordOnce(ctx context.Context, name string, e audit.Entry) error {
	return s.audit.AddOnce(ctx, name, e)
}

// record keeps what was done, unless that failed.
func (s *Service) record(ctx context.Context, by By, e audit.Entry, err error) error {
	if err != nil {
		return err
	}
	return s.Record(ctx, by, e)
}

// AuditQuery asks for acts. An empty field asks for all.
type AuditQuery struct {
	Apps  []string // whose acts may be seen; nil = all, also those of no app
	App   string
	Who   string // the whole name, or what stands before its last @
	Job   string // or a run, or a plan
	What  audit.What
	Since time.Time
	After string // id of the last entry of the page before
	Limit int    // entries on a page, 1 to 500; 0 = 50
}

// AuditPage is some acts, the newest first.
type AuditPage struct {
	Entries []audit.Entry `json:"entries"`
	Next    string        `json:"next,omitempty"` // AuditQuery.After of the next page; empty = there is none
}

const entriesLookedAt = 10_000 // on one page

// Audit returns a page of what people did. Its error is *Invalid.
func (s *Service) Audit(ctx context.Context, q AuditQuery) (AuditPage, error) {
	page := AuditPage{Entries: []audit.Entry{}}
	if q.Limit == 0 {
		q.Limit = defaultRows
	}
	switch {
	case q.Limit < 1 || q.Limit > mostRows:
		return page, &Invalid{"limit", fmt.Sprintf("%d is not between 1 and %d", q.Limit, mostRows)}
	case q.After != "" && !audit.IsPlace(q.After):
		return page, &Invalid{"after", "it is no place that a page gave as next"}
	}
	for looked := 0; ; {
		entries, more, err := s.audit.Before(ctx, q.After)
		if err != nil {
			return page, err
		}
		for _, e := range entries {
			if len(page.Entries) == q.Limit {
				page.Next = q.After
				return page, nil
			}
			if q.After = e.ID; q.takes(e) {
				page.Entries = append(page.Entries, e)
			}
		}
		if looked += len(entries); !more {
			return page, nil
		}
		if looked >= entriesLookedAt {
			page.Next = q.After
			return page, nil
		}
	}
}

// AuditAll yields all acts that a query asks for, the oldest first, a few at a time. It ends at its first error.
func (s *Service) AuditAll(ctx context.Context, q AuditQuery) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		place := ""
		if !q.Since.IsZero() { // no entry has a place before its time
			place = strconv.FormatInt(q.Since.UnixMilli()-1, 10) + "-0"
		}
		for more := true; more; {
			var entries []audit.Entry
			var err error
			if entries, more, err = s.audit.Behind(ctx, place); err != nil {
				yield(audit.Entry{}, err)
				return
			}
			for _, e := range entries {
				if place = e.ID; q.takes(e) && !yield(e, nil) {
					return
				}
			}
		}
	}
}

func (q *AuditQuery) takes(e audit.Entry) bool {
	switch {
	case q.Apps != nil && (e.App == "" || !slices.Contains(q.Apps, e.App)), q.App != "" && e.App != q.App, q.What != "" && e.What != q.What:
		return false
	case e.Unreadable == "" && e.At.Before(q.Since):
		return false
	case q.Who != "" && e.Who != q.Who && person(e.Who) != q.Who:
		return false
	}
	return q.Job == "" || slices.Contains([]string{e.Job, e.Of, e.Run, e.Plan}, q.Job)
}

// person is who acted without where from: what stands before the last @.
func person(who string) string {
	if at := strings.LastIndexByte(who, '@'); at > 0 {
		return who[:at]
	}
	return who
}
