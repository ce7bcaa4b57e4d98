package localredis_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/localredis"
)

// TestLongPipeline: a pipeline of more than any buffer holds is answered, and neither side waits for the other.
func TestLongPipeline(t *testing.T) {
	t.Parallel()
	r, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	long := strings.Repeat("x", 1000)
	var got []*redis.StringCmd
	_, err = r.Client().Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for range 500 {
			p.Set(t.Context(), "key", long, 0)
			got = append(got, p.Get(t.Context(), "key"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range got {
		if cmd.Val() != long {
			t.Fatalf("got %d bytes, want %d", len(cmd.Val()), len(long))
		}
	}
}
