package input

import (
	"bytes"
	"io"
	"testing"
)

// What reading and checking a row allocates is held here, because no timed test could: the bounds
// are a quarter above what it takes.
func TestAllocationsPerRow(t *testing.T) {
	const rows = 5_000
	for _, tt := range []struct {
		name   string
		header string
		row    func(int, []byte) []byte
		most   float64
	}{
		{"csv", createHeader, createRow, 1.3},
		{"ndjson", "", createObject, 18},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, err := io.ReadAll(&madeRows{header: tt.header, row: tt.row, rows: rows})
			if err != nil {
				t.Fatal(err)
			}
			got := testing.AllocsPerRun(2, func() {
				r, err := openNames(t.Context(), []string{"-"}, Config{Op: "create", Stdin: bytes.NewReader(data)})
				if err != nil {
					t.Fatal(err)
				}
				for rec := range r.Records() {
					if rec.Rejection != nil {
						t.Fatal(rec.Rejection)
					}
				}
			}) / rows
			most := tt.most
			if raced {
				most++ // for sync.Pool drops some of what it is given then, such as what regular expressions need
			}
			if got > most {
				t.Errorf("a row takes %.2f allocations, want at most %.2f", got, most)
			}
		})
	}
}
