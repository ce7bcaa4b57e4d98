package suncotest_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// payload holds what is sent to a webhook to the document: its app, its webhook, and each event by the schema of its type.
func (c *contract) payload(body []byte) error {
	var in struct {
		App, Webhook any
		Events       []map[string]any
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	hold := func(schema string, to any) error {
		if err := c.doc.Components.Schemas[schema].Value.VisitJSON(to); err != nil {
			return fmt.Errorf("contract: %s: %w", schema, err)
		}
		return nil
	}
	if err := hold("appSubSchema", in.App); err != nil {
		return err
	}
	if err := hold("webhookSubSchema", in.Webhook); err != nil {
		return err
	}
	schemas := map[any]string{"client:add": "clientAddEvent", "client:update": "clientUpdateEvent", "client:remove": "clientRemoveEvent", "user:merge": "userMergeEvent"}
	for _, event := range in.Events {
		if schemas[event["type"]] == "" {
			return fmt.Errorf("contract: no event is a %v", event["type"])
		}
		if err := hold(schemas[event["type"]], event); err != nil {
			return err
		}
	}
	return nil
}

// Every payload is as the vendor's document has it.
func TestPayloadsKeepToTheVendorsDocument(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	seen := map[string]bool{}
	synctest.Test(t, func(t *testing.T) {
		knobs := slow
		knobs.FailedLinkShare, knobs.CancelledLinkShare, knobs.TakenLinkShare, knobs.MergedLinkShare = 0.2, 0.2, 0.2, 0.3
		sim, to := linked(t, suncotest.Webhook{}, knobs, 40)
		for i := range 40 {
			for _, client := range sim.Clients(fmt.Sprintf("user-%d", i)) {
				ask(sim, "DELETE", fmt.Sprintf("/v2/apps/app1/users/user-%d/clients/%s", i, client.ID), "")
			}
		}
		synctest.Wait()
		for i, body := range to.bodies {
			if err := c.payload(body); err != nil {
				t.Errorf("%s: %v", body, err)
			}
			seen[to.all[i].kind+" "+to.all[i].reason] = true
		}
	})
	for _, want := range []string{"client:add channelLinking", "client:update confirmed", "client:remove linkFailed", "client:remove linkCancelled", "client:remove theft", "client:remove api", "user:merge channelLinking"} {
		if !seen[want] {
			t.Errorf("no %s: got %v", want, seen)
		}
	}
}

// What is none of the vendor's payloads is found out.
func TestOtherPayloadsBreakTheContract(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	for _, body := range []string{
		`{"app":{"id":"a"},"webhook":{"id":"w","version":"v2"},"events":[{"id":"e","type":"client:add","createdAt":"x","payload":{"reason":"magic"}}]}`,
		`{"app":{"id":"a"},"webhook":{"id":"w","version":"v2"},"events":[{"id":"e","type":"client:remove","payload":{"client":{"status":"gone"}}}]}`,
		`{"app":{"id":"a"},"webhook":{"id":"w","version":"v2"},"events":[{"id":7,"type":"client:update"}]}`,
		`{"app":{"id":"a"},"webhook":{"id":"w","version":"v2"},"events":[{"id":"e","type":"client:removed"}]}`,
		`{"app":"a","events":[]}`,
	} {
		if err := c.payload([]byte(body)); err == nil {
			t.Errorf("%s: no error", body)
		}
	}
}
