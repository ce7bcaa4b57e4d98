package pace

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	outageField = "out:"           // and the worker; the value is when it began (µs), when it was last seen (µs), and the error code
	outageStale = 10 * time.Second // five times KeepInterval, at which it is reported
)

// Outage tells everybody that this worker gets no answers from the API, by an error code such as
// no_answer. It is forgotten when it is not told again for 10 s.
func (p *Pace) Outage(ctx context.Context, since time.Time, code string) error {
	value := fmt.Sprintf("%d %d %s", since.UnixMicro(), p.now().UnixMicro(), code)
	if err := p.rdb.HSet(ctx, key(p.app), outageField+p.worker, value).Err(); err != nil {
		return fmt.Errorf("tell outage: %w", err)
	}
	return nil
}

// Recovered takes back what Outage told.
func (p *Pace) Recovered(ctx context.Context) error {
	if err := p.rdb.HDel(ctx, key(p.app), outageField+p.worker).Err(); err != nil {
		return fmt.Errorf("tell recovery: %w", err)
	}
	return nil
}

// outage says in words which of the outages told in an app's fields began first; empty when there
// is none.
func outage(fields map[string]string, now time.Time) string {
	var began time.Time
	var cause string
	for name, value := range fields {
		parts := strings.SplitN(value, " ", 3)
		if !strings.HasPrefix(name, outageField) || len(parts) != 3 {
			continue
		}
		since, seen := micros(parts[0]), micros(parts[1])
		if now.Sub(seen) < outageStale && (began.IsZero() || since.Before(began)) {
			began, cause = since, parts[2]
		}
	}
	if began.IsZero() {
		return ""
	}
	return fmt.Sprintf("the API does not answer since %s (%s), only probes are sent", began.Local().Format("15:04"), cause)
}

func micros(digits string) time.Time {
	n, _ := strconv.ParseInt(digits, 10, 64) // what is no number is long ago
	return time.UnixMicro(n)
}
