package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// table gathers figures by name and prints them as Markdown, section by section in the order in which
// these came. A name begins with its section and a colon.
type table struct{ figures []*figure }

// figure is what was measured again and again.
type figure struct {
	name, unit string
	values     []float64
	base       *figure // what it is compared with; nil for none
	goal       goal
}

// goal is what a figure must reach. Its zero value asks nothing.
type goal struct {
	text string
	met  func(f *figure) bool
}

func atMost(n float64, unit string) goal {
	return goal{"≤ " + number(n) + " " + unit, func(f *figure) bool { return f.median() <= n }}
}

// ratioAtLeast and ratioAtMost are about the figure as a multiple of its base.
func ratioAtLeast(n float64) goal {
	return goal{"≥ " + number(n) + " ×", func(f *figure) bool { return f.ratio() >= n }}
}

func ratioAtMost(n float64) goal {
	return goal{"≤ " + number(n) + " ×", func(f *figure) bool { return f.ratio() <= n }}
}

func both(a, b goal) goal {
	return goal{a.text + ", " + b.text, func(f *figure) bool { return a.met(f) && b.met(f) }}
}

// figure returns the one of this name, a new one at the first time.
func (t *table) figure(name, unit string) *figure {
	i := slices.IndexFunc(t.figures, func(f *figure) bool { return f.name == name })
	if i < 0 {
		i = len(t.figures)
		t.figures = append(t.figures, &figure{name: name, unit: unit})
	}
	return t.figures[i]
}

func (f *figure) add(v float64) *figure {
	f.values = append(f.values, v)
	return f
}

// beside compares the figure with another, and says what is wanted of it.
func (f *figure) beside(base *figure, g goal) { f.base, f.goal = base, g }

func (f *figure) median() float64 {
	sorted := slices.Sorted(slices.Values(f.values))
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[n/2] + sorted[(n-1)/2]) / 2
}

func (f *figure) ratio() float64 {
	if f.base == nil {
		return math.NaN()
	}
	return f.median() / f.base.median()
}

// print writes the table.
func (t *table) print(w io.Writer) {
	fmt.Fprintln(w, "| measurement | median | spread | of | ratio | wanted | met |")
	fmt.Fprintln(w, "| --- | --: | --: | --: | --- | --- | --- |")
	slices.SortStableFunc(t.figures, func(a, b *figure) int { return cmp.Compare(t.place(a), t.place(b)) })
	for _, f := range t.figures {
		if len(f.values) == 0 { // what it measures is not installed, or an error came before
			continue
		}
		fmt.Fprintf(w, "| %s | %s %s | %s | %d | %s | %s | %s |\n", f.name, number(f.median()), f.unit, f.spread(), len(f.values), f.comparison(), f.goal.text, f.met())
	}
}

// place is where the section of a figure began.
func (t *table) place(f *figure) int {
	return slices.IndexFunc(t.figures, func(g *figure) bool { return g.section() == f.section() })
}

func (f *figure) section() string {
	section, _, _ := strings.Cut(f.name, ": ")
	return section
}

func (f *figure) spread() string {
	if len(f.values) < 2 {
		return ""
	}
	return number(slices.Min(f.values)) + "–" + number(slices.Max(f.values))
}

func (f *figure) comparison() string {
	if f.base == nil || len(f.base.values) == 0 {
		return ""
	}
	name := f.base.name
	if f.base.section() == f.section() {
		name = strings.TrimPrefix(name, f.section()+": ")
	}
	return number(f.ratio()) + " × " + name
}

func (f *figure) met() string {
	switch {
	case f.goal.met == nil:
		return ""
	case f.goal.met(f):
		return "yes"
	}
	return "NO"
}

// number writes three digits that count, and whole numbers whole: 0.853, 12.4, 21,300.
func number(v float64) string {
	if math.Abs(v) < 100 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	step := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
	return group(int64(math.Round(v/step) * step))
}

// group writes a number with thousands apart.
func group(n int64) string {
	var b strings.Builder
	s := strconv.FormatInt(n, 10)
	for i, digit := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
