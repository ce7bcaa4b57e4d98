package local

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/jobs"
)

const job = "20261122-153012-k3f9"

var start = time.UnixMilli(1_795_000_000_000).UTC()

func head() Head {
	return Head{
		Job: job, Options: jobs.Options{App: "app", Attempts: 5, BatchSize: 4, Rate: 10, MaxFailures: jobs.Threshold{Percent: 20}},
		Inputs:   []Input{{Name: "a.csv", Size: 10, SHA256: "aa"}, {Name: "b.csv", Size: 20, SHA256: "bb"}},
		Settings: map[string]string{"op": "remove", "set": "c=y", "map": "m=b\nn=a"}, Created: start,
	}
}

func newCodec(t testing.TB) *jobs.Codec {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// newMemory returns the ledger of a new Redis in the process.
func newMemory(t testing.TB, codec *jobs.Codec) *ledger.Ledger {
	t.Helper()
	r, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return ledger.New(r.Client(), codec)
}

// newRun returns the Ledger of a new run.
func newRun(t testing.TB, dir string) *Ledger {
	t.Helper()
	codec := newCodec(t)
	l, err := Create(dir, head(), newMemory(t, codec), codec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := l.Create(context.Background(), jobs.Job{ID: job, Options: head().Options, Created: start}); err != nil {
		t.Fatal(err)
	}
	return l
}

// resumed goes on, in a new process as it were, from a folder whose journal is data.
func resumed(t testing.TB, data []byte) *Ledger {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	codec := newCodec(t)
	l, _, err := Resume(context.Background(), dir, head(), newMemory(t, codec), codec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func journalOf(t testing.TB, l *Ledger) []byte {
	t.Helper()
	data, err := os.ReadFile(l.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return data
}
