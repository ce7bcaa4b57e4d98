package jobs

import (
	"encoding/json"
	"math"
	"slices"
	"time"
)

// Stats counts the calls of a job. Workers add what they saw since their last commit.
type Stats struct {
	Calls     int64            // requests sent to the API, looks and lookups included
	Retries   int64            // calls beyond a row's first
	Throttled int64            // answers 429
	Looks     int64            // reads that decided whether what was sent had arrived
	Lookups   int64            // reads of users and of their conversations that are no looks
	Latency   Histogram        // of answered calls
	Causes    map[string]Cause // failed and in doubt rows by error code
}

// Cause is one reason for which rows failed.
type Cause struct {
	Count int64  `json:"count"`
	Row   int64  `json:"sampleRow"` // one of them
	Error string `json:"sampleError,omitempty"`
}

// Histogram counts durations in buckets that grow by 2^(1/4), about 19 %, from 100 µs up. The key
// is the bucket's number.
type Histogram map[int]int64

const (
	histogramBase  = 100 * time.Microsecond
	histogramSteps = 4 // buckets per doubling
	histogramMax   = 100
)

// Add counts one duration.
func (h Histogram) Add(d time.Duration) {
	b := 0
	if d > histogramBase {
		b = min(histogramMax, int(math.Ceil(histogramSteps*math.Log2(float64(d)/float64(histogramBase)))))
	}
	h[b]++
}

// Quantile returns the upper bound of the bucket that holds the q-th part (0 to 1) of all
// durations, 0 when there are none.
func (h Histogram) Quantile(q float64) time.Duration {
	var total, seen int64
	buckets := make([]int, 0, len(h))
	for b, n := range h {
		total += n
		buckets = append(buckets, b)
	}
	slices.Sort(buckets)
	for _, b := range buckets {
		if seen += h[b]; seen > 0 && float64(seen) >= q*float64(total) {
			return time.Duration(float64(histogramBase) * math.Pow(2, float64(b)/histogramSteps))
		}
	}
	return 0
}

// MarshalJSON gives the quantiles that people ask for, in milliseconds.
func (h Histogram) MarshalJSON() ([]byte, error) {
	ms := func(q float64) float64 { return math.Round(float64(h.Quantile(q))/float64(time.Microsecond)/10) / 100 }
	return json.Marshal(map[string]float64{"p50": ms(0.50), "p95": ms(0.95), "p99": ms(0.99)})
}
