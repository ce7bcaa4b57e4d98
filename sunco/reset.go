package sunco

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// resetAfter returns how long until a limit that is used up allows calls again, by the header of a 429 that has no Retry-After:
// RateLimit as drafts of the IETF have it ("default";r=0;t=30, or limit=100, remaining=0, reset=30), RateLimit-Reset, or
// X-RateLimit-Reset, in seconds from now or since 1970. The longest of several counts. What is past, unreadable, or of a limit
// with calls left is 0; the most is an hour.
func resetAfter(header http.Header) (longest time.Duration) {
	fields := strings.Join(header.Values("RateLimit"), ",")
	if strings.Contains(fields, "reset=") { // an older draft: one limit, its parts between commas
		fields = strings.ReplaceAll(fields, ",", ";")
	}
	for limit := range strings.SplitSeq(fields, ",") {
		longest = max(longest, draftReset(limit))
	}
	for _, prefix := range []string{"RateLimit-", "X-RateLimit-", "X-Rate-Limit-"} {
		if usedUp(header.Get(prefix + "Remaining")) {
			longest = max(longest, untilReset(header.Get(prefix+"Reset"), header))
		}
	}
	return longest
}

// draftReset reads one limit of a RateLimit field, whose parts stand between semicolons.
func draftReset(limit string) time.Duration {
	var left, reset string
	for part := range strings.SplitSeq(limit, ";") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "r", "remaining":
			left = value
		case "t", "reset":
			reset = value
		}
	}
	if !usedUp(left) {
		return 0
	}
	return seconds(reset)
}

// usedUp tells whether no call is left; where nothing is said, a 429 says so.
func usedUp(remaining string) bool {
	n, err := strconv.ParseFloat(remaining, 64)
	return remaining == "" || err == nil && n < 1
}

// untilReset reads seconds from now, or a time in seconds or milliseconds since 1970, which is taken relative to the answer's
// own Date if it has one.
func untilReset(value string, header http.Header) time.Duration {
	const since1970 = 5e8 // 15 years of seconds
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || n < since1970 {
		return seconds(value)
	}
	if n > 1000*since1970 {
		n /= 1000
	}
	if n > 1000*since1970 {
		return 0 // no time that anybody means
	}
	wait := time.UnixMilli(int64(1000 * n)).Sub(dateOf(header))
	return min(max(wait, 0), maxRetryAfter)
}

// dateOf is when an answer was made by its own Date, else now.
func dateOf(header http.Header) time.Time {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		return date
	}
	return time.Now()
}

// seconds reads a number of them; what is negative or unreadable is 0.
func seconds(value string) time.Duration {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil && n == 0 || !(n > 0) {
		return 0
	}
	return time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
}
