package runbook

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sunbulk/sunbulk/jobs"
)

// steps makes a runbook of what stands above them.
const steps = "\nname: x\nsteps: [{op: list}]\n"

func readFull(t *testing.T) *Runbook {
	t.Helper()
	data, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse("full.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A key that the types have and Parse does not know would stay empty here.
func TestParseFillsEveryField(t *testing.T) {
	r := readFull(t)
	for name, v := range map[string]any{
		"runbook": *r, "limits": r.Limits, "step": r.Steps[1], "its limits": r.Steps[1].Limits, "canary": *r.Steps[1].Canary, "caps": r.Caps, "schedule": *r.Schedule,
	} {
		s := reflect.ValueOf(v)
		for i := range s.NumField() {
			if s.Field(i).IsZero() {
				t.Errorf("%s: %s is empty", name, s.Type().Field(i).Name)
			}
		}
	}
	if got, want := r.App, "61298437298437298437298e"; got != want {
		t.Errorf("app: got %q, want %q", got, want)
	}
	want := map[string]string{
		"matchCriteria.phoneNumber": "${client.externalId}", "matchCriteria.type": "whatsapp", "matchCriteria.primary": "true", "matchCriteria.subject": "007",
	}
	if diff := cmp.Diff(want, r.Steps[1].Set); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"Mobile no.": "matchCriteria.phoneNumber"}, r.Map); diff != "" {
		t.Errorf("map (-want +got):\n%s", diff)
	}
	if got := r.Steps[2].Name; got != "remove" {
		t.Errorf("name of a step without: got %q, want remove", got)
	}
}

