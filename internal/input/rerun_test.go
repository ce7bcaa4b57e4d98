package input

import (
	"strings"
	"testing"

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
