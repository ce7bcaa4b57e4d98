package report

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sunbulk/sunbulk/jobs"
)

// compareRecords takes a nil list for an empty one.
var compareRecords = cmp.Options{cmp.AllowUnexported(record{}), cmpopts.EquateEmpty()}

func fullRecord(n int64) *record {
	r := &record{Outcome: outcomeOf(createRow(n), jobs.Failed), Names: []string{"a", ""}, Values: []string{"", "b\n"}}
	r.Row.BrandID, r.Row.ClientID, r.ClientID, r.Detail = "brand", "c", "d", "adopted"
	r.Clients = []json.RawMessage{json.RawMessage(`{"id":1}`), json.RawMessage(`2`)}
	return r
}

func TestRecordRoundTrip(t *testing.T) {
	for _, want := range []*record{fullRecord(7), {}, rejected(&jobs.Rejection{Number: 1, Column: "user", Cause: "is empty"})} {
		got := fullRecord(9) // what another record left behind must not show
		if err := parseRecord(appendRecord(nil, want), got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, compareRecords); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(appendRecord(nil, fullRecord(7)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second record
		if parseRecord(data, &first) != nil {
			return
		}
		if err := parseRecord(appendRecord(nil, &first), &second); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second, compareRecords); diff != "" {
			t.Errorf("record (-first +second):\n%s", diff)
		}
	})
}

// Records in any order, longer than any window and next to holes, come back in row order.
func TestSpoolSortsRows(t *testing.T) {
	s, err := openSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	random := rand.New(rand.NewPCG(1, 2))
	want := make(map[int64]*record)
	for _, i := range random.Perm(3000) {
		if i%7 == 0 {
			continue
		}
		r := &record{Outcome: outcomeOf(createRow(int64(i)), jobs.Failed)}
		if i%100 == 1 {
			r.Error = strings.Repeat("x", random.IntN(3*readWindow))
		}
		want[int64(i)] = r
		if err := s.put(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.flush(); err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for got, err := range s.records(&scope{through: 5000, last: 5000}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if got.Row.Number != n || got.lost != (want[n] == nil) {
			t.Fatalf("got row %d, lost %t in place %d", got.Row.Number, got.lost, n)
		}
		if diff := cmp.Diff(want[n], got, compareRecords); !got.lost && diff != "" {
			t.Fatalf("row %d (-want +got):\n%s", n, diff)
		}
	}
	if n != 5000 {
		t.Errorf("got %d rows, want 5000", n)
	}
}

// streamSource makes outcomes as they are read: batches of 100 rows that end out of order, within
// as many as run at a time; one row in ten failed, one in fifty was rejected, one in fifty waits.
type streamSource struct {
	rows int64
	look func() // at the memory in use; nil = nobody looks
}

const streamWindow = 64

func (s streamSource) Chunks(context.Context) iter.Seq2[jobs.Chunk, error] {
	return func(yield func(jobs.Chunk, error) bool) {
		random := rand.New(rand.NewPCG(1, 2))
		for group := int64(0); group*100*streamWindow < s.rows; group++ {
			for _, i := range random.Perm(streamWindow) {
				var k jobs.Chunk
				first := (group*streamWindow+int64(i))*100 + 1
				for n := first; n < first+100 && n <= s.rows; n++ {
					switch {
					case n%50 == 7:
						k.Rejections = append(k.Rejections, jobs.Rejection{Number: n, Line: n + 1, Column: "user", Cause: "is empty", Names: []string{"user", "phone"}, Values: []string{"", "+1"}})
					case n%50 == 8:
					case n%10 == 0:
						k.Outcomes = append(k.Outcomes, outcomeOf(createRow(n), jobs.Failed))
					default:
						k.Outcomes = append(k.Outcomes, outcomeOf(createRow(n), jobs.OK))
					}
				}
				if !yield(k, nil) {
					return
				}
				for n := first; n < first+100 && n <= s.rows; n++ {
					s.glance(n)
				}
			}
		}
	}
}

func (s streamSource) Rows(context.Context) iter.Seq2[jobs.Row, error] {
	return func(yield func(jobs.Row, error) bool) {
		for n := int64(8); n <= s.rows; n += 50 {
			if !yield(createRow(n), nil) {
				return
			}
		}
	}
}

func (s streamSource) Attempts(context.Context) iter.Seq2[jobs.Attempt, error] {
	return sequence[jobs.Attempt](nil, nil)
}

func (s streamSource) job() jobs.Job {
	return testJob(jobs.Running, jobs.Tally{Read: s.rows, Unprocessed: s.rows})
}

// heapGrowth is how far the highest mark of what is in use rises from ten thousand rows to many. It looks each time a source has
// given another thirtieth of its rows: then the writer waits, so no garbage of its own comes between the collection and the look,
// however busy the machine is.
func heapGrowth(t *testing.T, many int64, write func(src streamSource) error) int64 {
	t.Helper()
	heap := func(rows int64) (most int64) {
		look := func() {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, int64(m.HeapAlloc))
		}
		if err := write(streamSource{rows, look}); err != nil {
			t.Fatal(err)
		}
		if most == 0 {
			t.Fatal("the writer asked for no rows, so nobody looked")
		}
		return most
	}
	small := heap(10_000)
	return heap(many) - small
}

// glance is called for each row, and looks at the memory thirty times.
func (s streamSource) glance(row int64) {
	if s.look != nil && row%max(s.rows/30, 1) == 0 {
		s.look()
	}
}

// I6: 100,000 rows take no more memory than ten thousand.
func TestWriteI6FlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100,000 rows")
	}
	got := heapGrowth(t, 100_000, func(src streamSource) error {
		_, err := writeTo(t.Context(), t.TempDir(), src.job(), src)
		return err
	})
	if most := int64(512 << 10); got > most {
		t.Errorf("the heap grew by %d bytes, want at most %d", got, most)
	}
}

