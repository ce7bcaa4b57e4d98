package runbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// reached is a step of the migration with what is known of it.
func reached(t *testing.T, f *Flow, step int, job jobs.Job, chunk jobs.Chunk, queued ...jobs.Row) Reached {
	t.Helper()
	vars, err := json.Marshal(f.Vars)
	if err != nil {
		t.Fatal(err)
	}
	job.Options.Filter, job.Created = jobs.Filter{Where: f.Steps[step].Where, Vars: string(vars)}, began
	return Reached{Job: job, Outcomes: one(chunk), Queued: func(yield func(jobs.Row, error) bool) {
		for _, row := range queued {
			if !yield(row, nil) {
				return
			}
		}
	}}
}

func one(chunk jobs.Chunk) iter.Seq2[jobs.Chunk, error] {
	return func(yield func(jobs.Chunk, error) bool) { yield(chunk, nil) }
}

// sealed is a job whose rows are all queued.
func sealed(rows int64) jobs.Job { return jobs.Job{Sealed: true, Tally: jobs.Tally{Read: rows}} }

// told returns the ends as short texts, sorted.
func told(t *testing.T, f *Flow, steps ...Reached) []string {
	t.Helper()
	texts := []string{}
	for e, err := range f.Ends(steps) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, fmt.Sprintf("%d %s %s %s %s: %s", e.Row, e.User, e.Step, e.Kind, e.ClientID, e.Cause))
	}
	slices.Sort(texts)
	return texts
}

// listed is what a list found of row n, user un: so many clients of the old integration, and another.
func listed(n int64, old int) jobs.Outcome {
	o := jobs.Outcome{Row: jobs.Row{Number: n, Line: n + 1, Op: jobs.List, User: fmt.Sprintf("u%d", n)}, Kind: jobs.OK, Clients: []json.RawMessage{client("other", "another", "+1")}}
	for i := range old {
		o.Clients = append(o.Clients, client(fmt.Sprintf("old%d", i), oldIntegration, "+1"))
	}
	return o
}

// link is the row of the second step with a number, of row n.
func link(number, n int64) jobs.Row {
	return jobs.Row{Number: number, Line: n + 1, Op: jobs.Ensure, User: fmt.Sprintf("u%d", n), Carry: fmt.Sprintf("[%d]", n)}
}

