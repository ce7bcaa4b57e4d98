package input

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestCSVRecords(t *testing.T) {
	tests := []struct {
		name, text string
		cfg        Config
		want       []string
	}{
		{
			name: "create",
			text: "user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId\nu1,whatsapp,i1,+12125552368,immediate,c1\n",
			cfg:  Config{Op: "create"},
			want: []string{"1:2 create user=u1 type=whatsapp integrationId=i1 phoneNumber=+12125552368 type=immediate conversationId=c1"},
		},
		{"comma", "user,clientId\na,1\n", Config{Op: "remove"}, []string{"1:2 remove user=a clientId=1"}},
		{"semicolon", "user;clientId\na;1,5\n", Config{Op: "remove"}, []string{"1:2 remove user=a clientId=1,5"}},
		{"tab", "user\tclientId\na\t1\n", Config{Op: "remove"}, []string{"1:2 remove user=a clientId=1"}},
		{"pipe", "user|clientId\na|1\n", Config{Op: "remove"}, []string{"1:2 remove user=a clientId=1"}},
		{"delimiter outside quotes", "user;clientId;\"a,b,c,d\"\na;1;\n", Config{Op: "remove"}, []string{"1:2 remove user=a clientId=1"}},
		{"one column", "user\na\nb\n", Config{Op: "list"}, []string{"1:2 list user=a", "2:3 list user=b"}},
		{"no last line end", "user,clientId\na,1", Config{Op: "remove"}, []string{"1:2 remove user=a clientId=1"}},
		{"CRLF", "user,clientId\r\na,1\r\n\"b\",\"2\"\r\n", Config{Op: "remove"}, []string{"1:2 remove user=a clientId=1", "2:3 remove user=b clientId=2"}},
		{"byte order mark", "\ufeffuser\na\n", Config{Op: "list"}, []string{"1:2 list user=a"}},
		{"blank lines", "\n \nuser\n\n\r\na\n\n  \t\nb\n\n", Config{Op: "list"}, []string{"1:6 list user=a", "2:9 list user=b"}},
		{"quotes", "user,brandId\n\"a\"\"b\",\"x,y\"\n", Config{Op: "list"}, []string{`1:2 list user=a"b brandId=x,y`}},
		{"quoted line break", "user,brandId\n\"a\nb\",x\nc,y\n", Config{Op: "list"}, []string{"1:2 list user=a\nb brandId=x", "2:4 list user=c brandId=y"}},
		{"names", "USER-ID, brand_id ,\"Client Id\"\na,b,1\n", Config{Op: "Remove"}, []string{"1:2 remove user=a brandId=b clientId=1"}},
		{"externalId is user", "externalId\na\n", Config{Op: "list"}, []string{"1:2 list user=a"}},
		{"defused cells", "user,brandId\n'=a,''@b\n'c,'-\n", Config{Op: "list"}, []string{"1:2 list user==a brandId='@b", "2:3 list user='c brandId=-"}},
		{"missing cells are empty", "user,brandId\na\nb,x\n", Config{Op: "list"}, []string{"1:2 list user=a", "2:3 list user=b brandId=x"}},
		{
			"missing cells of a cut file", "user,brandId\nb,x\na", Config{Op: "list"},
			[]string{"1:2 list user=b brandId=x", `2:3 rejected "" has 1 cell, the header has 2, and no line end: the file may be cut off here`},
		},
		{
			"too many cells", "user,brandId\na,b,c\nd,e\n", Config{Op: "list"},
			[]string{`1:2 rejected "" has 3 cells, the header has 2; a cell that holds the delimiter must be quoted`, "2:3 list user=d brandId=e"},
		},
		{
			"bare quote", "user,brandId\na,b\"c\nd,e\n", Config{Op: "list"},
			[]string{`1:2 rejected "brandId" has a quote in a cell that does not begin with one, at byte 4 of the record; quote the cell and double the quotes in it`, "2:3 list user=d brandId=e"},
		},
		{
			"text behind a quote", "user,brandId\n\"a\"b,c\nd,e\n", Config{Op: "list"},
			[]string{`1:2 rejected "user" has text behind the closing quote of the cell that begins at byte 1 of the record`, "2:3 list user=d brandId=e"},
		},
		{
			"unclosed quote loses its line only (I1)", "user,brandId\na,\"b\nc,d\ne,f\n", Config{Op: "list"},
			[]string{`1:2 rejected "brandId" has a quote at byte 3 of the record that is not closed within 1 MiB`, "2:3 list user=c brandId=d", "3:4 list user=e brandId=f"},
		},
		{"client id of dots", "user,clientId\na,..\nb,c/..\nc,...\n", Config{Op: "remove"}, []string{
			`1:2 rejected "clientId" is a path of dots or ends in a slash: a proxy could make another id of it`,
			`2:3 rejected "clientId" is a path of dots or ends in a slash: a proxy could make another id of it`, "3:4 remove user=c clientId=...",
		}},
		{"NUL", "user\na\x00b\nc\n", Config{Op: "list"}, []string{`1:2 rejected "" holds a NUL byte`, "2:3 list user=c"}},
		{"not UTF-8", "user\na\xff\nc\n", Config{Op: "list"}, []string{`1:2 rejected "user" is not valid UTF-8`, "2:3 list user=c"}},
		{
			"invalid row names the header's column", "User,Client ID\na,\n", Config{Op: "remove"},
			[]string{`1:2 rejected "Client ID" is empty`},
		},
		{"duplicate", "user\na\nb\n a \n", Config{Op: "list"}, []string{"1:2 list user=a", "2:3 list user=b", `3:4 rejected "" same as an earlier row`}},
		{"duplicates allowed", "user\na\na\n", Config{Op: "list", AllowDuplicates: true}, []string{"1:2 list user=a", "2:3 list user=a"}},
		{
			"a name that is ambiguous for other operations alone", "user,type,integrationId\na,sdk,i\n", Config{Op: "verify"},
			[]string{"1:2 verify user=a type=sdk integrationId=i"},
		},
		{
			"ensured twice: the first row alone may run", "user,type,integrationId,phoneNumber\na,whatsapp,i,+12125550001\na,WhatsApp, i,+12125550002\na,whatsapp,j,+12125550001\n",
			Config{Op: "ensure", AllowDuplicates: true, Set: []Setting{{"confirmation.type", "immediate"}, {"conversationId", "c"}}, Map: []Mapping{{"type", "matchCriteria.type"}}},
			[]string{
				"1:2 ensure user=a type=whatsapp integrationId=i phoneNumber=+12125550001 type=immediate conversationId=c",
				`2:3 rejected "" an earlier row is for the same user, type and integration`,
				"3:4 ensure user=a type=whatsapp integrationId=j phoneNumber=+12125550001 type=immediate conversationId=c",
			},
		},
		{
			"op column", "op,user,clientId\nlist,a,1\nREMOVE,a,1\n,b,1\ndrop,c,1\n", Config{},
			[]string{"1:2 list user=a", "2:3 remove user=a clientId=1", `3:4 rejected "op" is empty, and no --op is given`, `4:5 rejected "op" holds an unknown operation "drop" (known: ` + strings.Join(jobs.OperationNames(), ", ") + `)`},
		},
		{"op column over --op", "op,user,clientId\nlist,a,1\n,b,1\n", Config{Op: "remove"}, []string{"1:2 list user=a", "2:3 remove user=b clientId=1"}},
		{
			"set", "user,phoneNumber\na,+12125552368\n",
			Config{Op: "create", Set: []Setting{{"confirmation.type", "immediate"}, {"matchCriteria.type", "twilio"}, {"integrationId", "i"}, {"conversationId", "c"}}},
			[]string{"1:2 create user=a type=twilio integrationId=i phoneNumber=+12125552368 type=immediate conversationId=c"},
		},
		{"set op", "user\na\n", Config{Set: []Setting{{"op", "list"}}}, []string{"1:2 list user=a"}},
		{
			"set against the file", "user,brandId\na,x\nb,\nc,y\n", Config{Op: "list", Set: []Setting{{"brandId", "x"}}},
			[]string{"1:2 list user=a brandId=x", "2:3 list user=b brandId=x", `3:4 rejected "brandId" holds another value than --set gives brandId`},
		},
		{"map", "who,Kunde Nr\na,b\n", Config{Op: "remove", Map: []Mapping{{"WHO", "user"}, {"kunde_nr", "clientId"}}}, []string{"1:2 remove user=a clientId=b"}},
		{"map wins", "user,contact\na,b\n", Config{Op: "list", Map: []Mapping{{"contact", "user"}}}, []string{"1:2 list user=b"}},
		{
			"fields that the operation does not read stay empty", "user,phoneNumber,clientId\na,+1,5\n", Config{Op: "list"},
			[]string{"1:2 list user=a"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readText(t, test.text, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.told()); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// Every report is valid input for the next run.
func TestReportsAreInput(t *testing.T) {
	tests := []struct {
		name, text string
		cfg        Config
		want       []string
	}{
		{
			"clients.csv", "row,user,clientId,type,status,integrationId,externalId,lastSeen,linkedAt,displayName\n7,u,c,whatsapp,active,i,+12125552368,2020,2020,Ann\n",
			Config{Op: "remove"}, []string{"1:2 remove user=u clientId=c"},
		},
		{
			"failed.csv",
			"op,user,brandId,matchCriteria.type,matchCriteria.integrationId,matchCriteria.phoneNumber,confirmation.type,target.conversationId,clientId,outcome,cause\n" +
				"create,u,b,twilio,i,+12125552368,prompt,c,,failed,conflict: it is\n", Config{},
			[]string{"1:2 create user=u brandId=b type=twilio integrationId=i phoneNumber=+12125552368 type=prompt conversationId=c"},
		},
		{
			"results.csv", "row,line,op,user,clientId,outcome,clientStatus,httpStatus,errorCode,error,attempts,durationMs,finishedAt,detail\n1,2,remove,u,c,failed,,500,,,5,3,2020,\n",
			Config{}, []string{"1:2 remove user=u clientId=c"},
		},
		{"rejected.csv", "line,error,user,clientId\n2,user: is empty,u,c\n", Config{Op: "remove"}, []string{"1:2 remove user=u clientId=c"}},
		{
			"clients.ndjson", `{"row":1,"user":"u","client":{"id":"c","type":"whatsapp","raw":{"from":"x","list":[1]},"info":null}}` + "\n",
			Config{Op: "remove"}, []string{"1:1 remove user=u clientId=c"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readText(t, test.text, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.told()); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if got.warnings != nil {
				t.Errorf("got warnings %q, want none", got.warnings)
			}
		})
	}
}

func TestRejectionKeepsTheCells(t *testing.T) {
	long := strings.Repeat("x", maxKept)
	text := "User,Brand\n" + long + ",abc\n,'=b\na,b,c\n\"a\n"
	got, err := readText(t, text, Config{Op: "list", Map: []Mapping{{"brand", "brandId"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ names, values []string }{
		{[]string{"User", "Brand"}, []string{long, "…"}},
		{[]string{"User", "Brand"}, []string{"", "=b"}},
		{[]string{"User", "Brand", ""}, []string{"a", "b", "c"}},
		{nil, []string{`"a`}},
	}
	for i, w := range want {
		r := got.records[i].Rejection
		if diff := cmp.Diff(w.names, r.Names) + cmp.Diff(w.values, r.Values); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", i+1, diff)
		}
	}
}

func TestWideRows(t *testing.T) {
	wide := strings.Repeat("x,", 9_999) + "x\n"
	got, err := readText(t, "user,brandId\n"+wide+"\"a\","+wide+"b,\n", Config{Op: "list"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`1:2 rejected "" has more than 1000 cells, the header has 2`,
		`2:3 rejected "" has more than 1000 cells, the header has 2`,
		"3:4 list user=b",
	}
	if diff := cmp.Diff(want, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if _, err := readText(t, wide, Config{Op: "list"}); err == nil || !strings.Contains(err.Error(), "more than 1000 columns") {
		t.Errorf("got error %v for a header of 10,000 columns", err)
	}
}

// A quote that is never closed costs its own row, however much follows (I1, I6).
func TestUnclosedQuoteBeforeManyRows(t *testing.T) {
	var b strings.Builder
	b.WriteString("user,brandId\n\"a,b\n")
	const rows = 20_000
	brand := strings.Repeat("b", 90) // more than a record may be long, all together
	for i := range rows {
		fmt.Fprintf(&b, "u%d,%s\n", i, brand)
	}
	got, err := readText(t, b.String(), Config{Op: "list"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(got.records), rows+1; got != want {
		t.Fatalf("got %d records, want %d", got, want)
	}
	for i, rec := range got.records {
		if rejected := rec.Rejection != nil; rejected != (i == 0) {
			t.Fatalf("record %d: %s", i+1, tell(rec))
		}
	}
}
