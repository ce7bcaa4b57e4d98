package input

import (
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// I2: a row that a report marks as not to be run as it stands is not run, unless it does no harm when it comes again.
func TestMarkedRowsAreNotRun(t *testing.T) {
	const header = "op,user,clientId,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId,%\n"
	const create = "create,u1,,whatsapp,i,+12125550101,immediate,c,%\n"
	for _, test := range []struct {
		name, column, row string
		allow             bool
		want              string // a part of the cause; empty when the row is run
		duplicate         bool
	}{
		{"a create in doubt", "rerun", strings.Replace(create, "%", "look_first", 1), false, "may have arrived", false},
		{"in another spelling of the column", "Re-run", strings.Replace(create, "%", " look_first ", 1), false, "may have arrived", false},
		{"a create that its job may run", "rerun", strings.Replace(create, "%", "job_not_ended", 1), false, "had not ended", false},
		{"a duplicate", "rerun", strings.Replace(create, "%", "duplicate", 1), false, "an earlier row of its job did the same", true},
		{"somebody has looked", "rerun", strings.Replace(create, "%", "", 1), false, "", false},
		{"somebody's own column", "rerun", strings.Replace(create, "%", "yes", 1), false, "", false},
		{"asked for", "rerun", strings.Replace(create, "%", "look_first", 1), true, "", false},
		{"a remove in doubt", "rerun", "remove,u1,c1,,,,,,look_first\n", false, "", false},
		{"an ensure in doubt", "rerun", "ensure,u1,,whatsapp,i,+12125550101,immediate,c,look_first\n", false, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := writeFile(t, "rows.csv", []byte(strings.Replace(header, "%", test.column, 1)+test.row))
			r, err := openNames(t.Context(), []string{name}, Config{AllowDuplicates: test.allow})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for rec := range r.Records() {
				switch {
				case test.want == "" && rec.Rejection != nil:
					t.Errorf("got rejection %q, want the row", rec.Rejection.Cause)
				case test.want != "" && rec.Rejection == nil:
					t.Error("got the row, want a rejection")
				case test.want != "" && (!strings.Contains(rec.Rejection.Cause, test.want) || rec.Rejection.Duplicate != test.duplicate):
					t.Errorf("got cause %q, duplicate %t, want %q, %t", rec.Rejection.Cause, rec.Rejection.Duplicate, test.want, test.duplicate)
				}
			}
		})
	}
}

// In JSON, and where a later step of a runbook is the create, the mark holds, too.
func TestMarksHoldInJSONAndForLaterSteps(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		cfg  Config
	}{
		"JSON": {`{"op":"create","user":"u1","matchCriteria":{"type":"whatsapp","integrationId":"i","phoneNumber":"+12125550101"},"confirmation":{"type":"immediate"},"target":{"conversationId":"c"},"rerun":"duplicate"}`, Config{}},
		"a later step": {"user,rerun\nu1,look_first\n", Config{Op: "list", Step: "list", Later: []Config{{Op: "create", Step: "link", Adds: []string{"user"},
			Set: []Setting{{Path: "matchCriteria.type", Value: "whatsapp"}, {Path: "matchCriteria.integrationId", Value: "i"}, {Path: "matchCriteria.phoneNumber", Value: "+12125550101"}, {Path: "confirmation.type", Value: "immediate"}, {Path: "target.conversationId", Value: "c"}}}}}},
	} {
		r, err := openNames(t.Context(), []string{writeFile(t, "rows", []byte(test.text))}, test.cfg)
		if err != nil {
			t.Fatal(err)
		}
		for rec := range r.Records() {
			if rec.Rejection == nil || !strings.Contains(rec.Rejection.Cause, jobs.RerunDuplicate.Cause()) && !strings.Contains(rec.Rejection.Cause, jobs.RerunLookFirst.Cause()) {
				t.Errorf("%s: got %+v, want a rejection", name, rec)
			}
		}
	}
}

