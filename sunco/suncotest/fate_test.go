package suncotest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
)

// What a server says of clients' fates is what it shows of them then.
func TestFatesAreWhatBecomesOfClients(t *testing.T) { synctest.Test(t, fatesAreWhatBecomes) }

func fatesAreWhatBecomes(t *testing.T) {
	s := New(Config{Fates: true, Knobs: Knobs{FailedLinkShare: 0.3, CancelledLinkShare: 0.3, TakenLinkShare: 0.3}, Seed: 3})
	create := sunco.ClientCreate{}
	create.MatchCriteria.Type = "whatsapp"
	for n := range uint64(200) {
		c := newClient(create, &Knobs{FailedLinkShare: 0.3, CancelledLinkShare: 0.3, TakenLinkShare: 0.3}, draws{3, n})
		made, _ := s.world.create("user-"+recordID(n), c, "")
		c.record, _ = recordOf(made.client.ID)
		s.fates.add("user-"+recordID(n), c)
	}
	counts := map[string]int{}
	for _, f := range s.Fates() {
		counts[f.End]++
		if f.Settles.IsZero() || (f.End == "") != f.Ends.IsZero() {
			t.Errorf("got %+v", f)
		}
		time.Sleep(time.Until(f.Ends))
		if got, want := len(s.Clients(f.User)), 0; f.End == "" && got != 1 || f.End != "" && got != want {
			t.Errorf("%+v: the user has %d clients", f, got)
		}
	}
	if len(counts) != 4 || len(s.Fates()) != 200 || New(Config{}).Fates() != nil {
		t.Errorf("got %v of %d", counts, len(s.Fates()))
	}
}
