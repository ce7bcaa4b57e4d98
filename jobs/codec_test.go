package jobs

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newCodec(t testing.TB) *Codec {
	t.Helper()
	c, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func createRows(n int) []Row {
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{
			Number: int64(i + 1), Line: int64(i + 2), Op: Create, User: fmt.Sprintf("%012x%012x", random.Uint64()>>16, random.Uint64()>>16),
			Type: "whatsapp", IntegrationID: "5e4af71a81966cfff3ef6550", PhoneNumber: fmt.Sprintf("+1%010d", random.Int64N(1e10)),
			Confirmation: "immediate", ConversationID: fmt.Sprintf("%024x", random.Uint64()),
		}
	}
	return rows
}

func TestBatchRoundTrip(t *testing.T) {
	c := newCodec(t)
	for _, n := range []int{0, 1, 2, 100} {
		want := Batch{Number: 7, Rows: createRows(n)}
		got, err := c.DecodeBatch(c.EncodeBatch(want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("batch of %d rows (-want +got):\n%s", n, diff)
		}
	}
}

// What rows carry is kept, and costs nothing where none does.
func TestCarryRoundTrip(t *testing.T) {
	c := newCodec(t)
	carry := Carry{Row: 12, Cells: []Cell{{"Old \"id\"", "a\nb"}, {"", ""}}}
	got, err := DecodeCarry(carry.Encode())
	if diff := cmp.Diff(carry, got); diff != "" || err != nil {
		t.Errorf("carry (-want +got):\n%s%v", diff, err)
	}
	for _, broken := range []string{"", "{}", "[]", `["a"]`, `[1,"name"]`, `[1,2,"value"]`} {
		if c, err := DecodeCarry(broken); err == nil {
			t.Errorf("decoded %q as %v", broken, c)
		}
	}
	rows := createRows(3)
	rows[1].Carry = carry.Encode()
	batch, err := c.DecodeBatch(c.EncodeBatch(Batch{Rows: rows}))
	if diff := cmp.Diff(rows, batch.Rows); diff != "" || err != nil {
		t.Errorf("rows (-want +got):\n%s%v", diff, err)
	}
	outcomes := []Outcome{{Row: rows[0].Key(), FinishedAt: time.UnixMilli(1).UTC()}, {Row: rows[1].Key(), FinishedAt: time.UnixMilli(2).UTC()}}
	chunk, err := c.DecodeChunk(c.EncodeChunk(Chunk{Outcomes: outcomes, Rejections: []Rejection{{Number: 3}}}))
	if diff := cmp.Diff(outcomes, chunk.Outcomes); diff != "" || err != nil || len(chunk.Rejections) != 1 {
		t.Errorf("outcomes (-want +got):\n%s%v", diff, err)
	}
}

func TestChunkRoundTrip(t *testing.T) {
	c := newCodec(t)
	rows := createRows(3)
	at := time.Date(2026, 11, 22, 3, 4, 5, 678e6, time.UTC)
	want := Chunk{
		Batch: 12,
		Outcomes: []Outcome{
			{Row: rows[0].Key(), Kind: OK, ClientID: "c1", ClientStatus: "pending", HTTPStatus: 201, Detail: "adopted", Attempts: 2, Duration: 1234 * time.Microsecond, FinishedAt: at},
			{Row: rows[1], Kind: Failed, HTTPStatus: 404, ErrorCode: "user_not_found", Error: "no such user", Attempts: 1, FinishedAt: at.Add(time.Second)},
			{Row: rows[2].Key(), Kind: OK, FinishedAt: at, Clients: []json.RawMessage{json.RawMessage(`{"id":"a"}`), json.RawMessage(`{"id":"b\n"}`)}},
		},
		Rejections: []Rejection{
			{Number: 4, Line: 9, Column: "user", Cause: "is empty", Names: []string{"user", "op"}, Values: []string{"", "list"}},
			{Number: 5, Line: 10, Cause: "is not an object"},
		},
	}
	got, err := c.DecodeChunk(c.EncodeChunk(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chunk (-want +got):\n%s", diff)
	}
}

func TestAttemptsRoundTrip(t *testing.T) {
	c := newCodec(t)
	at := time.Date(2026, 11, 22, 3, 4, 5, 678e6, time.UTC)
	want := []Attempt{
		{Row: 1201, At: at, Took: 12 * time.Millisecond, Waited: time.Second, HTTPStatus: 429, ErrorCode: "too_many_requests", Reason: "Slow down"},
		{Row: 1299, At: at.Add(-time.Minute), Took: 30 * time.Second, ErrorCode: "no_answer", Reason: "timed out", Omitted: 7},
		{Row: 1201, At: at.Add(time.Second), HTTPStatus: 200, Look: true},
	}
	batch, got, err := c.DecodeAttempts(c.EncodeAttempts(12, want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || batch != 12 {
		t.Errorf("attempts of batch %d (-want +got):\n%s", batch, diff)
	}
}

func FuzzDecode(f *testing.F) {
	c := newCodec(f)
	f.Add(c.EncodeBatch(Batch{Rows: createRows(3)}))
	f.Add(c.EncodeChunk(Chunk{Outcomes: []Outcome{{Kind: OK}}, Rejections: []Rejection{{Line: 1}}}))
	f.Add(c.EncodeAttempts(3, []Attempt{{Row: 1, HTTPStatus: 429}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := c.DecodeBatch(data); err == nil {
			if _, err := c.DecodeBatch(c.EncodeBatch(b)); err != nil {
				t.Errorf("decode what was encoded: %v", err)
			}
		}
		if k, err := c.DecodeChunk(data); err == nil {
			c.EncodeChunk(k)
		}
		if batch, attempts, err := c.DecodeAttempts(data); err == nil {
			c.EncodeAttempts(batch, attempts)
		}
	})
}

// The columns behind the compression, so that the fuzzer gets past the checksum.
func FuzzReadColumns(f *testing.F) {
	w := columnWriter{rows: 2}
	w.header(0)
	writeRows(&w, func(i int) *Row { return &createRows(2)[i] })
	f.Add(w.buf)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &columnReader{buf: data}
		r.header()
		rows := make([]Row, r.rows)
		readRows(r, func(i int) *Row { return &rows[i] })
	})
}

// Duplicates are distinguished from other rejections, in chunks of older releases by their cause.
func TestRejectionsThatAreDuplicates(t *testing.T) {
	codec, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		rejections []Rejection
		want       []bool
	}{
		"now":         {[]Rejection{{Number: 1, Cause: "is new"}, {Number: 2, Cause: "was done", Duplicate: true}, {Number: 3, Column: "user", Cause: "is empty"}}, []bool{false, true, false}},
		"older":       {[]Rejection{{Number: 1, Cause: "same as an earlier row"}, {Number: 2, Cause: "an earlier row is for the same user, type and integration"}, {Number: 3, Column: "user", Cause: "same as an earlier row"}}, []bool{true, true, false}},
		"none at all": {[]Rejection{{Number: 1, Cause: "is wrong"}}, []bool{false}},
	} {
		k, err := codec.DecodeChunk(codec.EncodeChunk(Chunk{Batch: -1, Rejections: test.rejections}))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range k.Rejections {
			if r.Duplicate != test.want[i] {
				t.Errorf("%s: row %d: got duplicate %t, want %t", name, r.Number, r.Duplicate, test.want[i])
			}
		}
	}
}
