package xlsx

import "testing"

// A number is shown as its format does, but for what would lose or add digits of a whole one.
func TestNumbersAreReadAsShown(t *testing.T) {
	for _, test := range []struct{ code, value, want string }{
		{"", "34600111222", "34600111222"}, {"", "3.4600111222E+10", "34600111222"}, {"", "-5", "-5"}, {"", "0.1", "0.1"}, {"", "0.30000000000000004", "0.3"}, {"", "1E-3", "0.001"}, {"", "7", "7"},
		{"", "12345678901234567890", "12345678901234567890"}, {"", "1.2345678901234568E+19", "12345678901234567000"}, {"", "text", "text"}, {"", "1E+400", "1E+400"}, {"", "NaN", "NaN"},
		{"General", "346001112223", "346001112223"}, {`"+"General`, "346001112223", "+346001112223"}, {"0.00E+00", "346001112223", "346001112223"}, {"#,##0", "346001112223", "346001112223"},
		{"0", "34600111222", "34600111222"}, {"00000", "801", "00801"}, {"00000", "123456", "123456"}, {"0", "3.7", "4"}, {"0.00", "3.456", "3.46"}, {"0.0#", "3.5", "3.5"}, {"#.##", "3", "3"},
		{"0%", "0.5", "50%"}, {"0.0%", "0.123", "12.3%"}, {"# ?/?", "0.5", "0.5"}, {"@", "0034", "0034"},
		{`"+"#`, "34600111222", "+34600111222"}, {`\+0`, "34600111222", "+34600111222"}, {"+00 000 000 000", "34600111222", "+34 600 111 222"},
		{`[<=9999999]###\-####;\(###\)\ ###\-####`, "2125550130", "(212) 555-0130"}, {`[<=9999999]###\-####;\(###\)\ ###\-####`, "5550130", "555-0130"},
		{`000\-00\-0000`, "12345678", "012-34-5678"}, {`#,##0_);(#,##0)`, "-1234", "(1234)"}, {`#,##0_);[Red](#,##0)`, "1234", "1234"}, {`0;-0;"none"`, "0", "0"}, {`0.00;-0.00`, "-3", "-3.00"},
		{`[$€-407] 0.00`, "12.5", "€ 12.50"}, {";;;", "346", "346"}, {"#", "0", "0"}, {`"a;b"0`, "5", "a;b5"}, {`"open`, "5", "5"}, {"[", "5", "5"}, {`\`, "5", "5"}, {"é0", "5", "é5"}, {"[>x]0", "5", "5"},
		{"0000000000000000000000", "5", "0000000000000000000005"},
	} {
		w := &Workbook{}
		if test.code != "" {
			w.styles = []format{newFormat(test.code)}
		}
		if got, _ := w.number(test.value, 0); got != test.want {
			t.Errorf("%s as %q: got %q, want %q", test.value, test.code, got, test.want)
		}
	}
}

func TestDatesAreReadInISO8601(t *testing.T) {
	for _, test := range []struct {
		code, value string
		is1904      bool
		want        string
	}{
		{"m/d/yy", "46348", false, "2026-11-22"}, {"dd/mm/yyyy", "46348.75", false, "2026-11-22"}, {"yyyy-mm-dd hh:mm", "46348.75", false, "2026-11-22T18:00:00"},
		{"h:mm", "0.5", false, "12:00:00"}, {"h:mm AM/PM", "46348.5", false, "12:00:00"}, {"[h]:mm:ss", "1.5", false, "36:00:00"}, {"mmm-yy", "46348", false, "2026-11-22"}, {"m", "46348", false, "2026-11-22"},
		{"m/d/yy", "1", false, "1900-01-01"}, {"m/d/yy", "59", false, "1900-02-28"}, {"m/d/yy", "60", false, "60"}, {"m/d/yy", "61", false, "1900-03-01"}, {"m/d/yy", "44886", true, "2026-11-22"},
		{"m/d/yy", "-1", false, "-1"}, {"m/d/yy", "2958465", false, "9999-12-31"}, {"m/d/yy", "2958466", false, "2958466"}, {"m/d/yy", "1E+300", false, "1" + zeros(300)},
		{`[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`, "46348", false, "2026-11-22"}, {`"day "0`, "5", false, "day 5"}, {"[Red]0", "5", false, "5"}, {"General", "46348", false, "46348"},
		{"h:mm", "0.9999999", false, "24:00:00"},
	} {
		w := &Workbook{styles: []format{newFormat(test.code)}, from: epoch{test.is1904}}
		got, _ := w.number(test.value, 0)
		if len(test.want) > 100 {
			got = got[:1] + zeros(len(got)-1)
		}
		if got != test.want {
			t.Errorf("%s as %q: got %q, want %q", test.value, test.code, got, test.want)
		}
	}
}

func zeros(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0'
	}
	return string(b)
}

func TestNumbersOfMoreDigitsThanAreKeptAreNoticed(t *testing.T) {
	for value, want := range map[string]bool{"123456789012345": false, "1234567890123456": true, "1.2345678901234568E+19": true, "0.1234567890123456789": false, "-123456789012345": false, "3.46E+11": false} {
		if _, got := (&Workbook{}).number(value, 0); got != want {
			t.Errorf("%s: got %v, want %v", value, got, want)
		}
	}
}
