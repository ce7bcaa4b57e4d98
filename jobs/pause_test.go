package jobs

import (
	"encoding/json"
	"testing"
)

// What is stored of a pause tells its kind, however its reason is worded. Only the pauses of older releases, which have no kind, are
// told by their words.
func TestKindsOfPauses(t *testing.T) {
	schedule := Schedule{Window: "01:00-02:00", Timezone: "UTC"}
	for name, c := range map[string]struct {
		pause, reason string
		want          PauseKind
	}{
		"reworded":                       {"window gibberish", "gibberish", PauseWindow},
		"words of another kind":          {"by_hand canary: let me look", "canary: let me look", PauseByHand},
		"no reason":                      {"by_hand ", "", PauseByHand},
		"a kind of a newer release":      {"quota gibberish", "gibberish", "quota"},
		"old, by its window":             {"", schedule.OutsideWindow(), PauseWindow},
		"old, by its canary":             {"", "canary: 5 of 5 rows failed", PauseCanary},
		"old, by a cap":                  {"", "cap of step unlink: 3 clients would be removed", PauseCap},
		"old, with its run":              {"", "the run is paused", PauseRun},
		"old, for another reason":        {"", "the API answered 401", PauseByHand},
		"old, over a pause with a kind":  {"window gibberish", "vendor maintenance", PauseByHand},
		"old, after one that has a kind": {"canary gibberish", "outside the window 01:00-02:00 (UTC)", PauseWindow},
	} {
		if got := ReadPauseKind(Paused, c.pause, c.reason); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if got := ReadPauseKind(Running, c.pause, c.reason); got != "" {
			t.Errorf("%s, running: got %q, want none", name, got)
		}
	}
	for stored, want := range map[string]PauseKind{
		`{"what":"pause","kind":"window","reason":"gibberish"}`:             PauseWindow,
		`{"what":"pause","kind":"by_hand","reason":"canary: let me look"}`:  PauseByHand,
		`{"what":"pause","reason":"outside the window 01:00-02:00 (UTC)"}`:  PauseWindow,
		`{"what":"resume","reason":"outside the window 01:00-02:00 (UTC)"}`: "",
		`{"what":"cancel","reason":"canary: it was for nothing"}`:           "",
		`{"what":"pause","who":"ann@host","reason":"vendor maintenance"}`:   PauseByHand,
	} {
		var e Event
		if err := json.Unmarshal([]byte(stored), &e); err != nil || e.Kind != want {
			t.Errorf("%s: got %q, %v; want %q", stored, e.Kind, err, want)
		}
	}
}
