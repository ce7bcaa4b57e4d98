package sunco_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

func ExampleAPI_List() {
	server := httptest.NewServer(suncotest.New(suncotest.Config{}))
	defer server.Close()
	api, err := sunco.New("app1", sunco.Config{
		BaseURL: server.URL, // https://api.smooch.io unless it is said
		Auth:    sunco.Basic("app_key", "secret"),
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	created, err := api.Create(ctx, "ann", sunco.ClientCreate{
		MatchCriteria: sunco.MatchCriteria{Type: sunco.TypeWhatsApp, IntegrationID: "i1", PhoneNumber: "+12125552368"},
		Confirmation:  sunco.Confirmation{Type: sunco.ConfirmImmediate},
		Target:        sunco.Target{ConversationID: "c1"},
	}, sunco.Query{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.Type, created.Status)
	for client, err := range api.List(ctx, "ann", sunco.ListQuery{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(client.Type, client.Status, client.ExternalID)
	}
	// Output:
	// whatsapp pending
	// whatsapp active +12125552368
}

func ExampleAsError() {
	server := httptest.NewServer(suncotest.New(suncotest.Config{}))
	defer server.Close()
	api, err := sunco.New("app1", sunco.Config{BaseURL: server.URL, Auth: sunco.Token("token")})
	if err != nil {
		log.Fatal(err)
	}
	err = api.Remove(context.Background(), "ann", "5c9a34160c89726709136733", sunco.Query{})
	if e, ok := sunco.AsError(err); ok {
		fmt.Println(e.Status, e.Code, e.Sent)
	}
	// Output: 404 client_not_found true
}
