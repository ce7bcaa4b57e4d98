package jobs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestRowsOfUsersAndConversationsAreChecked(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("é", n) }
	tests := []struct {
		row  jobs.Row
		want string // column at fault; empty = none
	}{
		{jobs.Row{Op: jobs.EnsureUser, User: "u", GivenName: long(128), Locale: long(64), BrandID: long(24), ToBeRetained: "Yes"}, ""},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", Surname: long(129)}, "profile.surname"},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", Locale: long(65)}, "profile.locale"},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", BrandID: long(25)}, "brandId"},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", Email: "Ann <ann@example.org>"}, "profile.email"},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", ToBeRetained: "maybe"}, "toBeRetained"},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", SignedUpAt: "31.01.2026"}, "signedUpAt"},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", Metadata: `{"tier":{"a":1}}`}, "metadata"},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", Metadata: `null`}, "metadata"},
		{jobs.Row{Op: jobs.EnsureUser, User: "u", Metadata: `{"a":"` + strings.Repeat("x", 4096) + `"}`}, "metadata"},
		{jobs.Row{Op: jobs.EnsureUser}, "user"},
		{jobs.Row{Op: jobs.EnsureConversation, User: "u", DisplayName: long(100), Metadata: ` {"a": 1, "b": true} `}, ""},
		{jobs.Row{Op: jobs.EnsureConversation, User: "u", DisplayName: long(101)}, "displayName"},
		{jobs.Row{Op: jobs.EnsureConversation, User: "u", Metadata: `{"sunbulk":"x"}`}, "metadata"},
		{jobs.Row{Op: jobs.EnsureConversation, User: "u", Metadata: `{"a":"` + strings.Repeat("x", 4000) + `"}`}, "metadata"},
	}
	for _, test := range tests {
		o, err := jobs.FindOperation(string(test.row.Op))
		if err != nil {
			t.Fatal(err)
		}
		column := ""
		if e, ok := errors.AsType[*jobs.FieldError](o.CheckRow(&test.row)); ok {
			column = e.Column
		}
		if column != test.want {
			t.Errorf("%+.200v: got %q at fault, want %q", test.row, column, test.want)
		}
	}
}

func TestFieldsOfUsersAreNormalised(t *testing.T) {
	t.Parallel()
	o, err := jobs.FindOperation("ensure-user")
	if err != nil {
		t.Fatal(err)
	}
	row := jobs.Row{Op: jobs.EnsureUser, User: " u ", ToBeRetained: "1", SignedUpAt: "2026-01-31T09:30:00+01:00", Metadata: `{ "tier" : "gold" }`}
	want := jobs.Row{Op: jobs.EnsureUser, User: "u", ToBeRetained: "true", SignedUpAt: "2026-01-31T08:30:00.000Z", Metadata: `{"tier":"gold"}`}
	if err := o.CheckRow(&row); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if got, want := string(row.Marked("J/7")), `{"sunbulk":"J/7","tier":"gold"}`; got != want {
		t.Errorf("marked: got %s, want %s", got, want)
	}
}

// What came later travels with rows and outcomes, and without it they are encoded as older releases read them.
func TestLaterColumnsTravel(t *testing.T) {
	t.Parallel()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	plain := jobs.Batch{Rows: []jobs.Row{{Number: 1, Op: jobs.Create, User: "u", ConversationID: "c"}}}
	if layout := codec.EncodeBatch(plain)[0]; layout != 1 {
		t.Errorf("a row of old columns is encoded in layout %d, want 1", layout)
	}
	batch := jobs.Batch{Rows: []jobs.Row{
		{Number: 1, Op: jobs.Create, User: "u", ConversationID: jobs.LatestConversation, Carry: "[1]"}, {Number: 2, Op: jobs.EnsureUser, User: "v", GivenName: "Ann", Metadata: `{}`},
	}}
	back, err := codec.DecodeBatch(codec.EncodeBatch(batch))
	if diff := cmp.Diff(batch, back); err != nil || diff != "" {
		t.Errorf("batch: %v (-want +got):\n%s", err, diff)
	}
	for i, o := range []jobs.Outcome{{Row: plain.Rows[0], ConversationID: "c"}, {Row: batch.Rows[0]}} {
		chunk, err := codec.DecodeChunk(codec.EncodeChunk(jobs.Chunk{Outcomes: []jobs.Outcome{o}}))
		if err != nil || chunk.Outcomes[0].ConversationID != o.ConversationID || chunk.Outcomes[0].Row != o.Row {
			t.Errorf("outcome %d: got %+v, %v", i, chunk, err)
		}
	}
}

func TestCallsOfARow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		row            jobs.Row
		calls, lookups int64
	}{
		{jobs.Row{Op: jobs.Create, ConversationID: "c", BrandID: "b"}, 1, 0},
		{jobs.Row{Op: jobs.Create, ConversationID: "latest"}, 2, 1},
		{jobs.Row{Op: jobs.Create, ConversationID: "only", BrandID: "b"}, 3, 2},
		{jobs.Row{Op: jobs.Ensure, ConversationID: "default"}, 3, 1},
		{jobs.Row{Op: jobs.EnsureUser, BrandID: "b"}, 1, 0},
		{jobs.Row{Op: jobs.EnsureConversation}, 2, 1},
		{jobs.Row{Op: jobs.EnsureConversation, BrandID: "b"}, 3, 2},
	} {
		if test.row.Calls() != test.calls || test.row.Lookups() != test.lookups {
			t.Errorf("%+v: got %d calls, %d lookups, want %d and %d", test.row, test.row.Calls(), test.row.Lookups(), test.calls, test.lookups)
		}
	}
}
