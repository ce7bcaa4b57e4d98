package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

func TestCreateMakesAPrivateFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	l := newRun(t, dir)
	for path, want := range map[string]os.FileMode{dir: 0o700, l.file.Name(): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %o, want %o", filepath.Base(path), got, want)
		}
	}
	got, there, err := Peek(dir)
	want := head()
	want.Version = version
	if diff := cmp.Diff(want, got); diff != "" || !there || err != nil {
		t.Errorf("peek: there %t, error %v, head (-want +got):\n%s", there, err, diff)
	}
}

func TestAFolderHasOneRunAtATime(t *testing.T) {
	dir := t.TempDir()
	l := newRun(t, dir)
	codec := newCodec(t)
	if _, err := Create(dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrLocked) {
		t.Errorf("create beside a run: got %v, want ErrLocked", err)
	}
	if _, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrLocked) {
		t.Errorf("resume beside a run: got %v, want ErrLocked", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrExists) {
		t.Errorf("create over a journal: got %v, want ErrExists", err)
	}
	resumed, got, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec)
	if err != nil || got.Job != job {
		t.Fatalf("resume: job %s, %v", got.Job, err)
	}
	if err := resumed.Discard(); err != nil {
		t.Fatal(err)
	}
	if _, there, err := Peek(dir); there || err != nil {
		t.Errorf("peek after discard: there %t, error %v, want neither", there, err)
	}
	if _, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrNone) {
		t.Errorf("resume after discard: got %v, want ErrNone", err)
	}
	again, err := Create(dir, head(), newMemory(t, codec), codec)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestAChangedRunIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := newRun(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(*Head)
		want   []string
	}{
		{"nothing", func(*Head) {}, nil},
		{"job and time", func(h *Head) { h.Job, h.Created = "20270101-000000-aaaa", start.AddDate(1, 0, 0) }, nil},
		{"name of a file", func(h *Head) { h.Inputs[0].Name = "c.csv" }, nil},
		{"options", func(h *Head) { h.Options.Rate, h.Options.MaxFailures.Percent = 20, 30 }, []string{"option maxFailures", "option rate"}},
		{"content of a file", func(h *Head) { h.Inputs[1].SHA256 = "cc" }, []string{"input 2"}},
		{"size of a file", func(h *Head) { h.Inputs[0].Size = 11 }, []string{"input 1"}},
		{"files", func(h *Head) { h.Inputs = h.Inputs[:1] }, []string{"number of inputs"}},
		{"settings", func(h *Head) { h.Settings = map[string]string{"op": "list", "set": "a=b"} }, []string{"setting op", "setting set"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := head()
			test.change(&h)
			codec := newCodec(t)
			l, _, err := Resume(t.Context(), dir, h, newMemory(t, codec), codec)
			if err == nil {
				l.Close()
			}
			var got []string
			if changed, ok := errors.AsType[*ChangedError](err); ok {
				got = changed.Changed
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("what changed (-want +got):\n%s", diff)
			}
		})
	}
}

// A run that ended within Create has called nothing: another one can begin in its place.
func TestAHeadThatIsNotWholeIsNoJournal(t *testing.T) {
	line, err := encodeLine(head())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, len(line) - 1} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), line[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, there, err := Peek(dir); there || err != nil {
			t.Errorf("peek at %d bytes: there %t, error %v, want neither", n, there, err)
		}
		codec := newCodec(t)
		if _, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrNone) {
			t.Errorf("resume from %d bytes: got %v, want ErrNone", n, err)
		}
		newRun(t, dir)
		if _, there, err := Peek(dir); !there || err != nil {
			t.Errorf("peek after create over %d bytes: there %t, error %v", n, there, err)
		}
	}
	if _, there, err := Peek(filepath.Join(t.TempDir(), "missing")); there || err != nil {
		t.Errorf("peek at a missing folder: there %t, error %v, want neither", there, err)
	}
}

func TestADamagedLineIsNamed(t *testing.T) {
	h := head()
	h.Version = version
	first := string(must[[]byte](t)(encodeLine(h)))
	open := `{"open":{"batch":0,"since":"2026-11-22T15:30:12Z"}}` + "\n"
	finish := `{"commit":{"batch":0,"progress":"gA=="}}` + "\n"
	for _, test := range []struct {
		name, journal string
		want          int64
	}{
		{"head", "{\n" + open, 1},
		{"version", strings.Replace(first, `"version":1`, `"version":2`, 1), 1},
		{"job id", strings.Replace(first, job, "../../etc", 1), 1},
		{"garbage", first + open + "garbage\n" + finish, 3},
		{"last line", first + open + "\x00\x00\n", 3},
		{"two in one", first + `{"open":{"batch":0},"seal":{}}` + "\n", 2},
		{"nothing", first + "{}\n", 2},
		{"commit without opening", first + finish, 2},
		{"finished twice", first + open + finish + finish, 4},
		{"opened when finished", first + open + finish + open, 4},
		{"negative batch", first + `{"open":{"batch":-1}}` + "\n", 2},
		{"huge batch", first + `{"open":{"batch":4611686018427387904}}` + "\n", 2},
		{"note behind the last one", first + `{"note":{"read":2,"batches":1}}` + "\n" + `{"note":{"read":1,"batches":1}}` + "\n", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte(test.journal), 0o600); err != nil {
				t.Fatal(err)
			}
			codec := newCodec(t)
			_, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec)
			damaged, ok := errors.AsType[*LineError](err)
			if !ok || damaged.Line != test.want {
				t.Errorf("got %v, want an error of line %d", err, test.want)
			}
		})
	}
}

