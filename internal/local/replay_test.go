package local

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

func TestADamagedLineIsNamed(t *testing.T) {
	h := head()
	h.Version, h.Rules = version, input.Rules
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
			if line, err = encodeLine(record{Open: &opening{Batch: batch, Calling: true, Since: start}}); err != nil {
				break
			}
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
