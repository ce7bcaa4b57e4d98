package jobs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Change is what differs between two askings for the same job, in the words of the command line.
type Change struct {
	Flag    string // such as rate
	Was, Is string // empty = not given
}

func (c Change) String() string {
	told := func(value string) string {
		if value == "" {
			return "not given"
		}
		return strconv.Quote(value)
	}
	return fmt.Sprintf("--%s is %s and was %s", c.Flag, told(c.Is), told(c.Was))
}

// option is a part of Options that has a flag.
type option struct {
	flag string
	text string
	take func(to *Options) // nil where the option says what is done, and to which rows
}

// listed are all options, those that say when and how fast a job calls first. A job that stands may go on with
// others of these: no row means anything else by them.
func (o Options) listed() []option {
	schedule := o.Schedule
	return []option{
		{"rate", strconv.FormatFloat(o.Rate, 'g', -1, 64), func(to *Options) { to.Rate = o.Rate }},
		{"burst", strconv.Itoa(o.Burst), func(to *Options) { to.Burst = o.Burst }},
		{"reserve", strconv.FormatFloat(o.Reserve*100, 'g', 6, 64) + "%", func(to *Options) { to.Reserve = o.Reserve }},
		{"priority", string(o.Priority), func(to *Options) { to.Priority = o.Priority }},
		{"finish-by", schedule.FinishBy, func(to *Options) { to.FinishBy = schedule.FinishBy }},
		{"window", schedule.Window, func(to *Options) { to.Window = schedule.Window }},
		{"timezone", schedule.Timezone, func(to *Options) { to.Timezone = schedule.Timezone }},
		{"attempts", strconv.Itoa(o.Attempts), func(to *Options) { to.Attempts = o.Attempts }},
		{"timeout", o.Timeout.String(), func(to *Options) { to.Timeout = o.Timeout }},
		{"within", o.Within.String(), func(to *Options) { to.Within = o.Within }},
		{"max-failures", o.MaxFailures.String(), func(to *Options) { to.MaxFailures = o.MaxFailures }},
		{"canary-wait", o.Canary.Wait.String(), func(to *Options) { to.Canary.Wait = o.Canary.Wait }},
		{"app", o.App, nil},
		{"simulate", strconv.FormatBool(o.Simulated), nil},
		{"batch", strconv.Itoa(o.BatchSize), nil}, // or batches would be cut otherwise (I9)
		{"canary", strconv.Itoa(o.Canary.Rows), nil},
		{"resend", string(o.Resend), nil}, // what may come twice is not changed by a flag that was forgotten (I2)
		{"where", o.Where, nil},
		{"var", variableLines(o.Vars), nil},
		{"now", o.Now, nil},
		{"step", strings.Trim(fmt.Sprintf("%s %s %s %d", o.Run, o.Runbook, o.Step, o.Place), " 0"), nil},
	}
}

// variableLines writes variables as a line NAME=VALUE each, as --var gives them.
func variableLines(vars string) string {
	var named map[string]string
	if vars != "" && json.Unmarshal([]byte(vars), &named) != nil {
		return vars
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(named)) {
		lines = append(lines, name+"="+named[name])
	}
	return strings.Join(lines, "\n")
}

// Refuses returns what now asks for otherwise than o and a job cannot go on with.
func (o Options) Refuses(now Options) (changes []Change) {
	after := now.listed()
	for i, before := range o.listed() {
		if before.take == nil && before.text != after[i].text {
			changes = append(changes, Change{before.flag, before.text, after[i].text})
		}
	}
	return changes
}

// Amend returns the options with which a job goes on at a time, and what of them is new. Given tells which flags
// were given, nil that all were: the other options stay as they are.
func (o Options) Amend(now Options, given func(flag string) bool, at time.Time) (Options, []Change) {
	if given == nil {
		given = func(string) bool { return true }
	}
	amended := o
	for _, option := range now.listed() {
		if option.take != nil && given(option.flag) {
			option.take(&amended)
		}
	}
	if given("rate") && !given("burst") && o.Burst == burstOf(o.Rate) {
		amended.Burst = now.Burst
	}
	if amended.Timezone == "" && (amended.Window != "" || amended.FinishBy != "") {
		amended.Timezone = now.Timezone // as it was completed
	}
	if amended.FinishBy != o.FinishBy {
		if deadline, err := amended.Deadline(at); err == nil && !deadline.IsZero() {
			amended.FinishBy = deadline.Format(deadlineForm) // a time of day would be the next after the job was made
		}
	}
	var changes []Change
	after := amended.listed()
	for i, before := range o.listed() {
		if before.text != after[i].text {
			changes = append(changes, Change{before.flag, before.text, after[i].text})
		}
	}
	return amended, changes
}