// Every row of the input has an end at every moment, and one for each client that went on.
func TestI1EveryRowHasAnEnd(t *testing.T) {
	f := compile(t, migration())
	// Row 1 has two clients that go on, row 2 none, row 3 has failed, row 4 one, row 5 is rejected.
	lists := jobs.Chunk{
		Outcomes: []jobs.Outcome{listed(4, 1), listed(1, 2), listed(2, 0),
			{Row: jobs.Row{Number: 3, User: "u3"}, Kind: jobs.Failed, ErrorCode: "user_not_found", Error: "User not found"}},
		Rejections: []jobs.Rejection{{Number: 5, Line: 6, Column: "user", Cause: "is empty"}},
	}
	// As they came through: record 1 is of row 4, records 2 and 3 are of row 1.
	short := []string{
		"2 u2 find ok : where keeps no client of 1", "3 u3 find failed : User not found", "5  find rejected : user is empty",
	}
	const waits = "the step has not begun with it"
	linked := jobs.Chunk{Outcomes: []jobs.Outcome{{Row: link(1, 4), Kind: jobs.OK, ClientID: "n4"}, {Row: link(2, 1), Kind: jobs.InDoubt, Error: "the answer was lost"}}}
	for _, c := range []struct {
		name  string
		steps []Reached
		want  []string
	}{
		{"while the first step is at work", []Reached{reached(t, f, 0, sealed(5), jobs.Chunk{Outcomes: lists.Outcomes[:2]}, jobs.Row{Number: 4, User: "u4"}, jobs.Row{Number: 2, User: "u2"})},
			[]string{"1 u1 link unprocessed : " + waits, "1 u1 link unprocessed : " + waits, "2 u2 find unprocessed : the step has not come to it",
				"3  find unprocessed : it is not in the queue", "4 u4 link unprocessed : " + waits, "5  find unprocessed : it is not in the queue"}},
		{"while the first step is being queued", []Reached{reached(t, f, 0, jobs.Job{Tally: jobs.Tally{Read: 2}}, jobs.Chunk{Outcomes: lists.Outcomes[1:2]}, jobs.Row{Number: 2, User: "u2"}, jobs.Row{Number: 3, User: "u3"})},
			[]string{"1 u1 link unprocessed : " + waits, "1 u1 link unprocessed : " + waits, "2 u2 find unprocessed : the step has not come to it"}},
		{"before the second step is begun", []Reached{reached(t, f, 0, sealed(5), lists)},
			append([]string{"1 u1 link unprocessed : " + waits, "1 u1 link unprocessed : " + waits, "4 u4 link unprocessed : " + waits}, short...)},
		{"while the second step is being queued, and a batch is noted and not there", []Reached{
			reached(t, f, 0, sealed(5), lists), reached(t, f, 1, jobs.Job{Tally: jobs.Tally{Read: 2}}, jobs.Chunk{}, link(1, 4))},
			append([]string{"1 u1 link unprocessed : " + waits, "1 u1 link unprocessed : " + waits, "4 u4 link unprocessed : the step has not come to it"}, short...)},
		{"while its canary runs ahead", []Reached{
			reached(t, f, 0, sealed(5), lists), reached(t, f, 1, jobs.Job{Options: jobs.Options{Canary: jobs.Canary{Rows: 1}}, Tally: jobs.Tally{Read: 1}}, jobs.Chunk{}, link(3, 1))},
			append([]string{"1 u1 link unprocessed : " + waits, "1 u1 link unprocessed : the step has not come to it", "4 u4 link unprocessed : " + waits}, short...)},
		{"when the second step is cancelled", []Reached{
			reached(t, f, 0, sealed(5), lists), reached(t, f, 1, jobs.Job{State: jobs.Cancelled, Tally: jobs.Tally{Read: 3}}, linked, link(3, 1))},
			append([]string{"1 u1 link in_doubt : the answer was lost", "1 u1 link unprocessed : the step has not come to it", "4 u4 wait unprocessed n4: " + waits}, short...)},
		{"when all is done", []Reached{
			reached(t, f, 0, sealed(5), lists),
			reached(t, f, 1, sealed(3), jobs.Chunk{Outcomes: linked.Outcomes, Rejections: []jobs.Rejection{
				{Number: 3, Cause: "an earlier row is for the same user", Names: []string{"row", "user"}, Values: []string{"1", "u1"}}}}),
			reached(t, f, 2, sealed(1), jobs.Chunk{Outcomes: []jobs.Outcome{{Row: jobs.Row{Number: 1, User: "u4", ClientID: "n4", Carry: "[4]"}, Kind: jobs.OK, ClientID: "n4"}}}),
			reached(t, f, 3, sealed(1), jobs.Chunk{Outcomes: []jobs.Outcome{{Row: jobs.Row{Number: 1, User: "u4", ClientID: "old0", Carry: "[4]"}, Kind: jobs.Noop, ErrorCode: "client_not_found"}}})},
			append([]string{"1 u1 link in_doubt : the answer was lost", "1 u1 link rejected : an earlier row is for the same user", "4 u4 unlink noop old0: "}, short...)},
	} {
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, told(t, f, c.steps...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// A row that where leaves out of a later step ends there.
func TestEndOfARowThatIsLeftOut(t *testing.T) {
	f := compile(t, migration())
	left := jobs.Outcome{Row: link(1, 1), Kind: jobs.Noop, Detail: jobs.LeftOut}
	got := told(t, f, reached(t, f, 0, sealed(1), jobs.Chunk{Outcomes: []jobs.Outcome{listed(1, 1)}}), reached(t, f, 1, sealed(1), jobs.Chunk{Outcomes: []jobs.Outcome{left}}))
	if diff := cmp.Diff([]string{"1 u1 link noop : left out by where"}, got); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

// A create that an event settles when its step is over went no further, and the rows behind it keep their ends (I1).
func TestI1EndOfARowThatAnEventSettledSince(t *testing.T) {
	f := compile(t, migration())
	lists := jobs.Chunk{Outcomes: []jobs.Outcome{listed(1, 1), listed(2, 1)}}
	settled := jobs.Outcome{Row: link(1, 1), Kind: jobs.InDoubt, ErrorCode: "no_answer", Error: "the answer was lost"}
	settled.Settle(jobs.Link{Client: "n1"})
	links := jobs.Chunk{Outcomes: []jobs.Outcome{settled, {Row: link(2, 2), Kind: jobs.OK, ClientID: "n2"}}}
	wait := jobs.Chunk{Outcomes: []jobs.Outcome{{Row: jobs.Row{Number: 1, User: "u2", ClientID: "n2", Carry: "[2]"}, Kind: jobs.Failed, ErrorCode: "link_failed", Error: "gone"}}}
	got := told(t, f, reached(t, f, 0, sealed(2), lists), reached(t, f, 1, sealed(2), links), reached(t, f, 2, sealed(1), wait))
	want := []string{"1 u1 link in_doubt n1: an event named its client when the step was over: the steps behind did not run for it", "2 u2 wait failed n2: gone"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

func TestEndsStopAtAnError(t *testing.T) {
	f := compile(t, migration())
	broken := errors.New("redis is gone")
	outcomes := func(yield func(jobs.Chunk, error) bool) { yield(jobs.Chunk{}, broken) }
	rows := func(yield func(jobs.Row, error) bool) { yield(jobs.Row{}, broken) }
	for name, steps := range map[string][]Reached{
		"outcomes": {reached(t, f, 0, sealed(2), jobs.Chunk{Outcomes: []jobs.Outcome{listed(1, 1)}}), {Job: sealed(1), Outcomes: outcomes, Queued: reached(t, f, 1, sealed(0), jobs.Chunk{}).Queued}},
		"queue":    {{Job: sealed(1), Outcomes: one(jobs.Chunk{}), Queued: rows}},
		"carry":    {reached(t, f, 0, sealed(1), jobs.Chunk{Outcomes: []jobs.Outcome{{Row: jobs.Row{Number: 1, Carry: "{"}, Kind: jobs.OK}}})},
	} {
		ends := 0
		var got error
		var last report.End
		for e, err := range f.Ends(steps) {
			ends, got, last = ends+1, err, e
		}
		if ends != 1 || got == nil || last != (report.End{}) || name != "carry" && !errors.Is(got, broken) {
			t.Errorf("%s: got %d ends and %v, want the error alone", name, ends, got)
		}
	}
}
