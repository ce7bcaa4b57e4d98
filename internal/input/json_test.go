package input

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const createdRow = "create user=u type=twilio integrationId=i phoneNumber=+12125552368 type=immediate conversationId=c"

func TestJSONRecords(t *testing.T) {
	list := Config{Op: "list"}
	tests := []struct {
		name, text string
		cfg        Config
		want       []string
	}{
		{"nested", `{"user":"u","matchCriteria":{"type":"twilio","integrationId":"i","phoneNumber":"+12125552368"},"confirmation":{"type":"immediate"},"target":{"conversationId":"c"}}`, Config{Op: "create"}, []string{"1:1 " + createdRow}},
		{"dotted", `{"user":"u","matchCriteria.type":"twilio","match_criteria.integrationId":"i","MatchCriteria":{"Phone-Number":"+12125552368"},"confirmation.type":"immediate","target.conversationId":"c"}`, Config{Op: "create"}, []string{"1:1 " + createdRow}},
		{"last names", `{"op":"create","user":"u","matchCriteria":{"type":"twilio"},"integrationId":"i","phoneNumber":"+12125552368","confirmation":{"type":"immediate"},"conversationId":"c"}`, Config{}, []string{"1:1 " + createdRow}},
		{"numbers, bools and null", `[{"user":12345678901234567890,"brandId":null},{"user":1.50,"brandId":true}]`, list, []string{"1:1 list user=12345678901234567890", "2:1 list user=1.50 brandId=true"}},
		{"escapes", `{"us\u0065r":"a\"\u00e9\n]}"}`, list, []string{"1:1 list user=a\"é\n]}"}},
		{"array", "\n[\n {\"user\":\"a\"},\n {\"user\":\"b\"}\n]\n", list, []string{"1:3 list user=a", "2:4 list user=b"}},
		{"empty array", "[ ]", list, nil},
		{"elements that are no object", `[1,"x",[{"user":"q"}],null,{"user":"a"}]`, list, []string{
			`1:1 rejected "" is not a JSON object`, `2:1 rejected "" is not a JSON object`, `3:1 rejected "" is not a JSON object`, `4:1 rejected "" is not a JSON object`, "5:1 list user=a",
		}},
		{"pretty objects", "{\n \"user\": \"a\"\n}\n{\n \"user\": \"b\"\n}\n", list, []string{"1:1 list user=a", "2:4 list user=b"}},
		{"objects on one line", `{"user":"a"} {"user":"b"}{"user":"c"}`, list, []string{"1:1 list user=a", "2:1 list user=b", "3:1 list user=c"}},
		{"blank lines and CRLF", "{\"user\":\"a\"}\r\n\r\n \n{\"user\":\"b\"}\r\n", list, []string{"1:1 list user=a", "2:4 list user=b"}},
		{"malformed lines (I1)", "{\"user\":\"a\"}\n{\"user\":\"b\"\n{\"user\":\"c\"}\n{\"user\" \"d\"}\n{\"user\":\"e\n{\"user\":\"f\"}}\nnull\n{\"user\":\"g\"}\n", list, []string{
			"1:1 list user=a", `2:2 rejected "" is not closed`, "3:3 list user=c", `4:4 rejected "" is not JSON`, `5:5 rejected "" has a line break within a string`,
			`6:6 rejected "" is followed by other text on its line`, `7:7 rejected "" is not a JSON object`, "8:8 list user=g",
		}},
		{"malformed pretty object", "{\n  \"user\" \"a\"\n}\n{\n  \"user\": \"b\"\n}\n", list, []string{`1:1 rejected "" is not JSON`, "2:4 list user=b"}},
		{"lines of an array without its brackets", "{\"user\":\"a\"},\n{\"user\":\"b\"}\n", list, []string{`1:1 rejected "" is followed by other text on its line`, "2:2 list user=b"}},
		{"not UTF-8", "{\"user\":\"a\xff\"}", list, []string{`1:1 rejected "" is not valid UTF-8`}},
		{"halves of surrogate pairs", `{"user":"\ud83d\ude00 \\ud800"}` + "\n" + `{"user":"a\ud800"}` + "\n" + `{"user":"\udc00\ud800"}` + "\n" + `{"user":"\ud800\u0041"}` + "\n" + `{"user":"b","other":"\ud800"}`, list, []string{
			`1:1 list user=😀 \ud800`, `2:2 rejected "user" holds half of a surrogate pair, which is no character`, `3:3 rejected "user" holds half of a surrogate pair, which is no character`,
			`4:4 rejected "user" holds half of a surrogate pair, which is no character`, "5:5 list user=b",
		}},
		{"NUL", `{"user":"a\u0000b"}` + "\n" + `{"user":"c"}`, list, []string{`1:1 rejected "user" holds a NUL byte`, "2:2 list user=c"}},
		{"list for text", `{"user":["a"],"other":[1]}`, list, []string{`1:1 rejected "user" is a list; text is expected`}},
		{"object for text", `{"user":{"a":"b"}}`, list, []string{`1:1 rejected "user" is empty`}},
		{"same key twice", `{"user":"a","user":"b"}`, list, []string{`1:1 rejected "" columns "user" and "user" both give user; take one out, or choose with --map COLUMN=user`}},
		{"ambiguous type", `{"op":"create","user":"a","type":"twilio"}` + "\n" + `{"op":"list","user":"a","type":"twilio"}`, Config{}, []string{
			`1:1 rejected "" column "type" is ambiguous; name it matchCriteria.type or confirmation.type`, "2:2 list user=a",
		}},
		{"no operation", `{"user":"a"}`, Config{}, []string{`1:1 rejected "op" is empty, and no --op is given`}},
		{"clientId before client.id", `{"user":"a","clientId":"1","client":{"id":"2"}}`, Config{Op: "remove"}, []string{"1:1 remove user=a clientId=1"}},
		{"map from within", `{"contact":{"id":"a"}}`, Config{Op: "list", Map: []Mapping{{"contact.id", "user"}}}, []string{"1:1 list user=a"}},
		{"set against a row", `{"user":"a","brandId":"x"}` + "\n" + `{"user":"b"}`, Config{Op: "list", Set: []Setting{{"brandId", "y"}}}, []string{
			`1:1 rejected "brandId" holds another value than --set gives brandId`, "2:2 list user=b brandId=y",
		}},
		{"an apostrophe is data", `{"user":"'=a"}`, list, []string{"1:1 list user='=a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readText(t, test.text, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.told(), cmp.Transformer("", func(s []string) string { return strings.Join(s, "\n") })); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if got.inputs[0].Error != "" {
				t.Errorf("got error of the input %q, want none", got.inputs[0].Error)
			}
		})
	}
}

