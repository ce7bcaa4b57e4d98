package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// moment writes a time to the second, in UTC.
func moment(t time.Time) string { return date(t) + " " + clock(t) }

// date writes the day of a time, in UTC.
func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// clock writes a time of a job, in UTC.
func clock(t time.Time) string { return t.UTC().Format(time.TimeOnly) }

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// brief cuts a text from elsewhere to what a reader of the page needs of it.
func brief(s string) string {
	const most = 300
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// space keeps a number and its unit on one line.
const space = "\u00a0"

// duration writes d for people.
func duration(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= 10*time.Second:
		return amount(d.Round(100*time.Millisecond).Seconds()) + space + "s"
	case d >= time.Second:
		return amount(d.Seconds()) + space + "s"
	case d >= 10*time.Millisecond:
		return amount(float64(d.Round(time.Millisecond)/time.Millisecond)) + space + "ms"
	}
	return amount(float64(d.Microseconds())/1000) + space + "ms"
}

// percent writes a share of 0 to 1. What is not quite all or nothing does not read as such.
func percent(share float64) string {
	switch {
	case share > 0 && share < 0.001:
		return "<0.1%"
	case share > 0.999 && share < 1:
		return ">99.9%"
	case share == 0 || share == 1:
		return fmt.Sprintf("%.0f%%", share*100)
	}
	return fmt.Sprintf("%.1f%%", share*100)
}

// amount writes a value with at most two decimals.
func amount(v float64) string {
	if v >= 100 && v < 1e15 {
		return jobs.Group(int64(math.Round(v)))
	}
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// word is a term of the page, and what it means.
type word struct{ Term, Meaning string }

// words are the legend of the page. It never changes.
var words = []word{
	{"ok", "done"},
	{"noop", "nothing was left to do, or a filter left the row out"},
	{"failed", "the API said no, or every attempt was used"},
	{"rejected", "invalid, and never sent"},
	{"in_doubt", "sent, but no answer came, and asking the API did not settle it"},
	{"unprocessed", "none of these yet"},
	{"call", "one request to the API"},
	{"repeated call", "one more attempt for the same row"},
	{"answer 429", "the API asked to go slower; it uses no attempt of a row"},
	{"look", "a request that shows whether a call without an answer did its work"},
	{"pace", "the calls per second that all workers share"},
	{"client, link", "the way from a user to a number or an address on a channel; pending until the channel has confirmed it"},
	{"p50, p95, p99", "the time within which 50%, 95% and 99% of the calls were answered"},
}
