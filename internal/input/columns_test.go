package input_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/input"
)

func TestColumns(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text, format string
		want         []input.Column
	}{
		"csv":            {"Name;Mobile;customer_id;phoneNumbr\nAnn;+12125550130;c-1;x\n", "csv", []input.Column{{Name: "Name"}, {Name: "Mobile", Near: "matchCriteria.phoneNumber"}, {Name: "customer_id", Near: "user"}, {Name: "phoneNumbr"}}},
		"known":          {"user,phone_number,mobile\na,+12125550130,x\n", "csv", []input.Column{{Name: "user", Path: "user"}, {Name: "phone_number", Path: "matchCriteria.phoneNumber"}, {Name: "mobile"}}},
		"a header alone": {"user\n", "csv", []input.Column{{Name: "user", Path: "user"}}},
		"ndjson":         {`{"user": "a", "tel": "+12125550130"}` + "\n", "ndjson", []input.Column{{Name: "user", Path: "user"}, {Name: "tel", Near: "matchCriteria.phoneNumber"}}},
		"json":           {`[{"user": "a", "matchCriteria": {"type": "whatsapp"}}]`, "json", []input.Column{{Name: "user", Path: "user"}, {Name: "matchCriteria.type", Path: "matchCriteria.type"}}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			format, got, err := input.Columns(t.Context(), input.Kept("users", path), input.Spec{})
			if err != nil || format != tt.format {
				t.Fatalf("got %q, %v", format, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
	for name, text := range map[string]string{"empty": "", "binary": "\x00\x01\x02\x03\n", "latin1": "user,stra\xdfe\n"} {
		path := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, got, err := input.Columns(t.Context(), input.Kept("users", path), input.Spec{}); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
