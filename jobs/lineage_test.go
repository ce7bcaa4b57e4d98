package jobs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Only what names rows of jobs is a lineage: a column of that name may be somebody's own.
func TestParseLineage(t *testing.T) {
	for cell, want := range map[string]Lineage{
		"20261122-153012-k3f9:17":                            "20261122-153012-k3f9:17",
		"  20261122-153012-k3f9:17 20261123-080000-ab12:4\n": "20261122-153012-k3f9:17 20261123-080000-ab12:4",
		"":                         "",
		"17":                       "",
		"order-17":                 "",
		"20261122-153012-k3f9":     "",
		"20261122-153012-k3f9:":    "",
		"20261122-153012-k3f9:0":   "",
		"20261122-153012-k3f9:-1":  "",
		"20261122-153012-k3f9:1.0": "",
		"20261122-153012-K3F9:1":   "",
		"20261122-153012-k3f9:99999999999999999999":             "",
		"20261122-153012-k3f9:1 and 2":                          "",
		"../20261122-153012-k3f9:1":                             "",
		strings.Repeat("20261122-153012-k3f9:1 ", maxLineage+1): "",
	} {
		got, ok := ParseLineage(cell)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", cell, got, ok, want)
		}
	}
}

func TestFindLineage(t *testing.T) {
	for text, want := range map[string]Lineage{
		`{"user":"u1","rerunOf":"20261122-153012-k3f9:17"}`:          "20261122-153012-k3f9:17",
		"u1\n20261122-153012-k3f9:17 20261123-080000-ab12:4\nfailed": "20261122-153012-k3f9:17 20261123-080000-ab12:4",
		`{"user":"20261122-153012-k3f9"}`:                            "",
		"120261122-153012-k3f9:17":                                   "",
		"":                                                           "",
	} {
		if got := FindLineage(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A lineage that grows for ever keeps the row that claims are kept with, and the newest.
func TestLineageIsBounded(t *testing.T) {
	var l Lineage
	for i := range 3 * maxLineage {
		l = l.Then(RowRef{fmt.Sprintf("20261122-1530%02d-k3f9", i), int64(i + 1)})
	}
	refs := l.Refs()
	if len(refs) != maxLineage || refs[0].Row != 1 || refs[maxLineage-1].Row != 3*maxLineage {
		t.Errorf("got %d rows, from %v to %v", len(refs), refs[0], refs[len(refs)-1])
	}
	if again, ok := ParseLineage(string(l)); !ok || again != l {
		t.Errorf("is read as %q", again)
	}
}

// What rows run again is kept, with and without what they carry; where none does, nothing changes for older releases.
func TestLineageRoundTrip(t *testing.T) {
	c := newCodec(t)
	for _, carry := range []string{"", Carry{Row: 2}.Encode()} {
		rows := createRows(3)
		if data := c.EncodeBatch(Batch{Rows: rows}); data[0] != layoutBatch {
			t.Errorf("layout without lineage: got %d", data[0])
		}
		rows[1].Lineage, rows[2].Carry = "20261122-153012-k3f9:17", carry
		batch, err := c.DecodeBatch(c.EncodeBatch(Batch{Rows: rows}))
		if diff := cmp.Diff(rows, batch.Rows); diff != "" || err != nil {
			t.Errorf("rows (-want +got):\n%s%v", diff, err)
		}
		outcomes := []Outcome{{Row: rows[0], FinishedAt: time.UnixMilli(1).UTC()}, {Row: rows[1], FinishedAt: time.UnixMilli(2).UTC()}}
		chunk, err := c.DecodeChunk(c.EncodeChunk(Chunk{Outcomes: outcomes, Rejections: []Rejection{{Number: 3}}}))
		if diff := cmp.Diff(outcomes, chunk.Outcomes); diff != "" || err != nil || len(chunk.Rejections) != 1 {
			t.Errorf("outcomes (-want +got):\n%s%v", diff, err)
		}
	}
}

// It makes no row another: a row that stands twice in joined files is one of them.
func TestLineageIsNoContent(t *testing.T) {
	a, b := createRows(1)[0], createRows(1)[0]
	b.Lineage = "20261122-153012-k3f9:17"
	if diff := cmp.Diff(a.AppendContent(nil), b.AppendContent(nil)); diff != "" {
		t.Error(diff)
	}
}
