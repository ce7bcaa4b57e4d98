package input

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The originals have the numbers and lines of the rows that are read of the same files, whatever is wrong with a record.
func TestOriginalsStandWhereTheRowsDo(t *testing.T) {
	for name, text := range map[string]string{
		"csv": "user;Name;Note\nu1;a;\"x\ny\"\n;;\nu2;b;c;too;many\nu3;\"open;\nu4\nuser;Name;Note\nu5;\xff;z\n\"\";;\nu6;last", "lf": "\n\nuser\nu1\n\n\nu2\n",
		"ndjson": "{\"user\": \"u1\", \"Name\": {\"x\": 1}}\n{\"user\": \n{\"user\": \"u2\"} {\"user\": \"u3\"}\n[1]\n\n{\"user\": \"u4\"}",
		"json":   "[{\"user\": \"u1\"},\n{\"Name\": \"b\"}, 7,\n {\"user\": \"u2\"}", "sep": "sep=|\nuser|op\nu1|list\n",
	} {
		path := filepath.Join(t.TempDir(), "in")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := Find(t.Context(), []string{path, path})
		if err != nil {
			t.Fatal(err)
		}
		cfg := Config{Op: "list", AllowDuplicates: true}
		reader, err := Open(t.Context(), files, cfg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		type place struct {
			Number, Line int64
			User         string
		}
		var want, got []place
		for rec := range reader.Records() {
			if rec.Rejection == nil {
				want = append(want, place{rec.Row.Number, rec.Row.Line, rec.Row.User})
			}
		}
		originals, err := OpenOriginals(t.Context(), files, cfg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		next := 0
		for o := range originals.Records() {
			if next < len(want) && o.Number == want[next].Number {
				user := want[next].User
				if len(o.Paths) > 0 {
					user = o.Given[0]
				}
				got = append(got, place{o.Number, o.Line, user})
				next++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) < 2 {
			t.Errorf("%s: %d rows (-want +got):\n%s", name, len(want), diff)
		}
		reader.Close()
		originals.Close()
	}
}

// What a column is called decides under which heading a report keeps it.
func TestOwnHeadings(t *testing.T) {
	b, err := newBinder(Config{Op: "create", Map: []Mapping{{"userId", "clientId"}, {"Mobile", "phoneNumber"}}, Set: []Setting{{"brandId", "${row.columns[\"x\"]}"}}, raw: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ names, own, paths []string }{
		{
			names: []string{"User", "userId", "Mobile", "phone_number", "type", "Line", "", "brandId", "Status", "Subject", "name", "Name"},
			own:   []string{"input.userId", "Mobile", "input.phone_number", "input.type", "input.Line", "", "input.brandId", "Status", "name", "Name"},
			paths: []string{"user", "matchCriteria.subject"},
		},
		{ // a report's file: what it has written itself it writes again
			names: []string{"op", "user", "matchCriteria.phoneNumber", "brandId", "outcome", "cause", "rerun", "rerunOf", "row", "line", "rerunHash", "Mobile", "input.line"},
			own:   []string{"Mobile", "input.line"},
			paths: []string{"op", "user"},
		},
	} {
		l := b.bind(c.names, true)
		if diff := cmp.Diff(c.own, l.ownNames); diff != "" {
			t.Errorf("%v: headings (-want +got):\n%s", c.names, diff)
		}
		if diff := cmp.Diff(c.paths, l.ownPaths); diff != "" {
			t.Errorf("%v: paths (-want +got):\n%s", c.names, diff)
		}
	}
}
