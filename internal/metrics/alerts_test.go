package metrics

import (
	"os"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// An alert on the increase of a counter misses the first one when the counter is born at 1.
func TestCountersOfAlertsBeginAtZero(t *testing.T) {
	alerts, err := os.ReadFile("../../tools/monitoring/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	counters := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?:increase|rate)\((sunbulk_\w+)`).FindAllSubmatch(alerts, -1) {
		counters[string(found[1])] = true
	}
	if len(counters) < 2 {
		t.Fatalf("got %v of the alerts", counters)
	}
	m := New("v1", []string{app})
	m.Expect("paused")
	for name := range counters {
		if n, err := testutil.GatherAndCount(m.registry, name); n == 0 || err != nil {
			t.Errorf("%s is not there at the start: %v", name, err)
		}
	}
}