func TestParseReadsItsJSON(t *testing.T) {
	want := readFull(t)
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse("full.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Runbook{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseTellsWhatIsWrongAndWhere(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"syntax", "name: x\nsteps: [1\n", "x.yaml:3:1: is not YAML: did not find expected ',' or ']'"},
		{"tab", "name: x\nsteps:\n\t- op: list\n", "x.yaml:3:1: is not YAML: found character that cannot start any token; indent with spaces"},
		{"empty", "# nothing\n", "x.yaml: is empty; a runbook has a name and steps"},
		{"nothing", "", "x.yaml: is empty"},
		{"null", "~", "x.yaml:1:1: is empty; a mapping of keys to values is expected"},
		{"a list", "- op: list", "x.yaml:1:1: is a list; a mapping of keys to values is expected"},
		{"two documents", "name: x\n---\nname: y\n", "x.yaml:2:1: a second document begins here"},
		{"not UTF-8", "name: x\n# caf\xe9\n", "x.yaml:2:6: is not UTF-8"},
		{"control character", "name: x\n#  \x1b[2J\n", "x.yaml:2:4: holds a control character"},
		{"escaped control character", "description: \"\\e[2J\"" + steps, "x.yaml:1:14: description: holds a control character"},
		{"alias", "vars: {a: &a b, c: *a}" + steps, "x.yaml:1:20: vars.c: is an alias"},
		{"alias of a key", "vars: {? &a b : c, ? *a : d}" + steps, "x.yaml:1:22: vars: has a key that is no plain text"},
		{"merge", "base: &b {rate: 1}\n<<: *b" + steps, "x.yaml:2:1: <<: is not known"},
		{"tag", "description: !secret x" + steps, `x.yaml:1:14: description: has the tag "!secret", which no runbook knows`},
		{"unknown key", "raet: 1" + steps, "x.yaml:1:1: raet: is not known; did you mean rate?"},
		{"unknown key of a step", "name: x\nsteps:\n  - op: list\n    wher: a", "x.yaml:4:5: steps[0].wher: is not known; did you mean where?"},
		{"key twice", "rate: 1\nrate: 2" + steps, "x.yaml:2:1: rate: is given twice"},
		{"column twice", "name: x\nsteps: [{op: create, set: {phoneNumber: '+12125552368', matchCriteria.phoneNumber: 2}}]", "gives matchCriteria.phoneNumber twice"},
		{"text for a number", "rate: fast" + steps, "x.yaml:1:7: rate: is a text; a number is expected"},
		{"quoted number", "batch: '7'" + steps, "x.yaml:1:8: batch: is a text; a whole number is expected"},
		{"fraction", "batch: 1.5" + steps, "x.yaml:1:8: batch: is the number 1.5; a whole number is expected"},
		{"list for a text", "app: [a]" + steps, "x.yaml:1:6: app: is a list; a text is expected"},
		{"nothing for a text", "app:" + steps, "app: is empty; a text is expected"},
		{"text for a truth", "schedule: {cron: 0 1 * * *, paused: maybe}" + steps, "schedule.paused: is a text; true or false is expected"},
		{"duration", "timeout: 90" + steps, `x.yaml:1:10: timeout: "90" is not a time such as 90s or 2h`},
		{"no name", "steps: [{op: list}]", "x.yaml:1:1: has no name"},
		{"bad name", "name: a b\nsteps: [{op: list}]", `x.yaml:1:7: name: "a b" is not a name; it has letters`},
		{"long name", "name: " + strings.Repeat("a", 61) + "\nsteps: [{op: list}]", "name: has 61 characters, more than 60"},
		{"no steps", "name: x", "x.yaml:1:1: has no steps"},
		{"empty steps", "name: x\nsteps: []", "x.yaml:2:8: steps: is an empty list"},
		{"21 steps", "name: x\nsteps: [" + strings.Repeat("{op: list},", 21) + "]", "steps: has 21 steps, more than 20"},
		{"no op", "name: x\nsteps: [{name: a}]", "x.yaml:2:9: steps[0]: has no op"},
		{"unknown op", "name: x\nsteps: [{op: ensur}]", `x.yaml:2:14: steps[0].op: unknown operation "ensur" (known: ` + strings.Join(jobs.OperationNames(), ", ") + `); did you mean ensure?`},
		{"step name twice", "name: x\nsteps: [{op: list}, {name: list, op: remove}]", "x.yaml:2:28: steps[1].name: has the name list, as steps[0] has"},
		{"unnamed step twice", "name: x\nsteps: [{op: list}, {op: list}]", "x.yaml:2:21: steps[1]: has the name list, as steps[0] has"},
		{"unknown column", "name: x\nsteps: [{op: create, set: {phonenumbr: 1}}]", `x.yaml:2:28: steps[0].set.phonenumbr: "phonenumbr" is a column which no operation reads; did you mean phoneNumber?`},
		{"ambiguous column", "name: x\nsteps: [{op: create, set: {type: 1}}]", "is a column which is ambiguous; name matchCriteria.type or confirmation.type"},
		{"column of another operation", "name: x\nsteps: [{op: list, set: {clientId: 1}}]", "x.yaml:2:36: steps[0].set.clientId: is not read by list"},
		{"constants in conflict", "name: x\nsteps: [{op: create, set: {matchCriteria.type: mailgun, phoneNumber: '+12125552368'}}]", "steps[0].set.matchCriteria.phoneNumber: is set, but mailgun takes an address"},
		{"standard input", "input: [u.csv, '-']" + steps, "x.yaml:1:16: input[1]: is standard input, and a runbook counts its input before it runs; name a file"},
		{"caps in conflict", "caps: {min_rows: 5, max_rows: 2}" + steps, "x.yaml:1:18: caps.min_rows: is more than max_rows, which is 2: no input has as many"},
		{"operation by set", "name: x\nsteps: [{op: list, set: {op: remove}}]", "steps[0].set.op: is not read by list"},
		{"map the wrong way round", "map: {phoneNumber: Mobile}" + steps, `x.yaml:1:20: map.phoneNumber: "Mobile" is a column which no operation reads; map is COLUMN: PATH; did you mean Mobile: phoneNumber?`},
		{"map to nothing", "map: {Mobile: fone}" + steps, `x.yaml:1:15: map.Mobile: "fone" is a column which no operation reads`},
		{"variable", "vars: {a-b: 1}" + steps, "x.yaml:1:8: vars.a-b: is not the name of a variable"},
		{"range for all steps", "attempts: 99" + steps, "x.yaml:1:11: attempts: is not between 1 and 63"},
		{"range of a step", "name: x\nsteps: [{op: list, attempts: 99}]", "x.yaml:2:30: steps[0].attempts: is not between 1 and 63"},
		{"rate", "rate: -1" + steps, "rate: is not between 0 and 1000000; 0 means no limit"},
		{"infinite rate", "rate: .inf" + steps, "rate: is the number .inf; a number is expected"},
		{"canary", "canary: {rows: 5000}" + steps, "x.yaml:1:16: canary.rows: is not between 0 and 1000"},
		{"threshold", "max_failures: few" + steps, `max_failures: "few" is neither a number of rows such as 500 nor a share such as 20%`},
		{"resend", "resend: maybe" + steps, `resend: "maybe" is not one of never, silent, always`},
		{"priority", "priority: urgent" + steps, `priority: "urgent" is not one of high, normal, low`},
		{"reserve", "reserve: 100%" + steps, "reserve: leaves nothing of the rate"},
		{"window", "timezone: UTC\nwindow: 22-6" + steps, `x.yaml:2:9: window: "22" is not a time of day such as 06:00`},
		{"window without a zone", "window: 22:00-06:00" + steps, "x.yaml:1:9: window: has no time zone"},
		{"zone", "timezone: Mars/Base" + steps, `timezone: "Mars/Base" is not a time zone such as Europe/Madrid`},
		{"zone of the machine", "timezone: Local" + steps, `timezone: "Local" is not a time zone`},
		{"no cap", "caps: {max_removes: 0}" + steps, "x.yaml:1:21: caps.max_removes: is less than 1"},
		{"no share", "caps: {max_share: 0%}" + steps, "caps.max_share: is not more than 0%; leave it out for no cap"},
		{"share", "caps: {max_shrink: 7}" + steps, `caps.max_shrink: "7" is not a part from 0% to 100%`},
		{"event", "notify: [finishd]" + steps, `x.yaml:1:10: notify[0]: "finishd" is not one of finished, paused, cancelled, stalled, rolled_back, not_started; did you mean finished?`},
		{"key in a URL (I7)", "input: https://ann:pw@example.com/a.csv" + steps, "x.yaml:1:8: input: is a URL with a user or a query, which may hold a key"},
		{"no cron", "schedule: {jitter: 1m}" + steps, "x.yaml:1:11: schedule: has no cron"},
		{"overlap", "schedule: {cron: 0 1 * * *, overlap: skpi}" + steps, `schedule.overlap: "skpi" is not one of skip, wait, cancel_running; did you mean skip?`},
		{"catch_up", "schedule: {cron: 0 1 * * *, catch_up: 0s}" + steps, "schedule.catch_up: is less than 1s"},
		{"jitter", "schedule: {cron: 0 1 * * *, jitter: -1s}" + steps, "schedule.jitter: is less than 0s"},
		{"excluded date", "schedule: {cron: 0 1 * * *, exclude: [2026-02-30]}" + steps, `schedule.exclude[0]: "2026-02-30" is neither a date`},
		{"excluded range", "schedule: {cron: 0 1 * * *, exclude: [2026-02-02..2026-02-01]}" + steps, "schedule.exclude[0]: ends before it begins"},
		{"unfiltered remove on a schedule", "schedule: {cron: 0 1 * * *}\nname: x\nsteps: [{op: list}, {op: remove}]", "x.yaml:3:21: steps[1]: removes all that comes, by a schedule, without a filter or a cap"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("x.yaml", []byte(tt.text))
			e, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(e.Error(), tt.want) {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			if tt.name != "merge" && len(e.Problems) != 1 {
				t.Errorf("got %d problems, want 1:\n%v", len(e.Problems), e)
			}
			if strings.Contains(e.Error(), "pw@") {
				t.Errorf("I7: %v", e)
			}
		})
	}
}

// A constant with which no row could be valid is reported, though rows come later: those of a list, for one.
func TestParseTellsOfEachConstant(t *testing.T) {
	_, err := Parse("x.yaml", []byte("name: x\nsteps: [{op: list}, {op: ensure, set: {matchCriteria.type: whatsap, confirmation.type: immediat, phoneNumber: 123, subject: '${row.a}'}}]"))
	want := `x.yaml has 3 problems
x.yaml:2:60: steps[1].set.matchCriteria.type: is not one of mailgun, messagebird, twilio, whatsapp
x.yaml:2:88: steps[1].set.confirmation.type: is not one of immediate, userActivity, prompt
x.yaml:2:111: steps[1].set.matchCriteria.phoneNumber: has no + and country code`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = Parse("x.yaml", []byte("name: x\nsteps: [{op: create, set: {confirmation.type: userActivity, address: a@example.com}}, {op: verify, set: {matchCriteria.type: sdk, integrationId: i}}]"))
	if err != nil {
		t.Errorf("constants that the rest of a row may complete: %v", err)
	}
}

func TestParseTellsSeveralProblemsInTheirOrder(t *testing.T) {
	_, err := Parse("x.yaml", []byte("raet: 1\nsteps: [{op: lits}]\nname: a b\nbatch: many\n"))
	want := `x.yaml has 4 problems
x.yaml:1:1: raet: is not known; did you mean rate?
x.yaml:2:14: steps[0].op: unknown operation "lits" (known: ` + strings.Join(jobs.OperationNames(), ", ") + `); did you mean list?
x.yaml:3:7: name: "a b" is not a name; it has letters, digits, - and _, and begins with a letter or digit
x.yaml:4:8: batch: is a text; a whole number is expected`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = Parse("x.yaml", []byte("vars: {"+strings.Repeat("-: 1, -a: 1, ", 6)+"}"+steps))
	e, _ := errors.AsType[*Error](err)
	if e == nil || len(e.Problems) != maxProblems || e.More != 2 || !strings.HasSuffix(e.Error(), "\n… and 2 more") {
		t.Errorf("got %v, want ten problems and two more", err)
	}
}

// A file that is made to keep a parser busy is refused, or read, at once.
func TestParseOfHostileFiles(t *testing.T) {
	laughs := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		laughs += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 10) + "]\n"
	}
	for name, text := range map[string]string{
		"billion laughs": laughs,
		"huge":           "description: " + strings.Repeat("x", MaxFile),
		"deep":           "name: " + strings.Repeat("[", MaxFile-100),
		"deep mapping":   strings.Repeat("{a: ", (MaxFile-100)/4),
		"deep by dashes": strings.Repeat("- ", (MaxFile-100)/2),
		"many steps":     "name: x\nsteps: [" + strings.Repeat("7,", (MaxFile-100)/2) + "]",
		"many keys":      "name: x\nvars: {" + strings.Repeat("a,", (MaxFile-100)/2) + "}",
	} {
		_, err := Parse("x.yaml", []byte(text))
		if e, ok := errors.AsType[*Error](err); !ok || len(e.Error()) > 5000 {
			t.Errorf("%s: got %.200v, want a short *Error", name, err)
		}
	}
}

