package report

import (
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// series counts outcomes and answers 429 by their times in a fixed number of buckets, whatever the
// time that a job takes (I6): a time that lies outside makes all buckets twice as wide.
type series struct {
	start       int64 // of the first bucket, in Unix seconds
	width       int64 // of a bucket, in seconds; 0 before the first time
	first, last int64 // times that came, in Unix seconds
	buckets     [seriesBuckets]bucket
}

const (
	seriesBuckets = 240 // an even number, so that pairs make one
	seriesLead    = 20  // buckets before the first row's: it is seldom the first to end
)

// bucket counts what happened in its time.
type bucket struct {
	rows      [len(timedKinds)]int64 // that ended, by kind
	throttled int64                  // answers 429
}

// timedKinds are the kinds whose outcomes have a time, in the order in which plots stack them.
var timedKinds = [...]jobs.Kind{jobs.OK, jobs.Noop, jobs.InDoubt, jobs.Failed}

func (b *bucket) total() (n int64) {
	for _, count := range b.rows {
		n += count
	}
	return n
}

// add counts in b what other counted.
func (b *bucket) add(other *bucket) {
	for kind, n := range other.rows {
		b.rows[kind] += n
	}
	b.throttled += other.throttled
}

// note is a section that counts r.
func (s *series) note(r *record) error {
	if kind := slices.Index(timedKinds[:], r.Kind); kind >= 0 {
		if b := s.at(r.FinishedAt); b != nil {
			b.rows[kind]++
		}
	}
	return nil
}

// throttle counts an answer 429.
func (s *series) throttle(at time.Time) {
	if b := s.at(at); b != nil {
		b.throttled++
	}
}

// at returns the bucket of a time. A time that no clock shows has none: it would leave nothing to
// see of the others.
func (s *series) at(t time.Time) *bucket {
	if year := t.Year(); year < 2000 || year >= 2100 {
		return nil
	}
	at := t.Unix()
	if s.width == 0 {
		s.start, s.width, s.first, s.last = at-seriesLead, 1, at, at
	}
	s.first, s.last = min(s.first, at), max(s.last, at)
	for at < s.start {
		s.widen(seriesBuckets)
	}
	for at >= s.start+seriesBuckets*s.width {
		s.widen(0)
	}
	return &s.buckets[(at-s.start)/s.width]
}

// widen makes each bucket twice as wide, with room for that many of the old ones before the first.
func (s *series) widen(before int) {
	var wide [seriesBuckets]bucket
	for i := range s.buckets {
		wide[(before+i)/2].add(&s.buckets[i])
	}
	s.buckets = wide
	s.start -= int64(before) * s.width
	s.width *= 2
}

// span returns the buckets from the first time that came to the last, and when the first of them
// begins. There are none when they counted nothing.
func (s *series) span() ([]bucket, time.Time) {
	if s.buckets == [seriesBuckets]bucket{} {
		return nil, time.Time{}
	}
	from, to := (s.first-s.start)/s.width, (s.last-s.start)/s.width
	return s.buckets[from : to+1], time.Unix(s.start+from*s.width, 0).UTC()
}
