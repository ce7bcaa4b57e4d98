package input

import (
	"strings"
	"testing"
)

// I7: what has no known column may be a file of credentials, and is not kept.
func TestForeignRecordsAreNotKept(t *testing.T) {
	for text, kept := range map[string]bool{
		`{"apps": {"a": {"keyId": "app_1", "keySecret": "SECRET"}}}`: false,
		`[{"access_key": "SECRET", "region": "eu"}]`:                 false,
		`["SECRET", "SECRET"]`:                                       false,
		"{\"SECRET\"}\n{\"password\": \"SECRET\"}":                   false,
		"{\n \"apps\": {\n  \"a\": {\"token\": \"SECRET\"\n":         false,
		`{"user": "", "note": "SECRET"}`:                             true,
		`{"phoneNumbr": "SECRET"}`:                                   true, // a slip
		`[{"Client_ID": "SECRET"}]`:                                  true,
		`{"user": "u1" "note": "SECRET"}`:                            true, // broken, and can be mended
	} {
		got, err := readText(t, text, Config{Op: "list"})
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		n := 0
		for _, r := range got.records {
			if r.Rejection == nil {
				t.Errorf("%s: taken", text)
				continue
			}
			n++
			if got := strings.Contains(strings.Join(r.Rejection.Values, ""), "SECRET"); got != kept || strings.Contains(r.Rejection.Cause, "SECRET") {
				t.Errorf("%s: kept %v: %s", text, got, r.Rejection.Cause)
			}
		}
		if n == 0 {
			t.Errorf("%s: no rejection", text)
		}
	}
}
