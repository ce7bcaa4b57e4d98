package sunco_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sunbulk/sunbulk/sunco"
)

func TestClientFields(t *testing.T) {
	full := `{"id":"c1","type":"whatsapp","status":"active","integrationId":"i1","externalId":"+12125552368",
		"lastSeen":"2020-06-23T14:33:47.492Z","linkedAt":"2020-06-23T16:33:47+02:00","displayName":"Ann","avatarUrl":"https://a.test/a.png",
		"info":{"a":1},"raw":{"b":[2]},"primary":true}`
	tests := []struct {
		name, in string
		want     sunco.Client
	}{
		{"full", full, sunco.Client{
			ID: "c1", Type: "whatsapp", Status: sunco.StatusActive, IntegrationID: "i1", ExternalID: "+12125552368",
			LastSeen: time.Date(2020, 6, 23, 14, 33, 47, 492e6, time.UTC), LinkedAt: time.Date(2020, 6, 23, 14, 33, 47, 0, time.UTC),
			DisplayName: "Ann", AvatarURL: "https://a.test/a.png",
		}},
		{"empty", `{}`, sunco.Client{}},
		{"null fields", `{"id":"c1","externalId":null,"lastSeen":null,"displayName":null}`, sunco.Client{ID: "c1"}},
		{"new values", `{"type":"pigeon","status":"asleep"}`, sunco.Client{Type: "pigeon", Status: "asleep"}},
		{"odd kinds", `{"id":7,"externalId":12125552368,"lastSeen":1592922827,"linkedAt":"soon"}`,
			sunco.Client{ID: "7", ExternalID: "12125552368"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got sunco.Client
			if err := json.Unmarshal([]byte(test.in), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(sunco.Client{})); diff != "" {
				t.Errorf("client (-want +got):\n%s", diff)
			}
			if string(got.JSON()) != test.in {
				t.Errorf("got JSON %s, want %s", got.JSON(), test.in)
			}
		})
	}
}

func TestClientRefusesWhatIsNoObject(t *testing.T) {
	for _, in := range []string{`null`, `[]`, `"c"`, `1`} {
		if err := json.Unmarshal([]byte(in), new(sunco.Client)); err == nil {
			t.Errorf("%s was taken for a client", in)
		}
	}
}

func TestClientMadeInGoMarshalsItsFields(t *testing.T) {
	want := `{"id":"c1","type":"sdk","status":"active","linkedAt":"2020-06-23T14:33:47.492Z"}`
	c := sunco.Client{ID: "c1", Type: "sdk", Status: "active", LinkedAt: time.Date(2020, 6, 23, 14, 33, 47, 492e6, time.UTC)}
	got, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzClientRoundTrip holds that whatever object comes in goes out again.
func FuzzClientRoundTrip(f *testing.F) {
	for _, in := range []string{
		`{"id":"c1","type":"pigeon","status":"asleep","raw":{"n":12345678901234567890,"f":1.0},"info":null,"new":[true]}`,
		`{"id":1,"id":2,"ID":"x","lastSeen":{}}`, `{ }`, `{"displayName":"<b>&\u2028"}`, "{\"a\":\"\xff\"}",
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var c sunco.Client
		if json.Unmarshal(in, &c) != nil {
			t.Skip()
		}
		got, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var compact, want bytes.Buffer
		if err := json.Compact(&compact, in); err != nil {
			t.Fatal(err)
		}
		json.HTMLEscape(&want, compact.Bytes())
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("got %s, want %s", got, want.Bytes())
		}
	})
}
