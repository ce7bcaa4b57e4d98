package jobs

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// numberPlan is what a country code says of the numbers behind it, all regions that share it taken together.
type numberPlan struct {
	lengths []int32                 // digits that a number may have
	shapes  []func() *regexp.Regexp // of all numbers, in use or not: of the main region, and of the others
	inUse   func() *regexp.Regexp   // of those in a range that is given out
	trunk   string                  // dialled before a number within the country, such as 0; empty = nothing
}

// numberPlans are the plans by country code, as the metadata of libphonenumber has them. They never change.
var numberPlans = sync.OnceValue(func() map[string]*numberPlan {
	plans := map[string]*numberPlan{}
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil { // it is a part of the program
		panic(fmt.Errorf("read numbering plans: %w", err))
	}
	main, others, ranges := map[string][]string{}, map[string][]string{}, map[string][]string{}
	for _, m := range metadata.GetMetadata() {
		code := strconv.Itoa(int(m.GetCountryCode()))
		if plans[code] == nil {
			plans[code] = &numberPlan{
				shapes: []func() *regexp.Regexp{anyOf(main, code), anyOf(others, code)},
				inUse:  anyOf(ranges, code),
			}
		}
		shapes := others
		if m.GetId() == phonenumbers.GetRegionCodeForCountryCode(int(m.GetCountryCode())) {
			shapes = main
			plans[code].lengths, plans[code].trunk = m.GetGeneralDesc().GetPossibleLength(), m.GetNationalPrefix()
		}
		shapes[code] = append(shapes[code], m.GetGeneralDesc().GetNationalNumberPattern())
		for _, kind := range []*phonenumbers.PhoneNumberDesc{
			m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(), m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
		} {
			if pattern := kind.GetNationalNumberPattern(); pattern != "" && pattern != "NA" {
				ranges[code] = append(ranges[code], pattern)
			}
		}
	}
	return plans
})

// anyOf makes one expression of the patterns of a code when it is needed; of none, one that matches nothing.
func anyOf(patterns map[string][]string, code string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp {
		if len(patterns[code]) == 0 {
			return regexp.MustCompile(`^\b$`)
		}
		return regexp.MustCompile("^(?:" + strings.Join(patterns[code], "|") + ")$")
	})
}

// inPlan returns the digits of a number as E.164 has them, or why there can be no such number. A number that is in no range
// in use passes: ranges are given out all the time, WhatsApp knows numbers as they were before a country changed
// its plan, and one that nobody has messages nobody.
func inPlan(digits string) (string, error) {
	code, national, plan := splitCode(digits)
	switch {
	case plan == nil:
		return "", errors.New("begins with no country code that there is; it comes right behind the +, without zeros")
	case plan.holds(national), code == "52" && plan.knows(strings.TrimPrefix(national, "1")):
		return digits, nil // a Mexican mobile number had a 1 until 2020, and on WhatsApp has it
	}
	if rest, ok := strings.CutPrefix(national, plan.trunk); ok && plan.trunk != "" && plan.knows(rest) {
		return code + rest, nil // as in +44 (0)20 7946 0958
	}
	if !slices.Contains(plan.lengths, int32(len(national))) {
		return "", fmt.Errorf("has %s; a number of country code +%s has %s", Count(len(digits), "digit"), code, plan.sizes(len(code)))
	}
	return "", fmt.Errorf("cannot be a number of country code +%s: none there begins so", code)
}

// splitCode returns the country code that digits begin with, the rest, and the plan; nil when there is none.
func splitCode(digits string) (code, national string, plan *numberPlan) {
	const longest = 3
	for n := 1; n <= min(longest, len(digits)); n++ {
		if plan := numberPlans()[digits[:n]]; plan != nil { // no code begins with another
			return digits[:n], digits[n:], plan
		}
	}
	return "", digits, nil
}

func (p *numberPlan) holds(national string) bool {
	return slices.Contains(p.lengths, int32(len(national))) &&
		slices.ContainsFunc(p.shapes, func(shape func() *regexp.Regexp) bool { return shape().MatchString(national) })
}

func (p *numberPlan) knows(national string) bool {
	return p.holds(national) && p.inUse().MatchString(national)
}

// sizes says how many digits a number has, with a code of so many.
func (p *numberPlan) sizes(code int) string {
	least, most := int(slices.Min(p.lengths))+code, int(slices.Max(p.lengths))+code
	if least == most {
		return strconv.Itoa(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// PhoneInUse tells whether a number in E.164 is in a range that its country has given out, as far as this version of
// sunbulk knows.
func PhoneInUse(e164 string) bool {
	_, national, plan := splitCode(Digits(e164))
	return plan != nil && plan.knows(national)
}
