package plan

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// drawn is how many rows are drawn.
const drawn = 20

// draw draws rows of every operation from all over the input, each with the same chance: the same
// ones for the same input (reservoir sampling).
type draw struct {
	random *rand.Rand
	seen   map[jobs.Op]int64
	kept   map[jobs.Op][]jobs.Row // drawn at most, in no order
}

func newDraw() *draw {
	return &draw{rand.New(rand.NewPCG(1, 2)), map[jobs.Op]int64{}, map[jobs.Op][]jobs.Row{}}
}

func (d *draw) add(r jobs.Row) {
	d.seen[r.Op]++
	kept := d.kept[r.Op]
	if len(kept) < drawn {
		d.kept[r.Op] = append(kept, copied(r))
	} else if i := d.random.Int64N(d.seen[r.Op]); i < drawn {
		kept[i] = copied(r)
	}
}

// copied returns r without its message, holding on to nothing of the record that it comes from.
func copied(r jobs.Row) jobs.Row {
	r.Message = ""
	for _, c := range jobs.Columns() {
		f := c.Field(&r)
		*f = strings.Clone(*f)
	}
	return r
}

// rows returns the rows drawn, as many of each operation as there can be, in their order.
func (d *draw) rows() (rows []jobs.Row) {
	for i := range drawn {
		for _, o := range jobs.Operations() {
			if kept := d.kept[o.Name]; i < len(kept) && len(rows) < drawn {
				rows = append(rows, kept[i])
			}
		}
	}
	slices.SortFunc(rows, func(a, b jobs.Row) int { return cmp.Compare(a.Number, b.Number) })
	return rows
}
