package ledger

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// I2: a row of an earlier job is one row's to run again, until a rerun of that takes it over.
func TestI2RowIsClaimedByOne(t *testing.T) {
	l := newClaims(t)
	const first, second, third, fourth = "20261122-153012-aaaa", "20261122-153013-bbbb", "20261122-153014-cccc", "20261122-153015-dddd"
	ref := func(job string, row int64) jobs.RowRef { return jobs.RowRef{Job: job, Row: row} }
	root := jobs.Lineage("").Then(ref(first, 7))
	for _, step := range []struct {
		name    string
		lineage jobs.Lineage
		by      jobs.RowRef
		want    jobs.RowRef
	}{
		{"the first to come", root, ref(second, 1), ref(second, 1)},
		{"after a crash", root, ref(second, 1), ref(second, 1)},
		{"another job with the same file", root, ref(third, 1), ref(second, 1)},
		{"the same line twice in one file", root, ref(second, 2), ref(second, 1)},
		{"another row of the first job", jobs.Lineage("").Then(ref(first, 8)), ref(third, 2), ref(third, 2)},
		{"one that does not come from who has it", root.Then(ref(third, 1)), ref(fourth, 1), ref(second, 1)},
		{"a rerun of who has it", root.Then(ref(second, 1)), ref(third, 3), ref(third, 3)},
		{"who had it", root, ref(second, 1), ref(third, 3)},
		{"a second rerun of who had it", root.Then(ref(second, 1)), ref(fourth, 4), ref(third, 3)},
		{"over a rerun that never came to claim it", root.Then(ref(third, 3)).Then(ref(fourth, 5)), ref("20261122-153016-eeee", 1), ref("20261122-153016-eeee", 1)},
	} {
		if got := must[jobs.RowRef](t)(l.ClaimRow(t.Context(), step.lineage, step.by)); got != step.want {
			t.Errorf("%s: %v has it, want %v", step.name, got, step.want)
		}
	}
	left := must[time.Duration](t)(l.rdb.PTTL(t.Context(), key(first, "reruns")).Result())
	if left <= claimLife-time.Minute || left > claimLife {
		t.Errorf("claims expire in %v", left)
	}
	if err := l.Forget(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if got := must[jobs.RowRef](t)(l.ClaimRow(t.Context(), root, ref(fourth, 1))); got != ref(fourth, 1) {
		t.Errorf("after the job is forgotten %v has it", got)
	}
}
