package spelling

import "testing"

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"phonenumber", "phonenumber", 0},
		{"phonenumbr", "phonenumber", 1},
		{"phnoenumber", "phonenumber", 1},
		{"fonenumber", "phonenumber", 2},
		{"address", "phonenumber", 3},
		{"", "ab", 2},
		{"", "abc", 3},
	}
	for _, test := range tests {
		if got := distance(test.a, test.b, 3); got != test.want {
			t.Errorf("distance of %q and %q: got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"phoneNumber", "user", "users"}
	for name, want := range map[string]string{"PHONENUMBR": "phoneNumber", "user": "user", "usre": "user", "address": "", "": "", "uses": "user"} {
		if got := Nearest(name, known); got != want {
			t.Errorf("nearest to %q: got %q, want %q", name, got, want)
		}
	}
}
