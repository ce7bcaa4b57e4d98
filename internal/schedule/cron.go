package schedule

import (
	"fmt"
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
// A day of the month and one of the week, both given, mean either, as everywhere with cron.
func parseCron(expr string) (s cron.Schedule, passing bool, err error) {
	fields := strings.Fields(expr)
	if len(fields) == 1 {
		fields = strings.Fields(cronWords[fields[0]])
	}
	if len(fields) != len(cronFields) {
		return nil, false, fmt.Errorf("%q is neither five fields, such as 30 3 * * mon-fri, nor one of @hourly, @daily, @weekly, @monthly, @yearly", expr)
	}
	parser, err := cron.TryNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DomL | cron.DowOrDom)
	if err != nil {
		return nil, false, err
	}
	for i, f := range cronFields {
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = fields[i]
		if _, err := parser.Parse(strings.Join(alone, " ")); err != nil {
			return nil, false, fmt.Errorf("%q is not %s: %s", fields[i], f.name, f.form)
		}
	}
	s, err = parser.WithMaxSearchYears(searchYears).Parse(strings.Join(fields, " "))
	return s, strings.HasPrefix(fields[1], "*"), err
}