// I6: as with the report.
func TestWriteUndoI6FlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100,000 rows")
	}
	got := heapGrowth(t, 100_000, func(src streamSource) error {
		_, err := undoTo(t.Context(), t.TempDir(), src.job(), src)
		return err
	})
	if most := int64(512 << 10); got > most {
		t.Errorf("the heap grew by %d bytes, want at most %d", got, most)
	}
}

// BenchmarkWrite makes a report of a million rows.
func BenchmarkWrite(b *testing.B) {
	src := streamSource{rows: 1_000_000}
	chunks := slices.Collect(func(yield func(jobs.Chunk) bool) {
		for k := range src.Chunks(b.Context()) {
			yield(k)
		}
	})
	queued := slices.Collect(func(yield func(jobs.Row) bool) {
		for row := range src.Rows(b.Context()) {
			yield(row)
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := writeTo(b.Context(), b.TempDir(), src.job(), memorySource{chunks: chunks, rows: queued}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(src.rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkWriteUndo writes what takes back the creates among a million rows.
func BenchmarkWriteUndo(b *testing.B) {
	src := streamSource{rows: 1_000_000}
	chunks := slices.Collect(func(yield func(jobs.Chunk) bool) {
		for k := range src.Chunks(b.Context()) {
			yield(k)
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := undoTo(b.Context(), b.TempDir(), src.job(), memorySource{chunks: chunks}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(src.rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Clients of a list that found many fit a report, too.
func TestLongListsOfClients(t *testing.T) {
	o := outcomeOf(jobs.Row{Number: 1, Op: jobs.List, User: "u"}, jobs.OK)
	for i := range 5000 {
		o.Clients = append(o.Clients, json.RawMessage(fmt.Sprintf(`{"id":"c%d"}`, i)))
	}
	src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{o}}}}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, testJob(jobs.Finished, src.tallyOf(1)), src); err != nil {
		t.Fatal(err)
	}
	_, lines := readSheet(t, dir, "clients.csv")
	for i, line := range lines {
		if want, got := fmt.Sprintf("c%d", i), line["clientId"]; want != got {
			t.Fatalf("line %d: got client %s, want %s", i, got, want)
		}
	}
	if len(lines) != 5000 || strings.Count(content(t, dir, "clients.ndjson"), "\n") != 5000 {
		t.Errorf("got %d lines of clients, want 5000", len(lines))
	}
}
