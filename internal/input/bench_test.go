package input

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// madeRows gives a header and then as many rows as asked for, made as they are read.
type madeRows struct {
	header string
	row    func(i int, b []byte) []byte
	rows   int
	i      int
	rest   []byte
	buf    []byte
}

func (t *madeRows) Read(p []byte) (int, error) {
	if len(t.rest) == 0 {
		if t.i > t.rows {
			return 0, io.EOF
		}
		t.buf = t.buf[:0]
		if t.i == 0 {
			t.buf = append(t.buf, t.header...)
			t.i++
		}
		for n := 0; t.i <= t.rows && n < 500; n++ {
			t.buf = t.row(t.i, t.buf)
			t.i++
		}
		t.rest = t.buf
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

const createHeader = "user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId\n"

func createRow(i int, b []byte) []byte {
	return fmt.Appendf(b, "%024x,whatsapp,5e4af71a81966cfff3ef6550,+1212%07d,immediate,%024x\n", i*7919, i%1e7, i*104729)
}

func createObject(i int, b []byte) []byte {
	return fmt.Appendf(b, `{"user":"%024x","matchCriteria":{"type":"whatsapp","integrationId":"5e4af71a81966cfff3ef6550","phoneNumber":"+1212%07d"},"confirmation":{"type":"immediate"},"target":{"conversationId":"%024x"}}`+"\n", i*7919, i%1e7, i*104729)
}

func benchmark(b *testing.B, header string, row func(int, []byte) []byte, cfg Config) {
	b.ReportAllocs()
	const rows = 100_000
	data, err := io.ReadAll(&madeRows{header: header, row: row, rows: rows})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		b.StopTimer()
		cfg.Op, cfg.Stdin = "create", bytes.NewReader(data)
		r, err := openNames(b.Context(), []string{"-"}, cfg)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		n := 0
		for rec := range r.Records() {
			if rec.Rejection != nil {
				b.Fatal(rec.Rejection)
			}
			n++
		}
		if n != rows {
			b.Fatalf("got %d rows, want %d", n, rows)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkCSV(b *testing.B)    { benchmark(b, createHeader, createRow, Config{}) }
func BenchmarkNDJSON(b *testing.B) { benchmark(b, "", createObject, Config{}) }

// What --where costs, and what a computed value does beside it.
func BenchmarkWhere(b *testing.B) {
	where := Config{Where: `row.phoneNumber startsWith "+1" and row.user != ""`}
	b.Run("where", func(b *testing.B) { benchmark(b, createHeader, createRow, where) })
	where.Set = []Setting{{"brandId", "brand-${row.user}"}}
	b.Run("set", func(b *testing.B) { benchmark(b, createHeader, createRow, where) })
}
