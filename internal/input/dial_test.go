package input

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Numbers are read as they are dialled in the country, and those with a country code of their own as before.
func TestPhoneCountry(t *testing.T) {
	const rest = ",whatsapp,i,immediate,c\n"
	const header = "user,phoneNumber,matchCriteria.type,integrationId,confirmation.type,conversationId\n"
	for _, test := range []struct{ country, text, want string }{
		{"ES", "600 123 456", "+34600123456"}, {"es", "0034 600-123-456", "+34600123456"}, {"ES", "+34 600 123 456", "+34600123456"}, {"ES", "34600123456", "+34600123456"}, {"ES", "+447700900142", "+447700900142"},
		{"DE", "0151 23456789", "+4915123456789"}, {"DE", "+49 (0)151 23456789", "+4915123456789"}, {"DE", "151/23456789", "holds more than one number"}, {"US", "(212) 555-0130", "+12125550130"}, {"US", "1 212 555 0130", "+12125550130"},
		{"US", "011 44 7700 900142", "+447700900142"}, {"GB", "07700 900142", "+447700900142"}, {"IT", "02 1234 5678", "+390212345678"},
		{"ES", "600123456 ext. 3", "extension"}, {"ES", "60012345", "has 8 digits; a number of ES has 9"}, {"ES", "4.47701E+11", "scientific notation"}, {"ES", "600123456.0", "ends in decimals"}, {"ES", "#N/A", "is the error of a spreadsheet"},
		{"ES", "600123456 / 600123457", "more than one number"}, {"ES", "+34", "country code"}, {"ES", "call me", "letters"}, {"", "600123456", "has no + and country code"}, {"ES", " ", "is empty"},
	} {
		got, err := readText(t, header+"a,"+test.text+rest, Config{Op: "create", PhoneCountry: test.country, AllowDuplicates: true})
		if err != nil {
			t.Fatal(err)
		}
		r := got.records[0]
		if r.Rejection == nil && r.Row.PhoneNumber != test.want || r.Rejection != nil && (strings.HasPrefix(test.want, "+") || !strings.Contains(r.Rejection.Cause, test.want) || r.Rejection.Column != "phoneNumber") {
			t.Errorf("%s in %s: got %s %q, want %s", test.text, test.country, tell(r), r.Row.PhoneNumber, test.want)
		}
	}
}

// Two spellings of a number make the same row, computed ones too, and what a report offers again is read as it was sent.
func TestPhoneCountryMakesTheSameRow(t *testing.T) {
	const header = "user,Mobile,matchCriteria.type,integrationId,confirmation.type,conversationId\n"
	const rest = ",whatsapp,i,immediate,c\n"
	text := header + "a,600123456" + rest + "a,+34 600 123 456" + rest + "b,," + strings.TrimPrefix(rest, ",")
	for _, cfg := range []Config{
		{Op: "create", PhoneCountry: "ES", Map: []Mapping{{"Mobile", "phoneNumber"}}}, {Op: "create", PhoneCountry: "ES", Set: []Setting{{"phoneNumber", `${phone(row.columns["Mobile"])}`}}},
	} {
		got, err := readText(t, text, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if n := got.records[0].Row.PhoneNumber; n != "+34600123456" || got.records[1].Rejection == nil || !got.records[1].Rejection.Duplicate || got.records[2].Rejection == nil {
			t.Errorf("got %q", got.told())
		}
	}
}

func TestParseCountry(t *testing.T) {
	for code, want := range map[string]string{"": "", "ES": "ES", "es": "ES", " gb ": "GB"} {
		if got, err := ParseCountry(code); got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", code, got, err, want)
		}
	}
	for code, want := range map[string]string{"UK": "that of the United Kingdom is GB", "+34": "is not the code of a country", "001": "is not the code of a country", "Spain": "is not the code of a country"} {
		if _, err := ParseCountry(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", code, err, want)
		}
	}
	if diff := cmp.Diff(Spec{PhoneCountry: "es"}.Settings(), Spec{PhoneCountry: "ES"}.Settings()); diff != "" {
		t.Error(diff)
	}
}
