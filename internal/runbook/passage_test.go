package runbook

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// migration lists a user's clients, links the user elsewhere, waits for the link, and removes the old.
func migration() *Runbook {
	return &Runbook{Name: "migrate", Steps: []Step{
		{Name: "find", Op: jobs.List, Where: "client.integrationId == vars.old"},
		{Name: "link", Op: jobs.Ensure, Set: map[string]string{
			"matchCriteria.type": "whatsapp", "integrationId": "${vars.new}", "phoneNumber": "${client.externalId}",
			"confirmation.type": "immediate", "conversationId": `${row.columns["Chat"]}`,
		}},
		{Name: "wait", Op: jobs.Verify},
		{Name: "unlink", Op: jobs.Remove, Where: `created.status != "blocked"`},
	}}
}

const (
	oldIntegration = "5e4af71a81966cfff3ef6550"
	newIntegration = "5f1a0c52d8b7e4000c3a9e02"
)

var began = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func compile(t *testing.T, r *Runbook) *Flow {
	t.Helper()
	f, err := r.Compile(map[string]string{"old": oldIntegration, "new": newIntegration})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// pass gives the outcomes of a step to the next and returns its rows, and why others are not called.
func pass(t *testing.T, f *Flow, step int, outcomes ...jobs.Outcome) (rows []jobs.Row, others []string) {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	chunk, err := codec.DecodeChunk(codec.EncodeChunk(jobs.Chunk{Outcomes: outcomes}))
	if err != nil {
		t.Fatal(err)
	}
	vars, err := json.Marshal(f.Vars)
	if err != nil {
		t.Fatal(err)
	}
	before := jobs.Job{Options: jobs.Options{Filter: jobs.Filter{Where: f.Steps[step-1].Where, Vars: string(vars)}}, Created: began}
	chunks := func(yield func(jobs.Chunk, error) bool) { yield(chunk, nil) }
	p, err := f.Passage(step, before, iter.Seq2[jobs.Chunk, error](chunks), began)
	if err != nil {
		t.Fatal(err)
	}
	for row, rejection := range p.Records() {
		switch {
		case rejection == nil:
			rows = append(rows, row)
		case rejection.Filtered:
			others = append(others, fmt.Sprintf("%d filtered %s", row.Number, row.Carry))
		default:
			others = append(others, fmt.Sprintf("%d rejected: %s %s %s=%s", rejection.Number, rejection.Column, rejection.Cause, rejection.Names[0], rejection.Values[0]))
		}
	}
	if p.Err != nil || p.Read != int64(len(rows)+len(others)) {
		t.Fatalf("%d of %d records: %v", len(rows)+len(others), p.Read, p.Err)
	}
	return rows, others
}

func client(id, integration, number string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"id":%q,"type":"whatsapp","status":"active","integrationId":%q,"externalId":%q,"lastSeen":null}`, id, integration, number))
}

// One row goes through a migration: what the input and the steps found is there where it is read.
func TestPassageThroughAMigration(t *testing.T) {
	f := compile(t, migration())
	carry := jobs.Carry{Cells: []jobs.Cell{{Name: "Chat", Value: "c0ffee"}}}.Encode()
	links, others := pass(t, f, 1,
		jobs.Outcome{Row: jobs.Row{Number: 7, Line: 8, Op: jobs.List, User: "ann", BrandID: "b", Carry: carry}, Kind: jobs.OK, Clients: []json.RawMessage{
			client("c1", "another", "+12125550101"), client("c2", oldIntegration, "+12125550102"),
		}},
		jobs.Outcome{Row: jobs.Row{Number: 8, Line: 9, Op: jobs.List, User: "bob"}, Kind: jobs.Failed},
		jobs.Outcome{Row: jobs.Row{Number: 9, Line: 10, Op: jobs.List, User: "cyd", Carry: carry}, Kind: jobs.OK, Clients: []json.RawMessage{client("c3", oldIntegration, "no number")}},
	)
	want := []jobs.Row{{
		Number: 1, Line: 8, Op: jobs.Ensure, User: "ann", BrandID: "b", Type: "whatsapp", IntegrationID: newIntegration, PhoneNumber: "+12125550102",
		Confirmation: "immediate", ConversationID: "c0ffee", Carry: `[7,"client.id","c2"]`,
	}}
	if diff := cmp.Diff(want, links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	if len(others) != 1 || !strings.HasPrefix(others[0], "2 rejected: matchCriteria.phoneNumber") || !strings.HasSuffix(others[0], "row=9") {
		t.Errorf("got others %q", others)
	}
	waits, _ := pass(t, f, 2, jobs.Outcome{Row: links[0].Key(), Kind: jobs.OK, ClientID: "n1", ClientStatus: "pending"})
	want = []jobs.Row{{Number: 1, Line: 8, Op: jobs.Verify, User: "ann", BrandID: "b", ClientID: "n1", Carry: `[7,"client.id","c2","created.id","n1","created.status","pending"]`}}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	// Nothing removes what the runbook has made, or found in its place, whatever the list has found.
	removes, others := pass(t, f, 3,
		jobs.Outcome{Row: jobs.Row{User: "gil", Carry: `[9,"client.id","c5","created.id","c5","created.status","active"]`}, Kind: jobs.OK},
		jobs.Outcome{Row: waits[0].Key(), Kind: jobs.OK, ClientID: "n1"},
		jobs.Outcome{Row: jobs.Row{User: "dee", Carry: `[8,"client.id","c4","created.status","blocked"]`}, Kind: jobs.OK},
		jobs.Outcome{Row: jobs.Row{User: "eve"}, Kind: jobs.Noop, Detail: jobs.LeftOut},
		jobs.Outcome{Row: jobs.Row{User: "fay"}, Kind: jobs.InDoubt},
	)
	want = []jobs.Row{{Number: 2, Line: 8, Op: jobs.Remove, User: "ann", BrandID: "b", ClientID: "c2", Carry: `[7,"created.id","n1"]`}}
	if diff := cmp.Diff(want, removes); diff != "" {
		t.Errorf("removes (-want +got):\n%s", diff)
	}
	wantOthers := []string{"1 rejected: clientId is the client that the runbook has made, or found in its place row=9", "3 filtered [8]"}
	if diff := cmp.Diff(wantOthers, others); diff != "" {
		t.Errorf("others (-want +got):\n%s", diff)
	}
}

func TestCompileRefusesWhatNoStepBeforeFound(t *testing.T) {
	for name, c := range map[string]struct {
		step Step
		want string
	}{
		"a client that nothing created":   {Step{Name: "s", Op: jobs.Verify, Set: map[string]string{"clientId": "${created.id}"}}, "runbook: steps[0].set.clientId: created.id is not known"},
		"a variable":                      {Step{Name: "s", Op: jobs.List, Where: "client.type == vars.kind"}, "runbook: steps[0].where: the runbook has no variable kind, at character 16; declare kind under vars:"},
		"a path":                          {Step{Name: "s", Op: jobs.Remove, Set: map[string]string{"clientld": "x"}}, `runbook: steps[0]: step s: set names "clientld", which no operation reads`},
		"more of the row than lists keep": {Step{Name: "s", Op: jobs.List, Where: "client.externalId == row.phoneNumber"}, "runbook: steps[0].where: of found clients: row.phoneNumber is not known"},
	} {
		_, err := (&Runbook{Steps: []Step{c.step}}).Compile(nil)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// The condition of a step may name what an earlier one created; the step behind it is no less made.
func TestPassageBehindAConditionOnWhatWasCreated(t *testing.T) {
	book := migration()
	book.Steps[2].Where = `created.status != "blocked"`
	waited := jobs.Outcome{Row: jobs.Row{Number: 1, User: "ann", ClientID: "n1", Carry: `[7,"client.id","c2","created.status","pending"]`}, Kind: jobs.OK}
	removes, _ := pass(t, compile(t, book), 3, waited)
	if len(removes) != 1 || removes[0].ClientID != "c2" {
		t.Errorf("got removes %+v, want one of c2", removes)
	}
}
