package pace

import (
	"testing"
	"testing/synctest"
	"time"
)

// An override holds as long as was said, and not for the jobs behind that.
func TestOverrideEnds(t *testing.T) {
	tests := []struct {
		name  string
		o     Override
		ended []string
		after time.Duration
		holds bool
	}{
		{"while one of its jobs runs", Override{Rate: "60", Jobs: []string{"one", "two"}}, []string{"one"}, time.Hour, true},
		{"until all of them have ended", Override{Rate: "60", Jobs: []string{"one", "two"}}, []string{"two", "one"}, time.Hour, false},
		{"whatever other jobs do", Override{Rate: Max, Jobs: []string{"one"}}, []string{"two"}, time.Hour, true},
		{"before its time", Override{Rate: "5", Until: time.Now().Add(time.Hour)}, nil, 0, true},
		{"after its time", Override{Rate: "5"}, nil, 2 * time.Hour, false},
		{"until it is taken back", Override{Rate: "0.5"}, []string{"one"}, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t)
				tt.o.Who, tt.o.Reason, tt.o.At = "ann@host", "a\nlie", time.Now().UTC()
				if tt.o.Jobs == nil && tt.after > 0 || !tt.o.Until.IsZero() {
					tt.o.Until = time.Now().Add(time.Hour) // of the bubble
				}
				if err := Set(t.Context(), f.rdb, "app", tt.o); err != nil {
					t.Fatal(err)
				}
				time.Sleep(tt.after)
				got, err := Settle(t.Context(), f.rdb, "app", func(job string) (bool, error) {
					for _, ended := range tt.ended {
						if job == ended {
							return true, nil
						}
					}
					return false, nil
				})
				if err != nil || (got != nil) != tt.holds {
					t.Fatalf("got %v, %v, want one that holds: %t", got, err, tt.holds)
				}
				s, err := Read(t.Context(), f.rdb, "app")
				if err != nil || (s.Override == tt.o.Rate) != tt.holds || (s.Set != nil) != tt.holds {
					t.Errorf("standing: got %q, %v, %v, want it to hold: %t", s.Override, s.Set, err, tt.holds)
				}
				if got != nil && (got.Who != "ann@host" || got.ID() != tt.o.ID()) {
					t.Errorf("got %+v, want that of ann@host", got)
				}
			})
		})
	}
}

// What is not told again is forgotten soon: its worker may have been killed.
func TestOutageOfAKilledWorkerIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		p := New(f.rdb, "app", "a")
		began := time.Now()
		reason := func() string {
			t.Helper()
			s, err := Read(t.Context(), f.rdb, "app")
			if err != nil {
				t.Fatal(err)
			}
			return s.Reason
		}
		for range 30 {
			if err := p.Outage(t.Context(), began, "no_answer"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(KeepInterval)
			if reason() == "" {
				t.Fatal("got no outage while it is reported")
			}
		}
		time.Sleep(outageStale)
		if got := reason(); got != "" {
			t.Errorf("got %q after 10 s of silence, want nothing", got)
		}
	})
}
