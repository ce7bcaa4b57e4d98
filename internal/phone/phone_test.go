package phone

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"+1 212-555-2368": "+12125552368", "+12125552368": "+12125552368", "+1 212 555 2368": "+12125552368", // the vendor's own
		"+1.2125550142":                              "+12125550142", // as registries of names write it
		"(+49) 30 901820":                            "+4930901820",
		"+44 (0)7700 900123":                         "+447700900123", // in no range in use
		"+49 (0)30 90 18 20":                         "+4930901820",
		"+61 (0) 491 570 006":                        "+61491570006",
		"+3 3 (0)1 99 00 12 34":                      "+33199001234",
		"+33.1.99.00.12.00":                          "+33199001200",
		"+4402079460018":                             "+442079460018", // no number there begins with 0
		"+39 (0)6 5555 0101":                         "+390655550101", // an Italian 0 is a part of the number
		"+225 0700000000":                            "+2250700000000",
		"+7 8 (912) 345-67-89":                       "+79123456789",
		"+1 1 212 555 0142":                          "+12125550142",
		"+5215512345678":                             "+5215512345678", // WhatsApp's own spelling
		"+551191234567":                              "+551191234567",  // without the 9 of today, as WhatsApp has many
		"+447700900142":                              "+447700900142",  // made up, for films
		"+15551234567":                               "+15551234567",
		"tel:+1-212-555-0142":                        "+12125550142",
		"WhatsApp:+14155238886":                      "+14155238886",
		"\u202a+1\u00a0212\u2011555\u20110142\u202c": "+12125550142", // as copied from contacts
		"+81 3‑5555−0142":                            "+81355550142",
		"+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧":                           "+966501234567",
		"+1\u2009212\u202f555\u3000\u200b0142":       "+12125550142",
		"+800 1234 5678":                             "+80012345678",
		"+883 5100 1234 5678":                        "",
	} {
		got, err := Parse(text)
		if want != "" && (got != want || err != nil) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
		if err == nil {
			if again, err := Parse(got); again != got || err != nil {
				t.Errorf("%q gives %q, which gives %q, %v", text, got, again, err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"212 555 2368":             "no + and country code",
		"1 212 555 2368":           "no + and country code",
		"0049 30 901820":           "begins with 00",
		"+0049 30 901820":          "no country code",
		"+(0)2079460018":           "no country code",
		"+999 12345678":            "no country code",
		"4.47701E+11":              "scientific",
		"+4,47701E+11":             "scientific",
		"+4.47701e11":              "scientific",
		"447700900142.0":           "decimals",
		"07700.900050":             "no + and country code",
		"+447700900142.0":          "decimals",
		"+49 30901820,00":          "decimals",
		"+49 30 90 18 20.0":        "decimals",
		"+49 30 901820 ext. 5":     "letters",
		"+49 30 901820x5":          "letters",
		"+49 30 901820 #5":         "letters",
		"+49 30 901820 доб. 5":     "letters",
		"tel:+4930901820;ext=5":    "more than one",
		"+1 800 FLOWERS":           "letters",
		"Mobile: +4930901820":      "letters",
		"+4930901820/21":           "more than one",
		"+4930901820 +4930901821":  "more than one",
		"+4930901820; +4930901821": "more than one",
		"+4930901820\n+4930901821": "more than one",
		"+4930901820 (2)":          "such as +12125552368",
		"+4930901820-":             "such as +12125552368",
		"+49 (30 901820":           "such as +12125552368",
		"+49 30) 901820":           "such as +12125552368",
		"+":                        "such as +12125552368",
		"()":                       "such as +12125552368",
		"-4930901820":              "such as +12125552368",
		"+1 212 555":               "has 7 digits; a number of country code +1 has 11",
		"+1 212 555 01420":         "has 12 digits; a number of country code +1 has 11",
		"+34 91 555 01":            "country code +34",
		"+1 012 555 0142":          "cannot be a number of country code +1",
		"+10000000000":             "cannot be a number of country code +1",
		"+440000000000":            "cannot be a number of country code +44",
		"+34 (0)612 345 678":       "country code +34", // Spain has no 0 to leave out
		"+49301234567890123456":    "has 20 digits",
	} {
		got, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want an error with %q", text, got, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("+44 (0)20 7946 0018")
	f.Fuzz(func(t *testing.T, text string) {
		number, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(number); again != number || err != nil {
			t.Errorf("%q gives %q, which gives %q, %v", text, number, again, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("+1 212 555 0142"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseE164(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("+12125550142"); err != nil {
			b.Fatal(err)
		}
	}
}
