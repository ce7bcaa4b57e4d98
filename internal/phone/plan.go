package phone

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// region is what libphonenumber knows of the numbers of one region. The texts are patterns of national numbers, which are
// what stands behind the country code.
type region struct {
	id      string   // such as ES; 001 for a code that is no region's
	code    string   // the country code; several regions may share one
	lengths uint32   // bit n: a number may have n digits
	trunk   string   // dialled before a number within the country, such as 0; empty = nothing
	bare    string   // what of a number as it is dialled there is no part of it, from its beginning; empty = nothing
	bareAs  string   // what stands in its place, with $1 for the first group; empty = nothing
	abroad  string   // what is dialled there before a country code, such as 00
	shape   string   // of all numbers, in use or not
	ranges  []string // of those in a range that is given out
}

// plan is what a country code says of the numbers behind it, all regions that share it taken together.
type plan struct {
	*region                     // the main one
	shapes  []func() *automaton // of the main region, and of the others
	dialled func() *trunk       // in the main region
	inUse   func() *automaton
}

// plans are the plans by country code, as a number.
var plans = sync.OnceValue(func() *[1000]*plan {
	var all [1000]*plan
	for from, to := 0, 0; from < len(regions); from = to {
		for to = from; to < len(regions) && regions[to].code == regions[from].code; to++ {
		}
		code, _ := strconv.Atoi(regions[from].code)
		all[code] = newPlan(regions[from:to])
	}
	return &all
})

func newPlan(shared []region) *plan {
	shape, ranges := func(r *region) []string { return []string{r.shape} }, func(r *region) []string { return r.ranges }
	p := &plan{region: &shared[0], shapes: []func() *automaton{anyOf(shared[:1], shape)}, inUse: anyOf(shared, ranges)}
	p.dialled = sync.OnceValue(func() *trunk { return newTrunk(p.region) })
	if len(shared) > 1 {
		p.shapes = append(p.shapes, anyOf(shared[1:], shape))
	}
	return p
}

// anyOf makes one automaton of the patterns of regions when it is needed: most countries never are.
func anyOf(shared []region, patternsOf func(*region) []string) func() *automaton {
	return sync.OnceValue(func() *automaton {
		var patterns []string
		for i := range shared {
			for _, p := range patternsOf(&shared[i]) {
				if !slices.Contains(patterns, p) { // regions that share a code share ranges
					patterns = append(patterns, p)
				}
			}
		}
		return compile(strings.Join(patterns, "|"))
	})
}

// inPlan returns the digits of a number as E.164 has them, or why there can be no such number. In the text
// that they are of, parentheses may mark what is dialled within the country as no part of the number. A number that is in no range
// in use passes: ranges are given out all the time, WhatsApp knows numbers as they were before a country changed
// its plan, and one that nobody has messages nobody.
func inPlan(digits, text string) (string, error) {
	p, national := splitCode(digits)
	switch {
	case p == nil:
		return "", errCode
	case p.holds(national), p.code == "52" && p.knows(strings.TrimPrefix(national, "1")):
		return digits, nil // a Mexican mobile number had a 1 until 2020, and on WhatsApp has it
	}
	if rest, ok := strings.CutPrefix(national, p.trunk); ok && p.trunk != "" && (p.knows(rest) || p.holds(rest) && strings.Contains(text, "("+p.trunk+")")) {
		return p.code + rest, nil // as in +44 (0)20 7946 0958
	}
	if rest := p.dialled().cut(national); rest != national && p.knows(rest) {
		return p.code + rest, nil // as in +370 8 612 34567, where an 8 was dialled
	}
	return "", p.fault(national)
}

// splitCode returns the plan of the country code that digits begin with, nil when there is none, and the rest.
func splitCode(digits string) (p *plan, national string) {
	const longest = 3
	code, all := 0, plans()
	for n := 1; n <= min(longest, len(digits)); n++ {
		code = code*10 + int(digits[n-1]-'0')
		if code == 0 {
			break
		}
		if p := all[code]; p != nil { // no code begins with another
			return p, digits[n:]
		}
	}
	return nil, digits
}

// fits tells whether numbers of the region may have n digits.
func (r *region) fits(n int) bool { return n < 32 && r.lengths&(1<<n) != 0 }

func (p *plan) holds(national string) bool {
	if !p.fits(len(national)) {
		return false
	}
	for _, shape := range p.shapes {
		if shape().matches(national) {
			return true
		}
	}
	return false
}

func (p *plan) knows(national string) bool {
	return p.holds(national) && p.inUse().matches(national)
}

// fault says why the plan does not hold a number.
func (p *plan) fault(national string) error {
	if !p.fits(len(national)) {
		n := len(p.code) + len(national)
		return &Error{Length, fmt.Sprintf("has %s; a number of country code +%s has %s", digitsOf(n), p.code, sizes(p.lengths, len(p.code)))}
	}
	return &Error{Beginning, fmt.Sprintf("cannot be a number of country code +%s: none there begins so", p.code)}
}

func digitsOf(n int) string {
	if n == 1 {
		return "1 digit"
	}
	return strconv.Itoa(n) + " digits"
}

// sizes says how many digits a number of these lengths has, with so many before it.
func sizes(lengths uint32, before int) string {
	least, most := bits.TrailingZeros32(lengths)+before, bits.Len32(lengths)-1+before
	if least == most {
		return strconv.Itoa(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// InUse tells whether a number in E.164 is in a range that its country has given out, as far as this version of
// sunbulk knows.
func InUse(e164 string) bool {
	digits, ok := strings.CutPrefix(e164, "+")
	if !ok || !allDigits(digits) {
		return false
	}
	p, national := splitCode(digits)
	return p != nil && p.knows(national)
}
