package expression

import (
	"slices"
	"testing"
)

func TestUses(t *testing.T) {
	scope := Rows(map[string]string{"a": "1", "b": "2"})
	for text, want := range map[string]Uses{
		`row.user == vars.a`: {Vars: []string{"a"}},
		`row.user == vars.b && age(client.lastSeen) > days(9)`: {Time: true, Vars: []string{"b"}},
		`row.user == "now"`:           {},
		`time(client.lastSeen) < now`: {Time: true},
	} {
		c, err := Compile(scope, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.Uses(); got.Time != want.Time || !slices.Equal(slices.Compact(got.Vars), want.Vars) {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
	v, err := CompileValue(scope, "${vars.a}-${row.user}-${vars.b}")
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Uses(); got.Time || !slices.Equal(slices.Compact(got.Vars), []string{"a", "b"}) {
		t.Errorf("value: got %+v", got)
	}
}
