package report

import (
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// series counts outcomes by their times in a fixed number of buckets, whatever the time that a job
// takes (I6): a time that lies outside makes all buckets twice as wide.
type series struct {
	start   int64 // of the first bucket, in Unix seconds
	width   int64 // of a bucket, in seconds; 0 before the first outcome
	buckets [seriesBuckets]bucket
}

const (
	seriesBuckets = 240 // an even number, so that pairs make one
	seriesLead    = 20  // buckets before the first row's: it is seldom the first to end
)

// bucket counts outcomes by timedKinds.
type bucket [len(timedKinds)]int64

// timedKinds are the kinds whose outcomes have a time, in the order in which plots stack them.
var timedKinds = [...]jobs.Kind{jobs.OK, jobs.Noop, jobs.InDoubt, jobs.Failed}

func (b bucket) total() (n int64) {
	for _, count := range b {
		n += count
	}
	return n
}

// note is a section that counts r. A time that no clock shows is passed over: it would leave nothing
// to see of the others.
func (s *series) note(r *record) error {
	kind := slices.Index(timedKinds[:], r.Kind)
	if year := r.FinishedAt.Year(); kind < 0 || year < 2000 || year >= 2100 {
		return nil
	}
	at := r.FinishedAt.Unix()
	if s.width == 0 {
		s.start, s.width = at-seriesLead, 1
	}
	for at < s.start {
		s.widen(seriesBuckets)
	}
	for at >= s.start+seriesBuckets*s.width {
		s.widen(0)
	}
	s.buckets[(at-s.start)/s.width][kind]++
	return nil
}

// widen makes each bucket twice as wide, with room for that many of the old ones before the first.
func (s *series) widen(before int) {
	var wide [seriesBuckets]bucket
	for i, b := range s.buckets {
		for kind, n := range b {
			wide[(before+i)/2][kind] += n
		}
	}
	s.buckets = wide
	s.start -= int64(before) * s.width
	s.width *= 2
}

// span returns the buckets from the first to the last that counted anything, and when the first of
// them begins.
func (s *series) span() ([]bucket, time.Time) {
	first, end := 0, seriesBuckets
	for first < end && s.buckets[first] == (bucket{}) {
		first++
	}
	for end > first && s.buckets[end-1] == (bucket{}) {
		end--
	}
	return s.buckets[first:end], time.Unix(s.start+int64(first)*s.width, 0).UTC()
}
