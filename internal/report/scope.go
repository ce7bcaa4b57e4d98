package report

import "github.com/sunbulk/sunbulk/jobs"

// scope is the rows that a job had read when the report began: all up to one, and of a canary some
// beyond. Rows that were read later are left to the next report.
type scope struct {
	through int64 // rows 1 to through are in it
	early   int64 // rows beyond that are in it and were not met yet; a Source gives them before any others
	last    int64 // row in it
}

func newScope(job jobs.Job) *scope {
	through := job.AllRead()
	return &scope{through: through, early: job.Tally.Read - through, last: through}
}

// has tells whether a row is in the scope; spooled says that it was met before.
func (s *scope) has(row int64, spooled bool) bool {
	switch {
	case row < 1:
		return false
	case row <= s.through || spooled:
		return true
	case s.early == 0:
		return false
	}
	s.early--
	s.last = max(s.last, row)
	return true
}