// endless reads as one line that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestI6ALineHasALimit(t *testing.T) {
	for _, err := range lines(endless{}) {
		if !errors.Is(err, errLong) {
			t.Errorf("got %v, want %v", err, errLong)
		}
	}
}

// heapReader looks at the live heap every few megabytes that are read through it.
type heapReader struct {
	io.Reader
	read, most uint64
}

func (h *heapReader) Read(p []byte) (int, error) {
	const interval = 8 << 20
	n, err := h.Reader.Read(p)
	if h.read/interval != (h.read+uint64(n))/interval {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapAlloc)
	}
	h.read += uint64(n)
	return n, err
}

func TestI6ReplayHasFlatMemory(t *testing.T) {
	const batches, size = 1000, 32 << 20
	chunk := bytes.Repeat([]byte("outcomes"), size/batches/8*3/4)
	source, sink := io.Pipe()
	go func() {
		line, err := encodeLine(head())
		for batch := int64(0); err == nil && batch < batches; batch++ {
			sink.Write(line)
			line, err = encodeLine(record{Open: &opening{Batch: batch, Since: start}})
			sink.Write(line)
			line, err = encodeLine(record{Commit: &commit{Batch: batch, Progress: jobs.Progress{0x80}, Chunk: chunk}})
		}
		sink.Write(line)
		sink.CloseWithError(err)
	}()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r := &heapReader{Reader: source}
	got, _, err := replay(r, head())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Open) != 0 || r.read < size {
		t.Fatalf("read %d bytes, %d batches are open; want %d bytes and none", r.read, len(got.Open), size)
	}
	if grown := int64(r.most) - int64(m.HeapAlloc); grown > 4<<20 {
		t.Errorf("the live heap grew by %d bytes while %d were read", grown, r.read)
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte("{}\n" + `{"open":{"batch":9}}` + "\n" + `{"commit":{"batch":9,"progress":"gA==","tally":{"ok":1},"stats":{"latency":{"3":1}}}}` + "\n"))
	f.Add([]byte("{}\n" + `{"note":{"read":2,"batches":1,"rejected":1,"chunk":"AA=="}}` + "\n" + `{"seal":{"inputs":[{"name":"a"}]}}` + "\ntorn"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, end, err := replay(bytes.NewReader(data), head())
		if err != nil {
			return
		}
		if end > int64(len(data)) || end > 0 && data[end-1] != '\n' {
			t.Errorf("end %d of %d bytes is not behind a line", end, len(data))
		}
		for batch := range m.Open {
			if i := batch / 8; i < int64(len(m.Finished)) && m.Finished[i]&bit(batch) != 0 {
				t.Errorf("batch %d is open and finished", batch)
			}
		}
	})
}

func BenchmarkCommit(b *testing.B) {
	const goroutines = 64
	l := newRun(b, b.TempDir())
	ctx := b.Context()
	outcomes := make([]jobs.Outcome, 100)
	for i := range outcomes {
		outcomes[i] = outcome(int64(i + 1))
		outcomes[i].ClientID = fmt.Sprintf("%024x", i*7919)
	}
	disk := &countingDisk{disk: l.journal.disk}
	l.journal.disk = disk
	numbers := make(chan int64)
	go func() {
		defer close(numbers)
		for n := range int64(b.N) {
			numbers <- n
		}
	}()
	b.SetParallelism((goroutines + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			d, err := l.Open(ctx, job, <-numbers, "w", start)
			if err != nil {
				b.Error(err)
				return
			}
			p := jobs.NewProgress(len(outcomes))
			for i := range p {
				p.Finish(i)
			}
			c := ledger.Commit{Sequence: 1, Progress: p, Outcomes: outcomes, Tally: jobs.Tally{OK: int64(len(outcomes))}}
			if _, err := l.Commit(ctx, d, c, start); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	b.ReportMetric(float64(disk.syncs)/float64(2*b.N), "fsyncs/line")
}

// countingDisk counts the fsyncs of another disk.
type countingDisk struct {
	disk
	syncs int
}

func (d *countingDisk) Sync() error {
	d.syncs++ // a journal has one writer at a time
	return d.disk.Sync()
}
