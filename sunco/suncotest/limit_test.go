package suncotest

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Each kind of limit lets calls come as it says, at 30 calls a second for three seconds.
func TestLimitsOfEveryKind(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name  string
		knobs Knobs
		op    operation
		begin time.Duration // after a full minute
		want  int           // calls let through
		wait  time.Duration // of the first that is not
	}{
		{"bucket", Knobs{RateLimit: 8, Burst: 5}, opCreate, 0, 28, 50 * ms},
		{"any second", Knobs{RateLimit: 12, LimitKind: LimitSliding}, opList, 0, 36, 600 * ms},
		{"any two seconds", Knobs{RateLimit: 12, LimitKind: LimitSliding, LimitWindow: 2 * time.Second}, opList, 0, 48, 1200 * ms},
		{"each second, from its middle", Knobs{RateLimit: 12, LimitKind: LimitFixed}, opRemove, 500 * ms, 48, 100 * ms},
		{"each minute", Knobs{RateLimit: 1, LimitKind: LimitFixed, LimitWindow: time.Minute}, opCreate, 0, 60, 58 * time.Second},
		{"creates only: a create", Knobs{RateLimit: 5, LimitKind: LimitSliding, LimitOp: "create"}, opCreate, 0, 15, 833_333_335},
		{"creates only: a list", Knobs{RateLimit: 5, LimitKind: LimitSliding, LimitOp: "create"}, opList, 0, 90, 0},
		{"none", Knobs{LimitKind: LimitFixed}, opCreate, 0, 90, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(tt.begin)
				var l limiter
				var got int
				var wait time.Duration
				for range 90 {
					switch w := l.take(&tt.knobs, tt.op); {
					case w == 0:
						got++
					case wait == 0:
						wait = w
					}
					time.Sleep(time.Second / 30)
				}
				if got != tt.want || (wait-tt.wait).Abs() > ms {
					t.Errorf("got %d calls and a wait of %s, want %d and %s", got, wait, tt.want, tt.wait)
				}
			})
		})
	}
}

func TestLimitKnobsAreChecked(t *testing.T) {
	for knob, k := range map[string]Knobs{
		"limitKind":   {LimitKind: "leaky"},
		"limitWindow": {LimitWindow: 25 * time.Hour},
		"limitOp":     {LimitOp: "look"},
	} {
		if e, ok := errors.AsType[*KnobError](k.Check()); !ok || e.Knob != knob {
			t.Errorf("got %v, want an error about %s", k.Check(), knob)
		}
	}
	var k Knobs
	if err := k.UnmarshalJSON([]byte(`{"rateLimit": 2, "limitKind": "fixed", "limitWindow": "1m0s", "limitOp": "remove"}`)); err != nil {
		t.Fatal(err)
	}
	if want := (Knobs{RateLimit: 2, LimitKind: LimitFixed, LimitWindow: time.Minute, LimitOp: "remove"}); k != want {
		t.Errorf("got %+v, want %+v", k, want)
	}
}
