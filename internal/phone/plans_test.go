package phone

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
)

// The table is what the pinned version of the library has. When this fails: go generate ./internal/phone
func TestPlansAreTheLibrarys(t *testing.T) {
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(regions), len(metadata.GetMetadata()); got != want {
		t.Errorf("got %d regions, want %d", got, want)
	}
	for _, m := range metadata.GetMetadata() {
		code := strconv.Itoa(int(m.GetCountryCode()))
		i := slices.IndexFunc(regions[:], func(r region) bool { return r.id == m.GetId() && r.code == code })
		if i < 0 {
			t.Errorf("%s, +%s: not in the table", m.GetId(), code)
			continue
		}
		want := region{
			id: m.GetId(), code: code, trunk: m.GetNationalPrefix(), bare: m.GetNationalPrefixForParsing(), bareAs: m.GetNationalPrefixTransformRule(),
			abroad: m.GetInternationalPrefix(), shape: m.GetGeneralDesc().GetNationalNumberPattern(),
		}
		for _, n := range m.GetGeneralDesc().GetPossibleLength() {
			want.lengths |= 1 << n
		}
		for _, d := range []*phonenumbers.PhoneNumberDesc{
			m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(), m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
		} {
			if p := d.GetNationalNumberPattern(); p != "" && p != "NA" && !slices.Contains(want.ranges, p) {
				want.ranges = append(want.ranges, p)
			}
		}
		if diff := cmp.Diff(want, regions[i], cmp.AllowUnexported(region{})); diff != "" {
			t.Errorf("%s (-library +table):\n%s", m.GetId(), diff)
		}
		if main := phonenumbers.GetRegionCodeForCountryCode(int(m.GetCountryCode())); main == m.GetId() && i > 0 && regions[i-1].code == code {
			t.Errorf("%s is not the first of +%s", main, code)
		}
	}
}

// Every pattern compiles to an automaton that agrees with package regexp, on examples and what lies beside them.
func TestAutomataAgreeWithRegexp(t *testing.T) {
	for i := range regions {
		r := &regions[i]
		numbers := mutations(examples(r.id, r.code))
		for _, pattern := range []string{r.shape, strings.Join(r.ranges, "|")} {
			a, expression := compile(pattern), regexp.MustCompile("^(?:"+pattern+")$")
			for _, n := range numbers {
				if got, want := a.matches(n), expression.MatchString(n); got != want {
					t.Errorf("%s: %s: got %t, want %t", pattern, n, got, want)
				}
			}
		}
	}
}

// examples are the national numbers that the library gives as examples of a region.
func examples(id, code string) []string {
	var numbers []*phonenumbers.PhoneNumber
	if id == nowhere {
		n, _ := strconv.Atoi(code)
		numbers = append(numbers, phonenumbers.GetExampleNumberForNonGeoEntity(n))
	}
	for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
		if n := phonenumbers.GetExampleNumberForType(id, kind); n != nil && id != nowhere {
			numbers = append(numbers, n)
		}
	}
	var national []string
	for _, n := range numbers {
		if s := phonenumbers.GetNationalSignificantNumber(n); !slices.Contains(national, s) {
			national = append(national, s)
		}
	}
	return national
}

// mutations are numbers and those beside them: with a digit changed, left out, or added at either end.
func mutations(numbers []string) []string {
	var all []string
	for _, n := range numbers {
		all = append(all, n, "0"+n, "1"+n, "8"+n, n+"0")
		for at := range n {
			all = append(all, n[:at]+n[at+1:])
			all = append(all, n[:at]+string('0'+(n[at]-'0'+byte(3+at))%10)+n[at+1:])
		}
	}
	return all
}
