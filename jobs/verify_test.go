package jobs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckVerify(t *testing.T) {
	for _, c := range []struct {
		name string
		row  Row
		want Row
		err  string
	}{
		{"by client", Row{User: "u", ClientID: " c ", Type: "sdk", IntegrationID: "i"}, Row{User: "u", ClientID: "c"}, ""},
		{"by type and integration", Row{User: "u", Type: "Telegram", IntegrationID: "i"}, Row{User: "u", Type: "telegram", IntegrationID: "i"}, ""},
		{"by nothing", Row{User: "u"}, Row{}, "clientId: is empty, and so are the type and the integration that would do"},
		{"without type", Row{User: "u", IntegrationID: "i"}, Row{}, "matchCriteria.type: is empty, and so is clientId"},
		{"without integration", Row{User: "u", Type: "sdk"}, Row{}, "matchCriteria.integrationId: is empty, and so is clientId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := verifyOperation.CheckRow(&c.row)
			if got := errorText(err); got != c.err {
				t.Fatalf("error: got %q, want %q", got, c.err)
			}
			if diff := cmp.Diff(c.want, c.row); c.err == "" && diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
