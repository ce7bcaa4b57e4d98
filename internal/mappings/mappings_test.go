package mappings

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/localredis"
)

func TestMappings(t *testing.T) {
	redis, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	s, ctx := NewStore(redis.Client()), t.Context()
	if _, err := s.Mapping(ctx, "a", "crm"); !errors.Is(err, ErrNone) {
		t.Errorf("got %v, want ErrNone", err)
	}
	first := Mapping{App: "a", Name: "crm", Who: "ann", Content: Content{Op: "ensure", Map: map[string]string{"Móvil": "phoneNumber"}, Options: map[string]string{"rate": "5"}}}
	for want := range int64(3) {
		if got, err := s.Save(ctx, first); err != nil || got != want+1 {
			t.Errorf("saved as version %d, %v, want %d", got, err, want+1)
		}
	}
	first.Version = 3
	got, err := s.Mapping(ctx, "a", "crm")
	if diff := cmp.Diff(first, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	// One that cannot be read stops no other.
	if err := redis.Client().HSet(ctx, key("a"), "forged", "no number").Err(); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Mappings(ctx, "a"); err != nil || len(all) != 1 {
		t.Errorf("got %+v, %v", all, err)
	}
	if all, err := s.Mappings(ctx, "b"); err != nil || len(all) != 0 {
		t.Errorf("another app has %+v, %v", all, err)
	}
	// A removed one that is saved again is the next version, not an earlier one.
	if err := s.Remove(ctx, "a", "crm"); err != nil {
		t.Error(err)
	}
	if err := s.Remove(ctx, "a", "crm"); !errors.Is(err, ErrNone) {
		t.Errorf("got %v, want ErrNone", err)
	}
	if v, err := s.Save(ctx, first); err != nil || v != 4 {
		t.Errorf("saved again as version %d, %v, want 4", v, err)
	}
	for n := range most {
		_, err = s.Save(ctx, Mapping{App: "b", Name: fmt.Sprint(n)})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Save(ctx, Mapping{App: "b", Name: "one more"}); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	if _, err := s.Save(ctx, Mapping{App: "b", Name: "7"}); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}

func TestOr(t *testing.T) {
	saved := Content{Op: "create", Set: map[string]string{"a": "1", "b": "2"}, Where: "true", Sheet: "s"}
	got := Content{Op: "ensure", Set: map[string]string{"b": "3"}}.Or(saved)
	want := Content{Op: "ensure", Set: map[string]string{"a": "1", "b": "3"}, Where: "true", Sheet: "s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if saved.Set["b"] != "2" {
		t.Error("the saved one was changed")
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{"crm": true, "CRM Madrid, weekly": false, "Móviles 2.0": true, "": false, " x": false, "x ": false, "a/b": false, "a\nb": false, "<b>": false} {
		if IsName(name) != want {
			t.Errorf("%q is a name: %t", name, !want)
		}
	}
}
