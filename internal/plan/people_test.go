package plan

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

func TestChecksOfUsersAndConversations(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{World: suncotest.World{
		Integrations: []suncotest.Integration{{ID: "i", Type: "whatsapp"}},
		Users: []suncotest.User{
			{ID: "u1", ExternalID: "one", Conversations: []suncotest.Conversation{{ID: "c1"}}},
			{ID: "u2", ExternalID: "two", Conversations: []suncotest.Conversation{{ID: "c2", Type: "sdkGroup"}, {ID: "c3", Type: "sdkGroup"}}},
			{ID: "u3", ExternalID: "none"}, {ID: "u4", ExternalID: "one", BrandID: "b"},
		},
	}})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	api, err := sunco.New("app", sunco.Config{BaseURL: server.URL, Auth: sunco.Token("t")})
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewChecker(t.Context(), api, jobs.Options{Timeout: time.Minute}, func(err error) error { return err })
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		op                jobs.Op
		user, brand, word string
		want              Level
	}{
		{jobs.EnsureUser, "nobody", "", "", Fine},
		{jobs.EnsureUser, "one", "", "", Fine},
		{jobs.EnsureConversation, "none", "", "", Fine},
		{jobs.EnsureConversation, "u1", "", "", Fine},
		{jobs.EnsureConversation, "nobody", "", "", Problem},
		{jobs.Create, "one", "", "only", Fine},
		{jobs.Create, "one", "b", "latest", Problem},
		{jobs.Create, "two", "", "only", Problem},
		{jobs.Create, "two", "", "default", Problem},
		{jobs.Create, "two", "", "latest", Fine},
		{jobs.Create, "none", "", "latest", Problem},
		{jobs.Create, "nobody", "", "latest", Problem},
	} {
		row := jobs.Row{Op: test.op, User: test.user, BrandID: test.brand, ConversationID: test.word, Type: "whatsapp", IntegrationID: "i"}
		if v := c.user(t.Context(), row); v.level != test.want {
			t.Errorf("%s of %s%s %s: got %s (%s), want %s", test.op, test.user, test.brand, test.word, v.level, v.text, test.want)
		}
	}
}
