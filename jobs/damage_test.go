package jobs

import (
	"errors"
	"strings"
	"testing"
)

// What cannot be meant is rejected in every column of ids, with the cause.
func TestDamageIsRejected(t *testing.T) {
	for text, want := range map[string]string{
		"7.20042E+12": "scientific", "7,20042E+12": "scientific", "7e+12": "scientific",
		"#N/A": "formula", "#ref!": "formula", "#NV": "formula", "#¡VALOR!": "formula", "#DIV/0!": "formula", "Err:504": "formula", "#GETTING_DATA": "formula",
		`="007"`: `take =" and " off`,
		"NULL":   "missing", "null": "missing", "undefined": "missing", "NaN": "missing", `\N`: "missing", "[object Object]": "missing",
		"u\x1a": "control character", "u\u0085x": "control character", "u\x7f": "control character",
		"M\ufffdller": "U+FFFD",
	} {
		for _, row := range []Row{{User: text, ClientID: "c"}, {User: "u", ClientID: text}, {User: "u", ClientID: "c", BrandID: text}} {
			err := removeOperation.CheckRow(&row)
			e, ok := errors.AsType[*FieldError](err)
			if !ok || !strings.Contains(e.Cause, want) {
				t.Errorf("%q: got %v, want a cause with %q", text, err, want)
			} else if strings.Contains(e.Cause, text) && len(text) > 5 && text[0] != '[' {
				t.Errorf("%q: the cause holds the value", text)
			}
		}
	}
}

// An external id may be any text. These are taken as they are, without a word.
func TestOddIdsAreIds(t *testing.T) {
	for _, text := range []string{
		"12e34", "5e10", "507f1f77bcf86cd799439e11", "1234567890123456789", "#42", "#N", "=x", "O'Brien", "Null Island", "+12125550142", "Müller", "名前", "a@example.com", "1.0.0", "user=1",
		"👩\u200d💻", "می\u200cخواهم", "100", "2026", "0", "ab cd", "a\"b", "c-12-2026", "550e8400-e29b-41d4-a716-446655440000", "Ãngela", "x/y", "12-34-56",
	} {
		row := Row{User: text}
		if err := listOperation.CheckRow(&row); err != nil || row.User != text {
			t.Errorf("%q: got %q, %v", text, row.User, err)
		}
		if doubts := row.Doubts(); doubts != nil {
			t.Errorf("%q: got doubts %v", text, doubts)
		}
	}
}

// What an export may have made of an id is taken, and warned of.
func TestDoubts(t *testing.T) {
	for text, want := range map[string]string{
		"u1\nu2": "line break", "u1\tu2": "line break", "ü\ru2": "line break",
		"720042.0": ".0", "7.00": ".0", "12345678901234500": "15th digit",
		"1-Mar": "date", "Sep-02": "date", "2026-11-27": "date", "27.11.2026": "date", "11/27/26": "date", "2026-11-27 00:00:00": "date",
		"'720042": "marks a text", `"720042"`: "quotes", "“720042”": "typographic",
		"None": "no value", "N/A": "no value", "-": "no value", "NIL": "no value",
		"720\u200b042": "invisible", "\ufeff720042": "invisible", "720042\u200e": "invisible", "72\u00ad0042": "invisible",
		"720\u00a0042": "usual", "MÃ¼ller": "encoding", "donâ€™t": "encoding",
	} {
		row := Row{User: "u", ClientID: text}
		if err := removeOperation.CheckRow(&row); err != nil || row.ClientID != text {
			t.Errorf("%q: got %q, %v, want it to be taken", text, row.ClientID, err)
		}
		doubts := row.Doubts()
		if len(doubts) != 1 || doubts[0].Column != "clientId" || !strings.Contains(doubts[0].Cause, want) {
			t.Errorf("%q: got doubts %v, want one with %q", text, doubts, want)
		}
	}
}

func BenchmarkDoubts(b *testing.B) {
	row := Row{User: "5e4af71a81966cfff3ef6550", IntegrationID: "customer-104200", ConversationID: "64bd7627041e7ec5002fcf25"}
	for b.Loop() {
		if row.Doubts() != nil {
			b.Fatal("got doubts")
		}
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"ann@example.com": true, "o'neil+news/2@mail.example.co.uk": true, "jürgen@bücher.example": true, "a..b@docomo.example": true, "x@localhost": true,
		"mailto:ann@example.com": false, "ann@example.com/bob@example.com": false, "ann@example.com?subject=Hi": false, "ann@example.com,": false, "ann@example.com.": false,
		"ann@bob@example.com": false, "ann(at)example.com": false, "'ann@example.com'": false, "<ann@example.com>": false, "ann@exa mple.com": false, "ann@": false, "@example.com": false,
		"ann\u200b@example.com": false, "ann@example..com": false, "ann@example.com\u00a0bob@example.com": false, "ann@example.com|bob@example.com": false, "https://example.com/@ann": false,
	} {
		row := Row{Type: "mailgun", Address: text}
		if err := checkAddress(&row); (err == nil) != want {
			t.Errorf("%q: got %v, want it to be taken: %t", text, err, want)
		}
	}
}
