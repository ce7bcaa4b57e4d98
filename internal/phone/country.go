package phone

import (
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Country is where numbers without a country code are dialled.
type Country struct {
	region *region
	plan   *plan // of its country code
	trunk  *trunk
	abroad *regexp.Regexp // what is dialled before a country code
}

// nowhere is the id of codes that are no country's, such as +800.
const nowhere = "001"

// FindCountry returns the country of that code, such as ES, in any case; nil when there is none. It compiles what is
// known of the country: one is found once, and parses many numbers.
func FindCountry(id string) *Country {
	i := slices.IndexFunc(regions[:], func(r region) bool { return r.id != nowhere && strings.EqualFold(r.id, id) })
	if i < 0 {
		return nil
	}
	r := &regions[i]
	code, _ := strconv.Atoi(r.code)
	return &Country{region: r, plan: plans()[code], trunk: newTrunk(r), abroad: regexp.MustCompile("^(?:" + r.abroad + ")")}
}

// Countries returns the codes of all countries, such as ES, sorted.
func Countries() []string {
	var ids []string
	for i := range regions {
		if regions[i].id != nowhere {
			ids = append(ids, regions[i].id)
		}
	}
	slices.Sort(ids)
	return ids
}

// ID is the code of the country, such as ES.
func (c *Country) ID() string { return c.region.id }

// Parse is like the function, and reads also what is dialled in the country: a number of it, with or without the 0 or
// whatever is dialled before one there, and what begins with 00 or whatever is dialled there before a country code. A number
// with its country code and no + is read so where it can be no number of the country without it.
func (c *Country) Parse(text string) (string, error) {
	digits, international, err := Digits(text)
	switch {
	case err != nil:
		return "", err
	case international:
		return e164(text, digits)
	}
	if rest, ok := c.cutAbroad(digits); ok {
		return e164(text, rest)
	}
	national, err := c.national(digits)
	if err != nil {
		return "", err
	}
	return "+" + c.region.code + national, nil
}

// national returns the national number of what is dialled in the country, by the rules of libphonenumber.
func (c *Country) national(digits string) (string, error) {
	national := digits
	if rest, ok := strings.CutPrefix(digits, c.region.code); ok {
		if rest = c.trunk.cut(rest); !c.trunk.shape.matches(digits) && c.trunk.shape.matches(rest) || c.region.exceeded(len(digits)) {
			national = rest
		}
	}
	if rest := c.trunk.cut(national); c.region.fits(len(rest)) || c.region.exceeded(len(rest)) {
		national = rest
	}
	switch {
	case c.plan.holds(national):
		return national, nil
	case strings.HasPrefix(digits, "00"):
		return "", &Error{Prefix, fmt.Sprintf("begins with 00, by which nobody in %s calls abroad; write + in its place, before the country code", c.ID())}
	case !c.plan.fits(len(national)):
		return "", &Error{Length, fmt.Sprintf("has %s; a number of %s has %s without the country code", digitsOf(len(national)), c.ID(), sizes(c.plan.lengths, 0))}
	}
	return "", &Error{Beginning, fmt.Sprintf("cannot be a number of %s: none there begins so", c.ID())}
}

// cutAbroad takes off what is dialled in the country before a country code.
func (c *Country) cutAbroad(digits string) (rest string, ok bool) {
	at := c.abroad.FindStringIndex(digits)
	if at == nil || strings.HasPrefix(digits[at[1]:], "0") { // no country code begins with 0
		return digits, false
	}
	return digits[at[1]:], true
}

// exceeded tells whether n digits are more than a number of the region has.
func (r *region) exceeded(n int) bool { return n >= bits.Len32(r.lengths) }
