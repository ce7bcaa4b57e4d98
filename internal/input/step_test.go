package input

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// steps is a list whose rows go on to a create, which reads some of the input's columns.
func steps(where string) Config {
	link := Config{Step: "link", Op: "create", Adds: []string{"user", "brandId", "client.externalId"}, Where: where, Set: []Setting{
		{"matchCriteria.type", "whatsapp"}, {"integrationId", "5e4af71a81966cfff3ef6550"}, {"confirmation.type", "immediate"},
		{"phoneNumber", "${client.externalId}"}, {"conversationId", `${row.columns["The chat"]}`},
	}}
	return Config{Step: "find", Op: "list", Later: []Config{link}}
}

// Rows carry what later steps read, under the names of the file, and nothing else.
func TestRowsCarryWhatLaterStepsRead(t *testing.T) {
	got, err := readText(t, "User ID,the_chat,brandId,Wave,subject,Notes\nann,c1,b,1,hello,private\n", steps(`row.columns["wave"] == "1"`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Record{{Row: jobs.Row{Number: 1, Line: 2, Op: jobs.List, User: "ann", BrandID: "b", Carry: `[0,"the_chat","c1","Wave","1","subject","hello"]`}}}
	if diff := cmp.Diff(want, got.records); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// A file that a later step cannot be served from is refused before anything of it is read.
func TestLaterStepsAreCheckedAgainstTheHeader(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"an expression": {steps(""), `step link: set target.conversationId reads row.columns["The chat"]: there is no column "The chat"`},
		"a field": {
			Config{Step: "find", Op: "list", Later: []Config{{Step: "link", Op: "create", Adds: []string{"user"}}}},
			"step link: the header has no column for matchCriteria.type",
		},
	} {
		_, err := readText(t, "user,chat\nann,c1\n", c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// What a step found goes before a column of the input that is named alike.
func TestAssembleTakesWhatStepsFound(t *testing.T) {
	cfg := steps(`row.columns["wave"] == "1"`).Later[0]
	cfg.Adds = append(cfg.Adds, "client.type")
	cfg.Set = append(cfg.Set, Setting{"subject", "${client.type}"})
	a, err := NewAssembler(cfg, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	record := func(wave, number string) Record {
		names := []string{"user", "brandId", "type", "wave", "The chat", "client.externalId", "client.type"}
		values := []string{"ann", "", "of the input", wave, "c1", number, "sdk"}
		c := jobs.Carry{Row: 4}
		for i, name := range names {
			c.Cells = append(c.Cells, jobs.Cell{Name: name, Value: values[i]})
		}
		return a.Assemble(5, c)
	}
	want := Record{Row: jobs.Row{
		Line: 5, Op: jobs.Create, User: "ann", Type: "whatsapp", IntegrationID: "5e4af71a81966cfff3ef6550", PhoneNumber: "+12125550101",
		Confirmation: "immediate", ConversationID: "c1", Subject: "sdk", Carry: "[4]",
	}}
	got := record("1", "+12125550101")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if got := record("2", "+12125550102"); !got.Filtered || got.Row.User != "ann" || got.Row.Carry != "[4]" {
		t.Errorf("got %+v, want a row of ann that is left out", got)
	}
	if got := record("1", "none"); got.Rejection == nil || got.Rejection.Names[0] != RowName || got.Rejection.Values[0] != "4" {
		t.Errorf("got %+v, want a rejection that names row 4 of the input", got)
	}
	if got := record("1", "+12125550101"); got.Rejection == nil || got.Rejection.Cause != "same as an earlier row" {
		t.Errorf("got %+v, want a repeated row to be rejected", got)
	}
}
