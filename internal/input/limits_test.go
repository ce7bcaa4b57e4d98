package input

import (
	"io"
	"runtime"
	"strings"
	"testing"
)

// heap is the memory in use, and what was in use before a test began.
type heap struct{ before uint64 }

func newHeap() heap { return heap{inUse()} }

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// check fails the test when more than most bytes were added.
func (h heap) check(t *testing.T, most uint64) {
	t.Helper()
	if now := inUse(); now > h.before+most {
		t.Fatalf("%d bytes of memory are in use, %d were before; want at most %d more", now, h.before, most)
	}
}

// I6: many rows take no more memory than ten thousand, which have the table of duplicates already.
func TestMemoryIsFlat(t *testing.T) {
	for name, text := range map[string]*madeRows{
		"CSV":    {header: createHeader, row: createRow, rows: 100_000},
		"NDJSON": {row: createObject, rows: 40_000},
	} {
		t.Run(name, func(t *testing.T) {
			before, few := newHeap(), heap{}
			r, err := openNames(t.Context(), []string{"-"}, Config{Op: "create", Stdin: text})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			rows := 0
			for rec := range r.Records() {
				if rec.Rejection != nil {
					t.Fatal(tell(rec))
				}
				if rows++; rows == 10_000 {
					before.check(t, 36<<20) // the table of duplicates takes 32 of them
					few = newHeap()
				} else if rows%10_000 == 0 {
					few.check(t, 256<<10)
				}
			}
			if rows != text.rows {
				t.Errorf("got %d rows, want %d", rows, text.rows)
			}
		})
	}
}

// long gives head, then n times the letter x, then tail.
func long(head string, n int64, tail string) io.Reader {
	return io.MultiReader(strings.NewReader(head), io.LimitReader(letters{}, n), strings.NewReader(tail))
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	p[0] = 'x'
	for n := 1; n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

// I6: a record of up to 200 MB is rejected in constant memory, and the next one is read.
func TestLongRecords(t *testing.T) {
	const size = 32 << 20
	tests := []struct {
		name string
		text io.Reader
		last string // the last record
		rows int
	}{
		{"line", long("user,brandId\na,", 200<<20, "\nb,c\n"), "2:3 list user=b brandId=c", 2},
		{"quoted", long("user,brandId\na,\"", size, "\"\nb,c\n"), "2:3 list user=b brandId=c", 2},
		{"last line", long("user,brandId\nb,c\na,", size, ""), `2:3 rejected "" is longer than 1 MiB`, 2},
		{"NDJSON", long("{\"user\":\"", size, "\"}\n{\"user\":\"b\"}\n"), "2:2 list user=b", 2},
		{"NDJSON without an object", long("{\"user\":\"a\"}\n", size, "\n{\"user\":\"b\"}\n"), "3:3 list user=b", 3},
		{"array", long("[{\"user\":\"", size, "\"},\n{\"user\":\"b\"}]"), "2:2 list user=b", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := openNames(t.Context(), []string{"-"}, Config{Op: "list", Stdin: test.text, AllowDuplicates: true})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			before := newHeap()
			var got result
			for rec := range r.Records() {
				got.records = append(got.records, rec)
			}
			before.check(t, 3<<20)
			told := got.told()
			if len(told) != test.rows || told[len(told)-1] != test.last {
				t.Errorf("got %q, want %d records, the last %q", told, test.rows, test.last)
			}
		})
	}
}

// Rows differ when any of their values does, and not by where they stand.
func TestDuplicatesCompareAllValues(t *testing.T) {
	const header = "op,user,brandId,clientId\n"
	rows := []string{"list,a,b,", "list,ab,,", "list,a,,", "remove,a,b,c", "remove,a,bc,c", "remove,a,b,cc", "list,b,a,"}
	got, err := readText(t, header+strings.Join(rows, "\n")+"\n"+strings.Join(rows, "\n"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i, rec := range got.records {
		if rejected, again := rec.Rejection != nil, i >= len(rows); rejected != again {
			t.Errorf("record %s", tell(rec))
		}
	}
}
