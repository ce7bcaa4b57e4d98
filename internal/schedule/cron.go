package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/netresearch/go-cron"
)

// searchYears is how far a slot is looked for: the 29 February after that of 2096 is in 2104.
const searchYears = 8

// cronWords stand for five fields. They are those of the cron library but @every, which says nothing
// of when it begins.
var cronWords = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

// cronFields are the five fields in their order.
var cronFields = []struct{ name, form string }{
	{"a minute", "0 to 59, such as 30 or */15"},
	{"an hour", "0 to 23, such as 3 or */2"},
	{"a day of the month", "1 to 31, or L for the last"},
	{"a month", "1 to 12 or jan to dec"},
	{"a day of the week", "0 to 7 or sun to sat, such as mon-fri"},
}

// parseCron reads five fields, or one word such as @daily. passing tells whether the hour is * or */n.
// A day of the month and one of the week mean either, but both where one of the two fields begins with *: Vixie cron's rule.
func parseCron(expr string) (s cron.Schedule, passing bool, err error) {
	fields := strings.Fields(expr)
	if len(fields) == 1 {
		fields = strings.Fields(cronWords[fields[0]])
	}
	if len(fields) != len(cronFields) {
		return nil, false, fmt.Errorf("%q is neither five fields, such as 30 3 * * mon-fri, nor one of @hourly, @daily, @weekly, @monthly, @yearly", expr)
	}
	options := cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DomL
	if !strings.HasPrefix(fields[2], "*") && !strings.HasPrefix(fields[4], "*") {
		options |= cron.DowOrDom
	}
	parser, err := cron.TryNewParser(options)
	if err != nil {
		return nil, false, err
	}
	for i, f := range cronFields {
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = fields[i]
		if _, err := parser.Parse(strings.Join(alone, " ")); err != nil {
			return nil, false, fmt.Errorf("%q is not %s: %s", fields[i], f.name, f.form)
		}
		if slip := slipOf(fields[i]); slip != "" {
			return nil, false, fmt.Errorf("%q is not %s: %s", fields[i], f.name, slip)
		}
	}
	s, err = parser.WithMaxSearchYears(searchYears).Parse(strings.Join(fields, " "))
	return s, strings.HasPrefix(fields[1], "*"), err
}

// slipOf reports what the library takes and nobody means, "" when there is nothing: a part that is empty, a range
// from *, and one that goes down, which would be all but a few.
func slipOf(field string) string {
	for part := range strings.SplitSeq(field, ",") {
		if part == "" {
			return "there is nothing between two commas, or beside one"
		}
		ends, _, _ := strings.Cut(part, "/")
		from, to, ranged := strings.Cut(ends, "-")
		if ranged && (from == "*" || from == "?") {
			return "* is all of them, and no end of a range"
		}
		first, known := cronValue(from)
		last, alsoKnown := cronValue(to)
		if strings.EqualFold(to, cronDays[0]) {
			last = len(cronDays) // fri-sun
		}
		if ranged && known && alsoKnown && first > last {
			return "a range goes up, such as 1-5; one over the end is two, such as 22-23,0-6"
		}
	}
	return ""
}

// Names of cron, in the order of their values. They never change.
var (
	cronDays   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	cronMonths = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
)

// cronValue returns the number that an end of a range stands for.
func cronValue(end string) (value int, known bool) {
	end = strings.ToLower(end)
	if day := slices.Index(cronDays, end); day >= 0 {
		return day, true
	}
	if month := slices.Index(cronMonths, end); month >= 0 {
		return month + 1, true
	}
	value, err := strconv.Atoi(end)
	return value, err == nil
}
