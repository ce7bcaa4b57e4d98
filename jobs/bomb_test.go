package jobs

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// forged is a table as an attacker would write it: any body, under any claim of its size.
func forged(t *testing.T, layout byte, body []byte, opts ...zstd.EOption) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil, append(opts, zstd.WithEncoderLevel(zstd.SpeedFastest))...)
	if err != nil {
		t.Fatal(err)
	}
	return enc.EncodeAll(body, []byte{layout})
}

func streamed(t *testing.T, layout byte, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteByte(layout)
	enc, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	enc.Write(body)
	enc.Close()
	return out.Bytes()
}

func header(rows, number int64) []byte {
	w := columnWriter{rows: int(rows)}
	w.header(number)
	return w.buf
}

// cells is a chunk of rejections whose cells are all empty.
func cells(rows, each int, same bool) []byte {
	rejections := make([]Rejection, rows)
	for i := range rejections {
		rejections[i].Names = make([]string, each)
		if !same {
			rejections[i].Names = make([]string, each+i%2)
		}
	}
	w := columnWriter{}
	w.header(-1)
	writeOutcomes(&w, nil)
	w.rows = rows
	w.header(0)
	writeRejections(&w, rejections)
	return w.buf
}

// lists is a chunk of outcomes whose lists of clients hold n empty lines each.
func lists(rows, n int) []byte {
	w := columnWriter{rows: rows}
	w.header(0)
	outcomes := make([]Outcome, rows)
	writeOutcomes(&w, outcomes)
	w.buf = w.buf[:len(w.buf)-2] // the column of lists: one value, empty
	w.buf = append(w.buf, modeSame)
	w.buf = binary.AppendUvarint(w.buf, uint64(n))
	w.buf = append(w.buf, strings.Repeat("\n", n)...)
	w.rows = 0
	w.header(0)
	writeRejections(&w, nil)
	return w.buf
}

// However data from Redis or a journal is forged, decoding it takes a bounded amount of memory, also at many places at once (I6).
func TestI6ForgedData(t *testing.T) {
	if raced {
		t.Skip("takes minutes with the race detector; make test runs it without")
	}
	c, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 80<<20)
	for name, test := range map[string]struct {
		data   []byte
		refuse bool
	}{
		"80 MB of zeros":                     {forged(t, layoutBatch, zeros), true},
		"the same without a size":            {streamed(t, layoutBatch, zeros), true},
		"two frames":                         {append(forged(t, layoutBatch, zeros[:30<<20]), forged(t, layoutBatch, zeros[:30<<20])[1:]...), true},
		"60 MB that are no batch":            {forged(t, layoutBatch, zeros[:30<<20]), false},
		"a million rows in two bytes each":   {forged(t, layoutBatch, append(header(1<<20, 1), zeros[:4<<20]...)), true},
		"30 million cells":                   {forged(t, layoutChunk, cells(1000, 30_000, false)), true},
		"60,000 rows that share 1,000 cells": {forged(t, layoutChunk, cells(60_000, 1000, true)), false},
		"60,000 rows that share a long list": {forged(t, layoutChunk, lists(60_000, 500_000)), false},
		"a list of 8 million clients":        {forged(t, layoutChunk, lists(10, 8_000_000)), true},
		"a claim of 30 MB, and nothing":      {[]byte{layoutChunk, 0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0xe0, 1}, true},
		"a claim of all there is":            {[]byte{layoutChunk, 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 255, 255, 255, 255, 255, 255, 255, 255}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var failed sync.Map
			grown := allocated(func() {
				var all sync.WaitGroup
				for i := range 8 {
					all.Go(func() {
						_, batchErr := c.DecodeBatch(test.data)
						_, chunkErr := c.DecodeChunk(test.data)
						failed.Store(i, batchErr != nil && chunkErr != nil)
					})
				}
				all.Wait()
			})
			t.Logf("%d bytes: heap at most %d MB", len(test.data), grown>>20)
			failed.Range(func(_, f any) bool {
				if test.refuse && !f.(bool) {
					t.Error("it was decoded")
				}
				return true
			})
			if grown > 250<<20 {
				t.Errorf("heap grew by %d MB, want 250 at most", grown>>20)
			}
		})
	}
}

// allocated returns by how much the heap of the process grew at most while do ran. It is collected often, so that little of it is garbage.
func allocated(do func()) uint64 {
	const often = 10 // percent
	defer debug.SetGCPercent(debug.SetGCPercent(often))
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	go func() { do(); close(done) }()
	var most uint64
	for {
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapAlloc)
		select {
		case <-done:
			return most - min(most, before.HeapAlloc)
		default:
			runtime.Gosched()
		}
	}
}
