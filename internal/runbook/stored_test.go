package runbook

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What Text writes of every example is read back as it was.
func TestDecodeReadsWhatTextWrites(t *testing.T) {
	for name, text := range map[string]string{
		"least": "name: a\nsteps: [{op: list}]\n",
		"much": `name: move-2
app: app
input: [a.csv, b.csv]
map: {Kunde: user}
vars: {days: "90", must: null}
rate: 0
window: Mon-Fri 09:00-18:00
timezone: Europe/Madrid
canary: 20
within: 0s
timeout: 90s
caps: {max_rows: 10, max_share: 50%}
notify: [finished]
schedule: {cron: "@daily", jitter: 5m, exclude: ["2026-12-25"]}
steps:
  - {name: find, op: list, where: 'client.type == "twilio"', canary: {rows: 3, wait: 0s}}
  - {op: remove, attempts: 2, max_failures: 3%}
`,
	} {
		want, err := Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := want.Text(true)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(name, stored)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Runbook{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A run that was begun goes on, whatever a file may not say any more (I9).
func TestDecodeAllowsWhatAFileMayNotSay(t *testing.T) {
	for _, stored := range []string{
		`{"name":"a","window":"09:00-18:00","steps":[{"name":"list","op":"list"}]}`,                              // without a time zone
		`{"name":"a","steps":[{"name":"list","op":"list","set":{"phoneNumber":"+34600000001"}}]}`,                // which a list does not read
		`{"name":"a","steps":[{"name":"list","op":"list"},{"name":"list","op":"list"}]}`,                         // two of one name
		`{"name":"a","caps":{"max_rows":5,"min_rows":9},"steps":[{"name":"list","op":"list"}]}`,                  // which no input meets
		`{"name":"a","notify":["an event that has another name now"],"steps":[{"name":"list","op":"list"}]}`,     // nobody is notified
		`{"name":"a","schedule":{"cron":"@daily","catch_up":"9000h"},"steps":[{"name":"remove","op":"remove"}]}`, // unfiltered
	} {
		if _, err := Parse("file", []byte(stored)); err == nil {
			t.Errorf("a file may say %s: the test wants what none may", stored)
		}
		if _, err := Decode("run", []byte(stored)); err != nil {
			t.Errorf("%s: %v", stored, err)
		}
	}
}

// What a newer release has stored is named, and not run by half.
func TestDecodeRefusesWhatItDoesNotKnow(t *testing.T) {
	for stored, want := range map[string]string{
		`{"name":"a","steps":[{"name":"list","op":"list"}],"approvals":2}`:                                       "approvals",
		`{"name":"a","caps":{"max_calls":9},"steps":[{"name":"list","op":"list"}]}`:                              "max_calls",
		`{"name":"a","steps":[{"name":"x","op":"merge"}]}`:                                                       "merge",
		`{"name":"a","steps":[{"name":"list","op":"LIST"}]}`:                                                     "LIST",
		`{"name":"a","steps":[{"name":"../../etc","op":"list"}]}`:                                                "../../etc",
		`{"name":"..","steps":[{"name":"list","op":"list"}]}`:                                                    `".."`,
		`{"name":"a","steps":[]}`:                                                                                "0 steps",
		`{"name":"a","steps":[{"name":"list","op":"list","timeout":"soon"}]}`:                                    "soon",
		`{"name":"a","steps":[{"name":"list","op":"list"}]} {}`:                                                  "something follows it",
		`{"name":"a","steps":[` + strings.Repeat(`{"name":"l","op":"list"},`, 20) + `{"name":"l","op":"list"}]}`: "21 steps",
		`name: a`: "newer release",
		``:        "newer release",
	} {
		if _, err := Decode("run 7", []byte(stored)); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "run 7: ") {
			t.Errorf("%s: got %v, want an error that names %s", stored, err, want)
		}
	}
}