func TestJSONMessage(t *testing.T) {
	const object = `{"author":{"type":"business"},"content":{"type":"text","text":"Hello, \"you\""}}`
	quoted := `"` + strings.ReplaceAll(strings.ReplaceAll(object, `\`, `\\`), `"`, `\"`) + `"`
	const rest = `{"user":"u","matchCriteria":{"type":"twilio","integrationId":"i","phoneNumber":"+12125552368"},"target":{"conversationId":"c"},`
	for _, text := range []string{
		rest + `"confirmation":{"type":"immediate","message":` + object + `}}`,
		rest + `"confirmation":{"type":"immediate","message":` + quoted + `}}`,
		rest + `"confirmation":{"type":"immediate"},"message":` + strings.ReplaceAll(object, ":", " : ") + `}`,
		rest + `"confirmation.type":"immediate","confirmation.message":` + object + `}`,
		"user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId,message\n" +
			`u,twilio,i,+12125552368,immediate,c,"` + strings.ReplaceAll(object, `"`, `""`) + `"`,
	} {
		got, err := readText(t, text, Config{Op: "create"})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := got.records[0].Row.Message, object; got != want {
			t.Errorf("got message %s, want %s", got, want)
		}
	}
}

// A syntax error ends an array: what came before is given, and one rejection stands for the rest (I1).
func TestBrokenArray(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"cut in an element", "[{\"user\":\"a\"},\n{\"user\":", "the array is not closed: the file may be cut off here"},
		{"cut behind an element", "[{\"user\":\"a\"}\n", "the array is not closed: the file may be cut off here"},
		{"cut behind a comma", "[{\"user\":\"a\"},\n", "the array is not closed: the file may be cut off here"},
		{"no comma", "[{\"user\":\"a\"}\n{\"user\":\"b\"}]", "there is no comma between two elements"},
		{"two commas", "[{\"user\":\"a\"},\n,{\"user\":\"b\"}]", "there is no element before a comma or bracket"},
		{"comma at the end", "[{\"user\":\"a\"},\n]", "there is no element before a comma or bracket"},
		{"syntax", "[{\"user\":\"a\"},\n{\"user\" \"b\"},{\"user\":\"c\"}]", "the element is not JSON"},
		{"literal", "[{\"user\":\"a\"},\nnul]", "the element is not JSON"},
		{"line break in a string", "[{\"user\":\"a\"},\n{\"user\":\"b\n\"}]", "the element has a line break within a string"},
		{"deep", "[{\"user\":\"a\"},\n" + strings.Repeat("[", 100_000), "the element is nested deeper than 64"},
		{"text behind", "[{\"user\":\"a\"}]\n[]", "there is text behind the array"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readText(t, test.text, Config{Op: "list"})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"1:1 list user=a", `2:2 rejected "" reading stopped here: ` + test.want}
			if diff := cmp.Diff(want, got.told()); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if got, want := got.inputs[0].Error, "line 2: "+test.want; got != want {
				t.Errorf("got error of the input %q, want %q", got, want)
			}
		})
	}
}

func TestJSONRejectionKeepsTheText(t *testing.T) {
	got, err := readText(t, `{"user":"a","x":"`+strings.Repeat("é", maxKept)+`"`+"\n"+`{"user":""}`, Config{Op: "list"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.records[0].Rejection.Values[0]); n < maxKept-8 || n > maxKept+8 {
		t.Errorf("got %d bytes of a long record, want about %d", n, maxKept)
	}
	if diff := cmp.Diff([]string{`{"user":""}`}, got.records[1].Rejection.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
