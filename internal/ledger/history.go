package ledger

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// timeToReport is how long at least workers may report when Redis may have gone back: those that the record does not know, too, give a
// heartbeat within it.
const timeToReport = BeatInterval + time.Second

var (
	//go:embed history.lua
	historyLua string
	//go:embed report.lua
	reportLua string

	reportScript = redis.NewScript(historyLua + reportLua)
)

// parseRollback reads what history.lua keeps; false when there is nothing.
func parseRollback(entry string) (jobs.Rollback, bool) {
	const parts = 5
	f := strings.SplitN(entry, ":", parts)
	if len(f) != parts {
		return jobs.Rollback{}, false
	}
	return jobs.Rollback{
		At: time.UnixMilli(number(f[0])).UTC(), Writes: number(f[1]), Batches: number(f[2]), Silent: number(f[3]), NoticedBy: jobs.Line(f[4]),
	}, true
}

// Known is what a worker knows of a batch that it has opened and that the record does not call finished.
type Known struct {
	Batch    int64
	Fence    int64 // of the delivery that the worker has; 0 = none
	Sequence int64 // of its last commit that was confirmed
}

// reportPart is how many batches go into one call of the script.
const reportPart = 500

// Report tells the record what a worker knows that it may lack, and returns the generation to which it was reported. lost is how many writes
// were confirmed to the worker and are not there; when there are none, nor need be batches. What a batch lacks must be looked for.
func (l *Ledger) Report(ctx context.Context, job, worker string, lost int64, batches []Known) (generation int64, err error) {
	for {
		part := batches[:min(len(batches), reportPart)]
		batches = batches[len(part):]
		args := []any{worker, lost, flag(len(batches) == 0)}
		for _, k := range part {
			args = append(args, k.Batch, k.Fence, k.Sequence)
		}
		generation, err = reportScript.Run(ctx, l.rdb, []string{key(job), key(job, "open"), key(job, "finished")}, args...).Int64()
		if err != nil {
			return 0, fmt.Errorf("report what redis has lost: %w", err)
		}
		if len(batches) == 0 {
			return generation, nil
		}
		lost = 0
	}
}
