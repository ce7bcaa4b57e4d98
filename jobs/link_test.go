package jobs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var linkStates = []LinkState{LinkPending, LinkActive, LinkFailed, LinkCancelled, LinkTaken, LinkMerged}

// randomObservations are of few times, so that many are at the same one.
func randomObservations(r *rand.Rand) []Observation {
	all := make([]Observation, r.IntN(8))
	for i := range all {
		o := Observation{State: linkStates[r.IntN(len(linkStates))], At: time.UnixMilli(1_764_000_000_000 + r.Int64N(3)), Cause: strings.Repeat("x", r.IntN(3))}
		o.Gone = o.State == LinkFailed && r.IntN(2) == 0
		all[i] = o
	}
	return all
}

// Events that come early, late, twice or out of order, and through other stores, end in the same link.
func TestLinkDoesNotDependOnTheOrderOfObservations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		all := randomObservations(r)
		var want Link
		for _, o := range all {
			want.Observe(o)
		}
		parts := make([]Link, 3)
		for _, i := range append(r.Perm(len(all)), r.Perm(len(all))...) {
			part := &parts[r.IntN(len(parts))]
			part.Observe(all[i])
			*part = stored(*part)
		}
		var got Link
		for _, i := range r.Perm(len(parts)) {
			got.Join(parts[i])
		}
		if got != want {
			t.Fatalf("%+v: got %+v, want %+v", all, got, want)
		}
	}
}

// stored returns a link as it comes back from its text.
func stored(l Link) (back Link) {
	DecodeLinks(EncodeLinks([]int64{7}, func(int64) *Link { return &l }), func(_ int64, l Link) { back = l })
	return back
}

func TestLinkNow(t *testing.T) {
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	pending, active := Observation{State: LinkPending, At: at(9)}, Observation{State: LinkActive, At: at(3)}
	failed := Observation{State: LinkFailed, At: at(2), Cause: "link_failed: nobody has the number"}
	gone := Observation{State: LinkFailed, At: at(8), Gone: true, Cause: "gone"}
	merged, taken := Observation{State: LinkMerged, At: at(1)}, Observation{State: LinkTaken, At: at(5)}
	for name, c := range map[string]struct {
		all  []Observation
		want Observation
	}{
		"nothing":                            {nil, Observation{}},
		"a late add does not undo an answer": {[]Observation{active, pending}, active},
		"the later of two ends":              {[]Observation{failed, active}, active},
		"removed after it was active":        {[]Observation{taken, active}, taken},
		"a list lacks it, an event says why": {[]Observation{gone, failed}, failed},
		"a list lacks it":                    {[]Observation{active, gone}, gone},
		"merged, and then removed":           {[]Observation{merged, taken}, merged},
	} {
		var l Link
		for _, o := range c.all {
			l.Observe(o)
		}
		if got := l.Now(); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestLinksAreReadFromDamagedText(t *testing.T) {
	var rows []string
	DecodeLinks("\n\t\n1\n2\t\n3\tc\tq5\t\n4\t\ta12\tx\n5\t\ta1x\t\n6\t\ta1\t\tb\n", func(row int64, l Link) {
		rows = append(rows, fmt.Sprint(row, l.Client, l.Now().State))
	})
	if got, want := strings.Join(rows, ","), "2,3c,4active,5"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := LinkCause(strings.Repeat("é\t", 400)); len(got) > maxCause || strings.Contains(got, "\t") {
		t.Errorf("got a cause of %d bytes: %q", len(got), got)
	}
}

func TestMade(t *testing.T) {
	for name, c := range map[string]struct {
		o    Outcome
		want LinkState
	}{
		"pending":     {Outcome{Row: Row{Op: Create}, Kind: OK, ClientID: "c", ClientStatus: "pending"}, LinkPending},
		"there":       {Outcome{Row: Row{Op: Ensure}, Kind: Noop, ClientID: "c", ClientStatus: "active"}, LinkActive},
		"blocked":     {Outcome{Row: Row{Op: Ensure}, Kind: Noop, ClientID: "c", ClientStatus: "blocked"}, ""},
		"in doubt":    {Outcome{Row: Row{Op: Create}, Kind: InDoubt}, ""},
		"no create":   {Outcome{Row: Row{Op: Verify}, Kind: OK, ClientID: "c", ClientStatus: "active"}, ""},
		"no client":   {Outcome{Row: Row{Op: Create}, Kind: OK, ClientStatus: "pending"}, ""},
		"not created": {Outcome{Row: Row{Op: Create}, Kind: Failed, ClientID: "c", ClientStatus: "pending"}, ""},
	} {
		if made, _ := c.o.Made(); made.State != c.want {
			t.Errorf("%s: got %q, want %q", name, made.State, c.want)
		}
	}
}
