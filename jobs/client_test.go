package jobs

import (
	"encoding/json"
	"testing"
)

func TestPropertyTakesAnyValue(t *testing.T) {
	for data, want := range map[string]Property{
		`"plain"`: "plain", `""`: "", `"ünï"`: "ünï", `"a\"b\u00e9\n"`: "a\"bé\n", `null`: "", `7`: "7", `true`: "true",
		`{"a": 1}`: `{"a": 1}`, `["x"]`: `["x"]`, "\"\xff\"": "\ufffd",
	} {
		var got Property
		if err := json.Unmarshal([]byte(data), &got); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", data, got, err, want)
		}
	}
}
