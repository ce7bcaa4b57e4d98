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

// kept is what a job keeps besides the fixed options of the table.
func (o Options) kept() []Change {
	return []Change{
		{Flag: "app", Was: o.App},
		{Flag: "simulate", Was: strconv.FormatBool(o.Simulated)},
		{Flag: "where", Was: o.Where},
		{Flag: "var", Was: variableLines(o.Vars)},
		{Flag: "now", Was: o.Now},
		{Flag: "step", Was: strings.Trim(fmt.Sprintf("%s %s %s %d", o.Run, o.Runbook, o.Step, o.Place), " 0")},
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

// differences returns what of the options that are wanted differs from o to now.
func (o Options) differences(now Options, wanted func(Option) bool) (changes []Change) {
	for _, option := range optionTable {
		if was, is := option.Text(&o), option.Text(&now); wanted(option) && was != is {
			changes = append(changes, Change{option.Name, was, is})
		}
	}
	return changes
}

// Refuses returns what now asks for otherwise than o and with which a job cannot be continued.
func (o Options) Refuses(now Options) []Change {
	changes := o.differences(now, func(option Option) bool { return option.Fixed })
	after := now.kept()
	for i, before := range o.kept() {
		if before.Was != after[i].Was {
			changes = append(changes, Change{before.Flag, before.Was, after[i].Was})
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
	for _, option := range optionTable {
		if !option.Fixed && given(option.Name) {
			option.take(&amended, &now)
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
	return amended, o.differences(amended, func(Option) bool { return true })
}