// I2: a row keeps which row of which job it runs again, in whatever form it comes, and somebody's own column is none.
func TestRowsKeepTheirLineage(t *testing.T) {
	const of, chain = "20261122-153012-k3f9:17", "20261122-153012-k3f9:17 20261123-080000-ab12:4"
	const fields = `"op":"create","user":"u1","matchCriteria":{"type":"whatsapp","integrationId":"i","phoneNumber":"+12125550101"},"confirmation":{"type":"immediate"},"target":{"conversationId":"c"}`
	csv := func(column, cell string) string {
		return "op,user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId," + column + "\ncreate,u1,whatsapp,i,+12125550101,immediate,c," + cell + "\n"
	}
	for _, test := range []struct {
		name, text string
		cfg        Config
		want       jobs.Lineage
		remarks    int
	}{
		{"CSV", csv("rerunOf", of), Config{}, of, 0},
		{"after two reruns", csv("rerunOf", chain), Config{}, chain, 0},
		{"in another spelling of the column", csv("Rerun Of", of), Config{}, of, 0},
		{"with a spreadsheet's delimiter", strings.ReplaceAll(csv("rerunOf", of), ",", ";"), Config{}, of, 0},
		{"JSON", "[{" + fields + `,"rerunOf":"` + chain + `"}]`, Config{}, chain, 0},
		{"NDJSON", "{" + fields + `,"rerunOf":"` + of + `"}`, Config{}, of, 0},
		{"a new row", csv("rerunOf", ""), Config{}, "", 0},
		{"JSON null", "{" + fields + `,"rerunOf":null}`, Config{}, "", 0},
		{"somebody's own column", csv("rerunOf", "order 12"), Config{}, "", 1},
		{"somebody's own column, mapped", csv("rerunOf", of), Config{Map: []Mapping{{"rerunOf", "brandId"}}}, "", 0},
		{"asked for", csv("rerunOf", of), Config{AllowDuplicates: true}, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			remarks := 0
			test.cfg.Warn = func(string) { remarks++ }
			r, err := openNames(t.Context(), []string{writeFile(t, "rows", []byte(test.text))}, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			n := 0
			for rec := range r.Records() {
				n++
				if rec.Rejection != nil || rec.Row.Lineage != test.want {
					t.Errorf("got lineage %q, rejection %+v, want %q", rec.Row.Lineage, rec.Rejection, test.want)
				}
			}
			if n != 1 || remarks != test.remarks {
				t.Errorf("got %d rows, %d remarks, want 1, %d", n, remarks, test.remarks)
			}
		})
	}
}

// Where a later step of a runbook creates, what it runs again comes to it through the steps before.
func TestLineageComesToLaterSteps(t *testing.T) {
	const of = "20261122-153012-k3f9:17"
	later := Config{Op: "create", Step: "link", Set: []Setting{{Path: "matchCriteria.type", Value: "whatsapp"}, {Path: "matchCriteria.integrationId", Value: "i"},
		{Path: "matchCriteria.phoneNumber", Value: "+12125550101"}, {Path: "confirmation.type", Value: "immediate"}, {Path: "target.conversationId", Value: "c"}}, Adds: []string{"user"}}
	for op, want := range map[string]jobs.Lineage{"create": of, "ensure": of, "list": ""} {
		later := later
		if later.Op = op; op == "list" {
			later.Set = nil
		}
		r, err := openNames(t.Context(), []string{writeFile(t, "rows", []byte("user,rerunOf\nu1,"+of+"\n"))}, Config{Op: "list", Step: "list", Later: []Config{later}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := NewAssembler(later, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for rec := range r.Records() {
			var carry jobs.Carry
			if rec.Row.Carry != "" {
				if carry, err = jobs.DecodeCarry(rec.Row.Carry); err != nil {
					t.Fatal(err)
				}
			}
			carry.Cells = append(carry.Cells, jobs.Cell{Name: "user", Value: "u1"})
			if got := a.Assemble(2, carry); got.Rejection != nil || got.Row.Lineage != want {
				t.Errorf("%s: got %+v, want lineage %q", op, got, want)
			}
		}
		r.Close()
	}
}
