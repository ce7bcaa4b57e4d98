package plan

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func create(user, integration, number string) jobs.Row {
	return jobs.Row{Op: jobs.Create, User: user, Type: "whatsapp", IntegrationID: integration, PhoneNumber: number, Confirmation: "immediate"}
}

func prompt(user, integration, number string) jobs.Row {
	r := create(user, integration, number)
	r.Confirmation = "prompt"
	return r
}

func remove(user, client string) jobs.Row {
	return jobs.Row{Op: jobs.Remove, User: user, ClientID: client}
}

func TestConflicts(t *testing.T) {
	inBrand := func(r jobs.Row) jobs.Row { r.BrandID = "b"; return r }
	mail := func(user, address string) jobs.Row {
		return jobs.Row{Op: jobs.Create, User: user, Type: "mailgun", IntegrationID: "m", Address: address}
	}
	tests := []struct {
		name string
		rows []jobs.Row
		want []Conflict
	}{
		{"none", []jobs.Row{create("u1", "i1", "+1212"), create("u2", "i1", "+1213"), remove("u3", "c1"), {Op: jobs.List, User: "u3"}, {Op: jobs.List, User: "u1"}}, []Conflict{}},
		{"two channels of a user", []jobs.Row{create("u1", "i1", "+1212"), create("u1", "i2", "+1212")}, []Conflict{}},
		{"users of two brands", []jobs.Row{create("u1", "i1", "+1212"), inBrand(create("u1", "i1", "+1213"))}, []Conflict{}},
		{"several clients of a user removed", []jobs.Row{remove("u1", "c1"), remove("u1", "c2"), remove("u1", "c3")}, []Conflict{}},
		{"created twice", []jobs.Row{create("u1", "i1", "+1212"), create("u2", "i1", "+1213"), create("u1", "i1", "+1214")},
			[]Conflict{{CreatedTwice, 1, [][2]int64{{1, 3}}}}},
		{"created twice with the same number", []jobs.Row{create("u1", "i1", "+1212"), create("u1", "i1", "+1 21-2")},
			[]Conflict{{CreatedTwice, 1, [][2]int64{{1, 2}}}}},
		{"removed, then created", []jobs.Row{remove("u1", "c1"), remove("u1", "c2"), create("u1", "i1", "+1212")},
			[]Conflict{{CreatedAndRemoved, 1, [][2]int64{{1, 3}}}}},
		{"created, then removed", []jobs.Row{create("u1", "i1", "+1212"), remove("u1", "c1")},
			[]Conflict{{CreatedAndRemoved, 1, [][2]int64{{1, 2}}}}},
		{"removed twice", []jobs.Row{remove("u1", "c1"), remove("u2", "c1"), remove("u1", "c1")},
			[]Conflict{{RemovedTwice, 2, [][2]int64{{1, 2}, {1, 3}}}}},
		{"number of two users", []jobs.Row{create("u1", "i1", "+1 (212) 555"), create("u2", "i1", "+1212555")},
			[]Conflict{{SharedContact, 1, [][2]int64{{1, 2}}}}},
		{"address of two users", []jobs.Row{mail("u1", "Ann@example.com"), mail("u2", "ann@example.com")},
			[]Conflict{{SharedContact, 1, [][2]int64{{1, 2}}}}},
		{"number of two users on two channels", []jobs.Row{create("u1", "i1", "+1212"), create("u2", "i2", "+1212")}, []Conflict{}},
		{"messaged on two channels", []jobs.Row{prompt("u1", "i1", "+1212"), prompt("u1", "i2", "+1212"), create("u1", "i3", "+1212")},
			[]Conflict{{MessagedTwice, 1, [][2]int64{{1, 2}}}}},
		{"linked in silence, then messaged twice", []jobs.Row{create("u1", "i1", "+1212"), prompt("u1", "i1", "+1212"), prompt("u1", "i1", "+1212")},
			[]Conflict{{CreatedTwice, 2, [][2]int64{{1, 2}, {1, 3}}}, {MessagedTwice, 1, [][2]int64{{2, 3}}}}},
	}
	for _, test := range tests {
		got := Make(rows(test.rows, nil), jobs.Options{}).Conflicts
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// Of many rows, no conflict is missed, and none found that is none.
func TestI6ConflictsOfManyRows(t *testing.T) {
	const users = 100_000
	p := Make(func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for turn := range 2 {
			for i := range users {
				r := create(fmt.Sprint("user-", i), "i1", fmt.Sprintf("+1212%09d", turn*users+i))
				r.Number = int64(turn*users + i + 1)
				if !yield(r, nil) {
					return
				}
			}
		}
	}, jobs.Options{})
	want := []Conflict{{CreatedTwice, users, [][2]int64{{1, users + 1}, {2, users + 2}, {3, users + 3}, {4, users + 4}, {5, users + 5}}}}
	if diff := cmp.Diff(want, p.Conflicts); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
}

// An entry has 24 bits for a row's number, and gives back the whole of it.
func TestConflictsBeyond24Bits(t *testing.T) {
	c := newConflicts()
	const far = 1 << 40
	for _, row := range []int64{far - 1, far, far + 1, far + rowMask} {
		key := c.key(thing{kind: aUser, id: fmt.Sprint(row)})
		c.add(key, removed, row)
		for m, got := range c.rows(key, row+rowMask) {
			if m != removed || got != row {
				t.Errorf("got mark %d of row %d, want %d of %d", m, got, removed, row)
			}
		}
	}
}
