package input

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// I1: rows that --where leaves out are reported like all others, valid or not, and those that it cannot
// judge are rejected.
func TestI1WhereLeavesRowsOut(t *testing.T) {
	got, err := readText(t, "user,clientId,status,lastSeen\n"+
		"a,1,active,2020-01-01T00:00:00Z\n"+
		"b,2,active,"+time.Now().UTC().Format(time.RFC3339)+"\n"+
		"c,3,active,\n"+
		"d,,inactive,2020-01-01T00:00:00Z\n"+
		",5,active,2020-01-01T00:00:00Z\n",
		Config{Op: "remove", Where: `client.status == "active" and age(client.lastSeen) > days(90)`})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1:2 remove user=a clientId=1",
		"filtered 2:3 remove user=b clientId=2",
		`3:4 rejected "" the time is empty (--where, at character 31)`,
		"filtered 4:5 remove user=d",
		`5:6 rejected "user" is empty`,
	}
	if diff := cmp.Diff(want, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if len(got.warnings) != 0 {
		t.Errorf("got warnings %q: a column that an expression reads is read", got.warnings)
	}
}

// What an expression makes of one column is said of that column.
func TestWhereNamesTheOnlyColumn(t *testing.T) {
	for want, cfg := range map[string]Config{
		`1:2 rejected "Mobile" holds letters or an extension; leave only the number (step find: where)`: {Op: "list", Step: "find", Where: `phone(row.columns["Mobile"]) != ""`},
		`1:2 rejected "Mobile" is no number (--where)`:                                                  {Op: "list", Where: `number(row.columns["Mobile"]) > 1 and row.op != vars.op`, Vars: map[string]string{"op": "x"}, Set: []Setting{{"brandId", "b"}}},
	} {
		got, err := readText(t, "user,Mobile\na,+44 20 7946 0018 ext. 3\n", cfg)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{want}, got.told()); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", cfg.Where, diff)
		}
	}
}

func TestWhereOfAJobsTime(t *testing.T) {
	r, err := openNames(t.Context(), []string{"-"}, Config{Op: "list", Where: `age(row.columns["since"]) > days(1)`, Stdin: strings.NewReader("user,since\na,2026-11-20\nb,2026-11-21\n")})
	if err != nil {
		t.Fatal(err)
	}
	r.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	var got []bool
	for rec := range r.Records() {
		got = append(got, rec.Filtered)
	}
	if diff := cmp.Diff([]bool{false, true}, got); diff != "" {
		t.Errorf("filtered (-want +got):\n%s", diff)
	}
}