func TestParseAllowsLimitedRemovesOnASchedule(t *testing.T) {
	const schedule = "name: x\nschedule: {cron: 0 1 * * *}\n"
	for name, text := range map[string]string{
		"where of the remove": schedule + "steps: [{op: list}, {op: remove, where: 'client.type == \"sms\"'}]",
		"where of the list":   schedule + "steps: [{op: list, where: 'client.type == \"sms\"'}, {op: remove}]",
		"max_removes":         schedule + "caps: {max_removes: 10}\nsteps: [{op: remove}]",
		"max_share":           schedule + "caps: {max_share: 10%}\nsteps: [{op: remove}]",
		"meant":               "name: x\nschedule: {cron: 0 1 * * *, allow_unfiltered: true}\nsteps: [{op: remove}]",
		"no schedule":         "name: x\nsteps: [{op: remove}]",
	} {
		if _, err := Parse("x.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Parse("x.yaml", []byte(schedule+"steps: [{op: remove}, {op: list, where: 'client.type == \"sms\"'}, {op: remove, name: more}]"))
	if err == nil || !strings.Contains(err.Error(), "steps[0]: removes all that comes") {
		t.Errorf("a where behind the remove: got %v", err)
	}
}

func TestPlace(t *testing.T) {
	r := readFull(t)
	for path, want := range map[string]place{
		"steps[1].set.matchCriteria.phoneNumber": {31, 34},
		"steps[1].set.clientId":                  {31, 7}, // is not there: the set
		"steps[0].where":                         {26, 12},
		"steps[2]":                               {41, 5},
		"nothing":                                {2, 1},
	} {
		line, column := r.Place(path)
		if got := (place{line, column}); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if line, column := new(Runbook).Place("name"); line != 0 || column != 0 {
		t.Errorf("of no file: got %d:%d, want 0:0", line, column)
	}
}
