package input

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestBreakableReadsWhatIsThere(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 20_000)
	for name, r := range map[string]io.Reader{
		"all": bytes.NewReader(want), "half": iotest.HalfReader(bytes.NewReader(want)), "end with data": iotest.DataErrReader(bytes.NewReader(want)),
	} {
		if err := iotest.TestReader(newBreakable(t.Context(), r), want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("broken")
	got, err := io.ReadAll(newBreakable(t.Context(), io.MultiReader(bytes.NewReader(want), iotest.ErrReader(broken))))
	if !bytes.Equal(got, want) || !errors.Is(err, broken) {
		t.Errorf("got %d bytes and %v, want %d and the reader's error", len(got), err, len(want))
	}
}

// A pipe from which nothing comes is given up with its context, before a read and during one.
func TestBreakableEndsWithItsContext(t *testing.T) {
	cause := errors.New("interrupted")
	silent, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	b := newBreakable(ctx, silent)
	go func() {
		if _, err := writer.Write([]byte("some")); err != nil {
			t.Error(err)
		}
		cancel(cause)
	}()
	got, err := io.ReadAll(b)
	if string(got) != "some" && string(got) != "" || !errors.Is(err, cause) { // the write may have ended just before
		t.Errorf("got %q and %v, want what was there and the cause", got, err)
	}
	for range 2 {
		if _, err := b.Read(make([]byte, 8)); !errors.Is(err, cause) {
			t.Errorf("read again: got %v, want the cause", err)
		}
	}
}
