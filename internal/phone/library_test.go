package phone

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// What is read at all is what the library reads, in every country, however it is dialled there; and what the library says is
// valid is read. So with numbers that may be none: the examples of the library and those beside them.
func TestCountriesDialAsTheLibrarySays(t *testing.T) {
	t.Parallel()
	for _, id := range Countries() {
		c := FindCountry(id)
		numbers := examples(id, c.region.code)
		for _, n := range numbers {
			parsed, err := phonenumbers.Parse("+"+c.region.code+n, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{
				phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL), phonenumbers.Format(parsed, phonenumbers.NATIONAL),
				phonenumbers.FormatOutOfCountryCallingNumber(parsed, id), phonenumbers.FormatOutOfCountryCallingNumber(parsed, "DE"),
			} {
				agree(t, c, text)
			}
		}
		for _, n := range mutations(numbers[:min(2, len(numbers))]) {
			for _, prefix := range []string{"", c.region.trunk, c.region.code, "00" + c.region.code, "+" + c.region.code, "+" + c.region.code + c.region.trunk} {
				agree(t, c, prefix+n)
			}
		}
	}
}

// agree holds Parse to the library.
func agree(t *testing.T, c *Country, text string) {
	t.Helper()
	got, err := c.Parse(text)
	parsed, libraryErr := phonenumbers.Parse(text, c.ID())
	want := ""
	if libraryErr == nil {
		want = phonenumbers.Format(parsed, phonenumbers.E164)
	}
	switch {
	case err == nil && got != want && !strings.HasPrefix(text, "+"):
		t.Errorf("%s: %s: got %s, want %s, %v", c.ID(), text, got, want, libraryErr)
	case err == nil && got != want && InUse(want):
		t.Errorf("%s: %s: got %s, want %s, which is in use", c.ID(), text, got, want)
	case err != nil && libraryErr == nil && phonenumbers.IsValidNumber(parsed) && len(want) != len("+13101234"): // no call from abroad reaches these Canadian ones
		t.Errorf("%s: %s: got %v, want %s, which is valid", c.ID(), text, err, want)
	}
}
