package suncotest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

func TestLoadWorld(t *testing.T) {
	const in = `{"lenient":true,"users":[{"id":"u1","externalId":"ann","brandId":"b","conversations":["c1"],
		"clients":[{"id":"k1","type":"whatsapp","raw":{"x":1}}]}],"integrations":[{"id":"i1","type":"twilio"}],
		"knobs":{"share503":0.3,"latencyMin":"20ms","latencyMax":"1s","pendingFor":"1m0s","retryAfter":"none"}}`
	want := suncotest.World{
		Lenient: true,
		Users: []suncotest.User{{ID: "u1", ExternalID: "ann", BrandID: "b", Conversations: []suncotest.Conversation{{ID: "c1"}},
			Clients: []sunco.Client{{ID: "k1", Type: "whatsapp"}}}},
		Integrations: []suncotest.Integration{{ID: "i1", Type: "twilio"}},
		Knobs: &suncotest.Knobs{Share503: 0.3, LatencyMin: 20 * time.Millisecond, LatencyMax: time.Second,
			PendingFor: time.Minute, RetryAfter: "none"},
	}
	got, err := suncotest.LoadWorld(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(sunco.Client{})); diff != "" {
		t.Errorf("world (-want +got):\n%s", diff)
	}
	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	again, err := suncotest.LoadWorld(strings.NewReader(string(encoded)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again, cmpopts.IgnoreUnexported(sunco.Client{})); diff != "" {
		t.Errorf("world after a round trip (-want +got):\n%s", diff)
	}
	sim := suncotest.New(suncotest.Config{World: got})
	if diff := cmp.Diff(*want.Knobs, sim.Knobs()); diff != "" {
		t.Errorf("knobs of the server (-want +got):\n%s", diff)
	}
}

func TestLoadWorldRefuses(t *testing.T) {
	tests := map[string]string{
		``:                                  "EOF",
		`{} {}`:                             "something follows",
		`{"user":[]}`:                       `unknown field "user"`,
		`{"users":[{"name":"x"}]}`:          `unknown field "name"`,
		`{"knobs":{"share":1}}`:             `unknown field "share"`,
		`{"users":[{}]}`:                    "user 1 has no id",
		`{"users":[{"id":"a"},{"id":"a"}]}`: "user 2 has no id",
		`{"users":[{"id":"a","externalId":"x"},{"id":"b","externalId":"x"}]}`:                "user 2 has no id",
		`{"users":[{"id":"a","clients":[{"id":"c"}]}]}`:                                      "client 1 of user 1",
		`{"users":[{"id":"a","clients":[{"id":"c","type":"sdk"},{"id":"c","type":"sdk"}]}]}`: "client 2 of user 1",
		`{"users":[{"id":"a","conversations":["c","c"]}]}`:                                   "comes twice",
		`{"integrations":[{"id":"i"}]}`:                                                      "integration 1",
		`{"integrations":[{"id":"i","type":"twilio"},{"id":"i","type":"whatsapp"}]}`:         "integration 2",
		`{"knobs":{"hang":1.5}}`:                                                             "hang is not in 0 to 1",
		`{"knobs":{"rateLimit":-1}}`:                                                         "negative",
		`{"knobs":{"pendingFor":"-1s"}}`:                                                     "negative",
		`{"knobs":{"pendingFor":"soon"}}`:                                                    "invalid duration",
		`{"knobs":{"latencyMin":"2s","latencyMax":"1s"}}`:                                    "latencyMin is above",
		`{"knobs":{"appStatus":200}}`:                                                        "appStatus",
		`{"knobs":{"status503":404}}`:                                                        "status503",
		`{"knobs":{"retryAfter":"never"}}`:                                                   "retryAfter",
		`{"knobs":{"onDuplicate":"never"}}`:                                                  "onDuplicate",
	}
	for in, want := range tests {
		if _, err := suncotest.LoadWorld(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", in, err, want)
		}
	}
}

func FuzzLoadWorld(f *testing.F) {
	f.Add([]byte(`{"users":[{"id":"a","clients":[{"id":"c","type":"sdk"}]}],"knobs":{"hang":1,"pendingFor":"1s"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		world, err := suncotest.LoadWorld(strings.NewReader(string(in)))
		if err != nil {
			t.Skip()
		}
		encoded, err := json.Marshal(world)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := suncotest.LoadWorld(strings.NewReader(string(encoded))); err != nil {
			t.Errorf("%s does not load again: %v", encoded, err)
		}
		suncotest.New(suncotest.Config{World: world})
	})
}
