package phone

import (
	"errors"
	"slices"
	"testing"
)

func TestCountryParses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ country, text, want string }{
		{"ES", "612 34 56 78", "+34612345678"},
		{"ES", "(91) 123 45 67", "+34911234567"},
		{"ES", "34612345678", "+34612345678"}, // no number there has so many digits
		{"ES", "0034 612 345 678", "+34612345678"},
		{"ES", "+44 (0)20 7946 0958", "+442079460958"},
		{"ES", "0044 (0)20 7946 0958", "+442079460958"},
		{"GB", "0044 (0)7700 900123", "+447700900123"},
		{"es", "tel:612-34-56-78", "+34612345678"},
		{"ES", "\u202a612\u00a034\u201156\u201178\u202c", "+34612345678"},
		{"ES", "٦١٢٣٤٥٦٧٨", "+34612345678"},
		{"GB", "020 7946 0958", "+442079460958"},
		{"GB", "(0)20 7946 0958", "+442079460958"},
		{"GB", "20 7946 0958", "+442079460958"},
		{"GB", "07700.900050", "+447700900050"}, // a dot between groups, and no fraction
		{"DE", "033203.85600", "+493320385600"},
		{"DE", "0301 23456", "+4930123456"},
		{"IT", "06 5555 0101", "+390655550101"},
		{"US", "(212) 555-0142", "+12125550142"},
		{"US", "1 212 555 0142", "+12125550142"},
		{"US", "011 44 20 7946 0958", "+442079460958"},
		{"AR", "011 15-2345-6789", "+5491123456789"},
		{"BR", "0 41 11 91234-5678", "+5511912345678"}, // by the carrier 41
		{"RU", "8 (912) 345-67-89", "+79123456789"},
		{"RU", "8~10 49 30 123456", ""},
		{"RU", "810 49 30 123456", "+4930123456"},
		{"AG", "464 1234", "+12684641234"},
		{"FR", "01 99 00 12 34", "+33199001234"},
		{"MX", "55 1234 5678", "+525512345678"},
	} {
		c := FindCountry(test.country)
		got, err := c.Parse(test.text)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %q: got %q, %v, want %q", test.country, test.text, got, err, test.want)
		}
	}
}

func TestCountryRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		country, text string
		fault         Fault
		cause         string
	}{
		{"ES", "612 34 56", Length, "has 7 digits; a number of ES has 9 without the country code"},
		{"ES", "112", Length, "has 3 digits; a number of ES has 9 without the country code"},
		{"ES", "012 345 678", Beginning, "cannot be a number of ES: none there begins so"},
		{"GB", "7946 0958", Length, "has 8 digits; a number of GB has 7 to 10 without the country code"},
		{"US", "555 0142", Length, "has 7 digits; a number of US has 10 without the country code"},
		{"US", "0044 20 7946 0958", Prefix, "begins with 00, by which nobody in US calls abroad; write + in its place, before the country code"},
		{"ES", "00 999 12345678", Code, "begins with no country code that there is; it comes right behind the +, without zeros"},
		{"ES", "612345678 ext. 5", Extension, "holds letters or an extension; leave only the number"},
		{"ES", "612345678 / 79", Several, "holds more than one number, or may do so; leave one"},
		{"ES", "6.12346E+08", Number, ErrScientific.Cause},
		{"ES", "612345678.0", Number, errDecimals.Cause},
		{"GB", "77009.00050", Number, errDecimals.Cause},
		{"GB", "07700900050.0", Number, errDecimals.Cause},
		{"GB", "07700900050.1234", Number, errDecimals.Cause},
		{"DE", "030901.00", Number, errDecimals.Cause},
		{"DE", "030901.0000", Number, errDecimals.Cause},
		{"DE", "030901.25", Number, errDecimals.Cause},
		{"ES", "-612345678", Form, "is not a phone number such as +12125552368"},
		{"ES", "", Form, "is not a phone number such as +12125552368"},
	} {
		_, err := FindCountry(test.country).Parse(test.text)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Fault != test.fault || e.Cause != test.cause {
			t.Errorf("%s: %q: got %#v, want %s: %s", test.country, test.text, err, test.fault, test.cause)
		}
	}
}

func TestCountries(t *testing.T) {
	t.Parallel()
	ids := Countries()
	if len(ids) < 200 || !slices.IsSorted(ids) || !slices.Contains(ids, "ES") || slices.Contains(ids, nowhere) {
		t.Errorf("got %v", ids)
	}
	for _, id := range []string{"", "001", "XX", "ESP", "34", "+34", "Spain"} {
		if c := FindCountry(id); c != nil {
			t.Errorf("%q: got %s, want no country", id, c.ID())
		}
	}
	if c := FindCountry("gb"); c == nil || c.ID() != "GB" {
		t.Errorf("gb: got %v", c)
	}
}
