package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// plot is a drawing of slots side by side, such as times or durations, as page.html puts it into
// the page. It stretches to any width, since all words stand beside it, and its colours are classes,
// so that they follow the reader's light or dark.
type plot struct {
	Label  string // what it shows, for those who cannot see it
	Unit   string // of the values
	Axis   string // what the places from left to right are
	Width  int
	Shapes []shape  // the back ones first
	Strip  []shape  // of a narrow strip below, with its own name
	Under  string   // that name
	Ys     []string // labels at equal distances from the top down
	Xs     []label  // below the plot
	Tags   []label  // inside it, at the heads of marks
	slots  int
	top    float64 // value at the upper edge
}

// shape is one path of a plot. Title shows when the pointer rests on it.
type shape struct{ Class, Path, Title string }

const (
	plotHeight = 1000
	slotWidth  = 10
	columnGap  = 1
	leastDrawn = plotHeight / 150 // a pixel, of a column that counts anything: one row in a million must be seen
)

// newPlot makes an empty plot up to the value most, or a round one above it.
func newPlot(name, unit string, slots int, most float64) *plot {
	p := &plot{Label: name, Unit: unit, Width: slots * slotWidth, slots: slots, top: roundUp(most)}
	for _, part := range []float64{1, 0.5, 0} {
		p.Ys = append(p.Ys, amount(p.top*part))
		p.add("grid", fmt.Sprintf("M0 %dH%d", p.height(p.top*part), p.Width), "")
	}
	return p
}

func (p *plot) add(class, path, title string) {
	p.Shapes = append(p.Shapes, shape{class, path, title})
}

// Has tells whether a shape of the class was drawn.
func (p *plot) Has(class string) bool {
	return slices.ContainsFunc(p.Shapes, func(s shape) bool { return s.Class == class })
}

// height is where a value lies, counted from the upper edge.
func (p *plot) height(value float64) int {
	return plotHeight - int(math.Round(plotHeight*min(value/p.top, 1)))
}

// columns stacks values: values[slot][class] for each of classes, the lowest first.
func (p *plot) columns(classes []string, values [][]float64) {
	paths := make([]strings.Builder, len(classes))
	for slot, stack := range values {
		base := plotHeight
		for class, value := range stack {
			if value == 0 {
				continue
			}
			up := min(base, max(plotHeight-p.height(value), leastDrawn))
			fmt.Fprintf(&paths[class], "M%d %dh%dv-%dh-%dz", slot*slotWidth, base, slotWidth-columnGap, up, slotWidth-columnGap)
			base -= up
		}
	}
	for class := range classes {
		if paths[class].Len() > 0 {
			p.add(classes[class], paths[class].String(), "")
		}
	}
}

// level draws a value between two places, in slots from the left.
func (p *plot) level(class string, value, from, to float64, title string) {
	p.add(class, fmt.Sprintf("M%d %dH%d", p.x(from), p.height(value), p.x(to)), title)
}

// mark draws an upright line at a place, in slots from the left.
func (p *plot) mark(class string, at float64, title string) {
	p.add(class, fmt.Sprintf("M%d 0V%d", p.x(at), plotHeight), title)
}

// band fills the plot between two places, in slots from the left.
func (p *plot) band(class string, from, to float64, title string) {
	p.add(class, fmt.Sprintf("M%d 0H%dV%dH%dz", p.x(from), p.x(to), plotHeight, p.x(from)), title)
}

// slot gives a slot its words, which show when the pointer rests on it.
func (p *plot) slot(number int, title string) {
	p.band("slot", float64(number), float64(number+1), title)
}

func (p *plot) x(at float64) int {
	return int(math.Round(slotWidth * min(max(at, 0), float64(p.slots))))
}

// roundUp returns the least number that is not below v, at least 1, and whose half reads well, too.
func roundUp(v float64) float64 {
	unit := 1.0
	for {
		for _, step := range []float64{1, 1.2, 1.6, 2, 3, 4, 6, 8} {
			if step*unit >= v || math.IsInf(unit, 1) {
				return step * unit
			}
		}
		unit *= 10
	}
}
