package enqueue

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
)

// errChanged says that the input is not the one of which the canary was picked.
var errChanged = errors.New("the input has changed since its canary was picked")

// Pick returns up to n valid rows of the records in their order, for a canary: as evenly as possible
// from each stratum, and in each from anywhere. The same records always give the same rows.
func Pick(records Records, n int) []jobs.Row {
	p := picker{most: n, byKey: map[stratumKey]*stratum{}}
	for row, rejection := range records {
		if rejection == nil {
			p.offer(row)
		}
	}
	var rows []jobs.Row
	for _, s := range p.strata {
		for _, c := range s.rows {
			rows = append(rows, c.Row)
		}
	}
	slices.SortFunc(rows, func(a, b jobs.Row) int { return cmp.Compare(a.Number, b.Number) })
	return rows
}

// stratumKey is what the rows of a stratum have in common: what may be right for one of them is for all.
type stratumKey struct {
	op                   jobs.Op
	channel, integration string
}

// candidate is a row with its place in a random order that depends on its number alone.
type candidate struct {
	jobs.Row
	place uint64
}

// stratum holds its candidates in the random order.
type stratum struct {
	key  stratumKey
	rows []candidate
}

// last is the place of the candidate that goes first.
func (s *stratum) last() uint64 { return s.rows[len(s.rows)-1].place }

// picker keeps the first candidates of all strata while it reads: most in all, as many of each as there
// are. A stratum's share only falls as rows come, so no row is let go that would be kept later.
type picker struct {
	most    int
	kept    int
	byKey   map[stratumKey]*stratum
	strata  []*stratum // of byKey, in the order in which they came; none is empty
	fullest *stratum   // the one that loses a candidate next; nil before any was lost
}

func (p *picker) offer(row jobs.Row) {
	key := stratumKey{row.Op, row.Type, row.IntegrationID}
	c := candidate{row, rand.NewPCG(0, uint64(row.Number)).Uint64()}
	s := p.byKey[key]
	if s == nil {
		s = &stratum{key: key}
	}
	at, _ := slices.BinarySearchFunc(s.rows, c, func(a, b candidate) int { return cmp.Compare(a.place, b.place) })
	if p.fullest != nil && at == len(s.rows) {
		// It would be the one to go: most of two million rows end here.
		if after := len(s.rows) + 1 - len(p.fullest.rows); after > 0 || after == 0 && c.place > p.fullest.last() {
			return
		}
	}
	if s.rows == nil {
		p.byKey[key] = s
		p.strata = append(p.strata, s)
	}
	s.rows = slices.Insert(s.rows, at, c)
	if p.kept++; p.kept > p.most {
		p.letGo(p.findFullest())
	}
	if p.kept == p.most {
		p.fullest = p.findFullest()
	}
}

// findFullest returns the stratum with most candidates; of several, the one whose last is furthest back.
func (p *picker) findFullest() *stratum {
	return slices.MaxFunc(p.strata, func(a, b *stratum) int {
		return cmp.Or(cmp.Compare(len(a.rows), len(b.rows)), cmp.Compare(a.last(), b.last()))
	})
}

// letGo drops the last candidate of a stratum.
func (p *picker) letGo(s *stratum) {
	p.kept--
	s.rows = s.rows[:len(s.rows)-1]
	if len(s.rows) == 0 {
		delete(p.byKey, s.key)
		p.strata = slices.DeleteFunc(p.strata, func(other *stratum) bool { return other == s })
	}
}