// What lists find is filtered when it is there: their rows stay.
func TestWhereOfClientsLeavesListRowsAlone(t *testing.T) {
	got, err := readText(t, `{"op":"list","user":"a"} {"op":"remove","user":"b","client":{"id":"1","type":"sdk"}} {"op":"remove","user":"c","client":{"id":"2","type":"twilio","info":{"city":"x"}}}`,
		Config{Where: `client.type == "twilio"`})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1:1 list user=a", "filtered 2:1 remove user=b clientId=1", "3:1 remove user=c clientId=2"}
	if diff := cmp.Diff(want, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestSetComputes(t *testing.T) {
	set := []Setting{
		{"phoneNumber", "+${digits(client.externalId)}"}, {"conversationId", `chat-${row.columns["Old id"]}`},
		{"matchCriteria.type", "${client.type}"}, {"integrationId", "${vars.new}"}, {"confirmation.type", "immediate"}, {"subject", "$${x}"},
	}
	const header = "user,type,integrationId,externalId,old_id\n"
	got, err := readText(t, header+
		"a,whatsapp,int-1,+1 212-555-0100,7\n"+
		"b,whatsapp,int-1,+1 212-555-0101,\n",
		Config{Op: "create", Set: set[:5], Vars: map[string]string{"new": "int-2"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1:2 create user=a type=whatsapp integrationId=int-2 phoneNumber=+12125550100 type=immediate conversationId=chat-7",
		`2:3 rejected "target.conversationId" gives nothing (--set reads "old_id")`,
	}
	if diff := cmp.Diff(want, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// What is computed is one number that can exist, or the row says why it has none.
func TestSetComputesPhoneNumbers(t *testing.T) {
	for value, want := range map[string]string{
		"${phone(row.columns[\"Phone\"])}": `1:2 create user=a type=whatsapp integrationId=i phoneNumber=+442079460018 type=immediate conversationId=c
2:3 rejected "matchCriteria.phoneNumber" was turned into scientific notation by a spreadsheet and its digits are lost; format the column as text and export again (--set reads "Phone")
3:4 rejected "matchCriteria.phoneNumber" holds letters or an extension; leave only the number (--set reads "Phone")
4:5 rejected "" same as an earlier row
5:6 rejected "matchCriteria.phoneNumber" is empty, and whatsapp needs it`,
		"+${digits(row.columns[\"Phone\"])}": `1:2 create user=a type=whatsapp integrationId=i phoneNumber=+442079460018 type=immediate conversationId=c
2:3 rejected "matchCriteria.phoneNumber" was turned into scientific notation by a spreadsheet and its digits are lost; format the column as text and export again (--set reads "Phone")
3:4 rejected "matchCriteria.phoneNumber" holds letters or an extension; leave only the number (--set reads "Phone")
4:5 rejected "" same as an earlier row
5:6 rejected "matchCriteria.phoneNumber" gives nothing (--set reads "Phone")`,
	} {
		got, err := readText(t, "user,Phone\na,+44 (0)20 7946 0018\nb,4.42079E+11\nc,+44 20 7946 0018 ext. 3\na,tel:+44-20-7946-0018\nd,\n",
			Config{Op: "create", Set: []Setting{{"phoneNumber", value}, {"matchCriteria.type", "whatsapp"}, {"integrationId", "i"}, {"confirmation.type", "immediate"}, {"conversationId", "c"}}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(want, "\n"), got.told()); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", value, diff)
		}
	}
}

// An expression sees constants, and its own field as the file has it.
func TestSetComputesFromItsOwnCell(t *testing.T) {
	got, err := readText(t, "user,clientId\n a ,1\n", Config{Op: "remove", Set: []Setting{{"user", "${row.brandId}:${row.user}:${row.op}"}, {"brandId", "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1:2 remove user=x:a:remove brandId=x clientId=1"}, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestExpressionsAreCheckedBeforeARowIsRead(t *testing.T) {
	const text = "user,client_id,Last Seen,lastseen\na,1,,\n"
	tests := []struct {
		cfg        Config
		want, hint string
	}{
		{Config{Op: "remove", Where: `row.usr == ""`}, `--where: row.usr is not known, at character 1`, "did you mean row.user?"},
		{Config{Op: "remove", Where: `row.phoneNumber == ""`}, `-:1: --where reads row.matchCriteria.phoneNumber: there is no column "matchCriteria.phoneNumber"`, "name it in the first line"},
		{Config{Op: "remove", Where: `row.columns["Old id"] == ""`}, `-:1: --where reads row.columns["Old id"]: there is no column "Old id"`, "name it in the first line"},
		{Config{Op: "remove", Where: `client.type == ""`}, `-:1: --where reads client.type: there is no column "type"`, "name it in the first line"},
		{Config{Op: "remove", Where: `client.lastSeen == ""`}, `-:1: --where reads client.lastSeen: columns "Last Seen" and "lastseen" both give it`, "take one out"},
		{Config{Op: "remove", Set: []Setting{{"user", "${row.usr}"}}}, `--set user: row.usr is not known, at character 3`, "did you mean row.user?"},
		{Config{Op: "remove", Set: []Setting{{"user", "${client.id}${client.type}"}}}, `-:1: --set user reads client.type: there is no column "type"`, "name it in the first line"},
		{Config{Set: []Setting{{"op", "${row.user}"}}}, `--set op takes no expression`, "give the file a column op"},
		{Config{Op: "list", Where: `client.type == "" and row.columns["user"] == ""`}, `--where of found clients: row.columns is not known, at character 23`, ""},
	}
	for _, test := range tests {
		_, err := readText(t, text, test.cfg)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Error() != test.want || e.Hint != test.hint {
			t.Errorf("%+v: got %v, want %s (%s)", test.cfg, err, test.want, test.hint)
		}
	}
}

// A JSON record may lack what the contract knows, but not a column that only the expression knows.
func TestExpressionsOfJSON(t *testing.T) {
	got, err := readText(t, `{"user":"a","old":{"id":1}} {"user":"b"} {"user":"c","brandId":"x","old":{"id":1}}`,
		Config{Op: "list", Where: `row.brandId == "" and row.columns["old.id"] == "1"`})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1:1 list user=a",
		`2:1 rejected "" cannot be judged by --where: row.columns["old.id"]: there is no column "old.id"`,
		"filtered 3:1 list user=c brandId=x",
	}
	if diff := cmp.Diff(want, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}
