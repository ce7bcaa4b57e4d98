package pathid

import "testing"

func TestSimplifies(t *testing.T) {
	for id, want := range map[string]bool{
		"a/b": false, "https://crm.example/u/7": false, "...": false, "100%": false, "%zz": false, "a%2fb": false, "": false,
		"..": true, "x/./y": true, `..\x`: true, "..%2fx": true, "%252e%252e": true, "x/..;v=1": true, "victim/": true, "%5Cvictim": true, "%25252525252525252e": true,
	} {
		if got := Simplifies(id); got != want {
			t.Errorf("%q: got %v, want %v", id, got, want)
		}
	}
}
