package phone

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// Every number that the library gives as an example passes unchanged, and is known to be in use.
func TestNumberPlansKnowExamples(t *testing.T) {
	var examples []*phonenumbers.PhoneNumber
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.VOIP, phonenumbers.TOLL_FREE} {
			if n := phonenumbers.GetExampleNumberForType(region, kind); n != nil {
				examples = append(examples, n)
			}
		}
	}
	for code := range phonenumbers.GetSupportedGlobalNetworkCallingCodes() {
		examples = append(examples, phonenumbers.GetExampleNumberForNonGeoEntity(code))
	}
	for _, n := range examples {
		want := phonenumbers.Format(n, phonenumbers.E164)
		if got, err := Parse(want); got != want || err != nil {
			t.Errorf("%s: got %q, %v", want, got, err)
		}
		if !InUse(want) {
			t.Errorf("%s is not known to be in use", want)
		}
	}
	if len(examples) < 500 {
		t.Errorf("got %d examples, want hundreds", len(examples))
	}
}

func TestInUse(t *testing.T) {
	for number, want := range map[string]bool{"+12125552368": true, "+442079460018": true, "+15551234567": false, "+447700900142": false, "+99912345": false, "": false} {
		if got := InUse(number); got != want {
			t.Errorf("%q: got %t, want %t", number, got, want)
		}
	}
}
