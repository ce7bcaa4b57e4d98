package input

import (
	"strings"
	"testing"
)

// A column created.id names the client that must be active before a remove takes another.
func TestRemovesReadTheirCondition(t *testing.T) {
	for _, test := range []struct {
		name, text string
		cfg        Config
		want       string // client that must be active
		cause      string // of a rejection; empty where the row is run
	}{
		{"of a report", "op,user,clientId,created.id\nremove,u1,c1,c2\n", Config{}, "c2", ""},
		{"by --op, in another spelling", "user,clientId,Created.Id\nu1,c1, c2 \n", Config{Op: "remove"}, "c2", ""},
		{"empty", "op,user,clientId,created.id\nremove,u1,c1, \n", Config{}, "", ""},
		{"taken for something else", "user,created.id\nu1,c1\n", Config{Op: "remove", Map: []Mapping{{Column: "created.id", Path: "clientId"}}}, "", ""},
		{"of another operation", "op,user,clientId,created.id\nverify,u1,c1,c1\n", Config{}, "", ""},
		{"the same client", "op,user,clientId,created.id\nremove,u1,c1,c1\n", Config{}, "", "is the client that the runbook has made"},
		{"in JSON", `{"op":"remove","user":"u1","clientId":"c1","created.id":"c2"}`, Config{}, "c2", ""},
		{"in a runbook", "user,clientId,created.id\nu1,c1,c2\n", Config{Op: "remove", Step: "unlink"}, "c2", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := openNames(t.Context(), []string{writeFile(t, "rows.csv", []byte(test.text))}, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for rec := range r.Records() {
				if rec.Rejection != nil {
					if test.cause == "" || !strings.Contains(rec.Rejection.Cause, test.cause) {
						t.Errorf("rejected: %s, want %q", rec.Rejection.Cause, test.cause)
					}
					continue
				}
				got, err := rec.Row.Created()
				if err != nil || got != test.want || test.cause != "" {
					t.Errorf("got %q %v, want %q, and rejected by %q", got, err, test.want, test.cause)
				}
				if got := rec.Row.Condition() != ""; got != (test.want != "") {
					t.Errorf("a condition: got %t", got)
				}
			}
		})
	}
}
