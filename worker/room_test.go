package worker

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sync/semaphore"

	"github.com/sunbulk/sunbulk/jobs"
)

// However many handlers have batches, and however small those are when compressed, they hold no more than there is room for (I6).
func TestI6HandlersHoldNoMoreThanTheirRoom(t *testing.T) {
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	soft, stop := context.WithCancel(t.Context())
	s := &server{Worker: &Worker{codec: codec}, room: semaphore.NewWeighted(roomForBatches), soft: soft}
	rows := make([]jobs.Row, 10_000)
	for i := range rows {
		rows[i] = jobs.Row{Number: int64(i + 1), Op: jobs.List, User: "u", Message: strings.Repeat("m", 2000+i%2)}
	}
	payload := codec.EncodeBatch(jobs.Batch{Rows: rows})
	if len(payload) > 20_000 {
		t.Fatalf("got a payload of %d bytes, want a small one", len(payload))
	}
	var leave []func()
	for range 2 { // of some 25 MB each
		b, done, err := s.take(payload)
		if err != nil || len(b.Rows) != len(rows) {
			t.Fatalf("got %d rows and %v", len(b.Rows), err)
		}
		leave = append(leave, done)
	}
	stop()
	var back *handBack
	if b, _, err := s.take(payload); !errors.As(err, &back) || b.Rows != nil {
		t.Errorf("got %d rows and %v, want none while there is no room", len(b.Rows), err)
	}
	for _, done := range leave {
		done()
	}
	if _, done, err := s.take(payload); err != nil {
		t.Errorf("got %v, want the batch when there is room again", err)
	} else {
		done()
	}
	if !s.room.TryAcquire(roomForBatches) {
		t.Error("room was not given back")
	}
}
