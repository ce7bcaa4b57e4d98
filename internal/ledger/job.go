package ledger

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// Prefixes of fields in the job's hash whose names are open-ended.
const (
	latencyField  = "latency:"
	causeField    = "cause:"
	sampleField   = "sample:"   // row:error of the first row with that cause
	eventField    = "event:"    // from 1
	rollbackField = "rollback:" // of a generation; history.lua has its form
	retryField    = "retry:"    // job that runs the failed rows of a cause again
)

// recordVersion is that of the records that this release reads, which none has as a field. A release under which a field means something else writes a
// higher one.
const recordVersion = 1

// canaryField is the number of batches that must be finished before any other is opened.
const canaryField = "canary"

var (
	//go:embed move.lua
	moveLua string

	moveScript = redis.NewScript(moveLua)
)

// Job returns what the ledger knows of a job, ErrNoJob, or an *UnreadableError.
func (l *Ledger) Job(ctx context.Context, id string) (jobs.Job, error) {
	fields, tooLarge, err := Record(ctx, l.rdb, key(id), "options", "inputs", "reason", "fingerprint", "enqueuer")
	switch {
	case err != nil:
		return jobs.Job{}, fmt.Errorf("read job: %w", readError(id, err))
	case tooLarge != "":
		return jobs.Job{}, &UnreadableError{id, tooLarge}
	case len(fields) == 0:
		return jobs.Job{}, fmt.Errorf("job %s: %w", id, ErrNoJob)
	}
	job, err := parseJob(id, fields)
	if err == nil {
		job.Abandoned, err = l.abandoned(ctx, job)
	}
	return job, err
}

func parseJob(id string, fields map[string]string) (jobs.Job, error) {
	n := func(name string) int64 {
		v, _ := strconv.ParseInt(fields[name], 10, 64) // a missing counter is zero
		return v
	}
	at := func(name string) time.Time {
		if fields[name] == "" {
			return time.Time{}
		}
		return time.UnixMilli(n(name)).UTC()
	}
	if v := n("version"); v > recordVersion {
		return jobs.Job{}, &UnreadableError{id, fmt.Sprintf("it is of version %d, and this release knows %d", v, recordVersion)}
	}
	job := jobs.Job{
		ID: id, State: jobs.State(fields["state"]), Reason: jobs.Line(fields["reason"]), Fingerprint: fields["fingerprint"],
		Batches: n("batches"), Sealed: fields["sealed"] == "1", Mending: fields["sealed"] == "0" && n("mending") > 0,
		Enqueuer: jobs.Enqueuer{Name: jobs.Line(fields["enqueuer"]), Seen: at("enqueuer_seen")},
		Through:  n("through"), CanaryFinished: at("canary_finished"),
		Created: at("created"), Started: at("started"), Finished: at("finished"),
		Tally:    jobs.Tally{Read: n("read"), OK: n("ok"), Noop: n("noop"), Failed: n("failed"), Rejected: n("rejected"), InDoubt: n("in_doubt")},
		Filtered: n("filtered"),
		Links:    linksOf(fields, n), Taken: n("taken"), Merged: n("mergedIn"),
		Stats: jobs.Stats{Calls: n("calls"), Retries: n("retries"), Throttled: n("throttled"), Looks: n("looks"), Lookups: n("lookups"),
			Latency: jobs.Histogram{}, Causes: map[string]jobs.Cause{}},
	}
	job.Pause = jobs.ReadPauseKind(job.State, fields["pause"], fields["reason"])
	job.Tally.Unprocessed = job.Tally.Read - job.Tally.Settled()
	if err := json.Unmarshal([]byte(fields["options"]), &job.Options); err != nil {
		return job, &UnreadableError{id, "options: " + err.Error()}
	}
	if why := implausible(&job); why != "" {
		return job, &UnreadableError{id, why}
	}
	job.CanaryOver = job.Options.Canary.Rows > 0 && n(canaryField) == 0
	if inputs := fields["inputs"]; inputs != "" {
		if err := json.Unmarshal([]byte(inputs), &job.Inputs); err != nil {
			return job, &UnreadableError{id, "inputs: " + err.Error()}
		}
		for i := range job.Inputs {
			in := &job.Inputs[i]
			in.Name, in.Format, in.Error = jobs.Line(in.Name), jobs.Line(in.Format), jobs.Line(in.Error)
		}
	}
	if n("events") > int64(len(fields)) {
		return job, &UnreadableError{id, fmt.Sprintf("it counts %d events, and has %d fields", n("events"), len(fields))}
	}
	for i := range n("events") {
		var e jobs.Event
		if err := json.Unmarshal([]byte(fields[eventField+strconv.FormatInt(i+1, 10)]), &e); err != nil {
			return job, &UnreadableError{id, fmt.Sprintf("event %d: %v", i+1, err)}
		}
		job.Events = append(job.Events, e)
	}
	for name, value := range fields {
		if strings.HasPrefix(name, rollbackField) {
			if r, ok := parseRollback(value); ok {
				job.Rollbacks = append(job.Rollbacks, r)
			}
		}
		if code, ok := strings.CutPrefix(name, retryField); ok {
			if job.Retries == nil {
				job.Retries = map[string]string{}
			}
			job.Retries[jobs.Line(code)] = jobs.Line(value)
		}
		if bucket, ok := strings.CutPrefix(name, latencyField); ok {
			if b, err := strconv.Atoi(bucket); err == nil {
				job.Stats.Latency[b] = n(name)
			}
		}
		if code, ok := strings.CutPrefix(name, causeField); ok {
			row, sample, _ := strings.Cut(fields[sampleField+code], ":")
			cause := jobs.Cause{Count: n(name), Error: jobs.Line(sample)}
			cause.Row, _ = strconv.ParseInt(row, 10, 64)
			if cause.Count > 0 { // none is left where rows in doubt were settled
				job.Stats.Causes[jobs.Line(code)] = cause
			}
		}
	}
	slices.SortFunc(job.Rollbacks, func(a, b jobs.Rollback) int { return a.At.Compare(b.At) })
	return job, nil
}

// implausible says what no sunbulk of this release writes, empty when nothing is: such a state, or counts that would be looped over.
func implausible(job *jobs.Job) string {
	switch job.State {
	case jobs.Enqueuing, jobs.Running, jobs.Paused, jobs.Finished, jobs.Cancelled:
	default:
		return fmt.Sprintf("its state is %q, which this release does not know", jobs.Line(string(job.State)))
	}
	for what, n := range map[string]int64{
		"batches": job.Batches, "rows read": job.Tally.Read, "rows ok": job.Tally.OK, "rows noop": job.Tally.Noop, "rows failed": job.Tally.Failed,
		"rows rejected": job.Tally.Rejected, "rows in doubt": job.Tally.InDoubt, "rows left out": job.Filtered,
	} {
		if n < 0 || n > maxRows {
			return fmt.Sprintf("it counts %d %s", n, what)
		}
	}
	if most := job.Tally.Read + job.Options.Canary.Batches(max(1, job.Options.BatchSize)); job.Batches > most {
		return fmt.Sprintf("it counts %d batches for %d rows", job.Batches, job.Tally.Read)
	}
	return ""
}

// IDs returns the ids of all jobs, the newest first.
func (l *Ledger) IDs(ctx context.Context) ([]string, error) {
	ids, err := l.rdb.ZRevRange(ctx, allJobs, 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return ids, nil
}

// Pause stops the calls of a job, with the reason that people will read. who is empty when sunbulk
// does it by itself.
func (l *Ledger) Pause(ctx context.Context, id, who string, kind jobs.PauseKind, reason string) error {
	return l.move(ctx, id, jobs.Paused, jobs.Event{Who: who, What: jobs.EventPause, Kind: kind, Reason: reason})
}

// Resume lets a paused job go on.
func (l *Ledger) Resume(ctx context.Context, id, who, reason string) error {
	return l.move(ctx, id, jobs.Running, jobs.Event{Who: who, What: jobs.EventResume, Reason: reason})
}

// Cancel ends a job; its rows without an outcome stay unprocessed.
func (l *Ledger) Cancel(ctx context.Context, id, who, reason string) error {
	return l.move(ctx, id, jobs.Cancelled, jobs.Event{Who: who, What: jobs.EventCancel, Reason: reason})
}

func (l *Ledger) move(ctx context.Context, id string, to jobs.State, e jobs.Event) error {
	e.At = time.Now().UTC()
	event, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	args := []any{string(to), e.Reason, e.At.UnixMilli(), event, string(e.Kind)}
	for _, old := range jobs.OldReasons() {
		args = append(args, old)
	}
	reply, err := moveScript.Run(ctx, l.rdb, []string{key(id)}, args...).Slice()
	if err != nil {
		return fmt.Errorf("set state of job %s: %w", id, err)
	}
	switch before := text(reply[1]); {
	case before == "missing":
		return fmt.Errorf("job %s: %w", id, ErrNoJob)
	case number(reply[0]) == 0 && before != string(to):
		return fmt.Errorf("job %s is %s: %w", id, before, ErrIllegal)
	}
	return nil
}

// Unfinished yields the numbers of the batches that are not finished, in order, each with its newest
// fence; 0 when it was never opened.
func (l *Ledger) Unfinished(ctx context.Context, id string, batches int64) (iter.Seq2[int64, int64], error) {
	open, err := l.rdb.HGetAll(ctx, key(id, "open")).Result()
	if err != nil {
		return nil, fmt.Errorf("read open batches: %w", err)
	}
	// Read after the open ones: a batch that is finished in between is in neither.
	finished, err := l.Finished(ctx, id)
	if err != nil {
		return nil, err
	}
	return func(yield func(batch, fence int64) bool) {
		for b := range batches {
			if finished(b) {
				continue
			}
			fence, _, _ := strings.Cut(open[strconv.FormatInt(b, 10)], ":")
			if !yield(b, number(fence)) {
				return
			}
		}
	}, nil
}

// Progress returns how many rows were read, and how many batches have an outcome for every row.
func (l *Ledger) Progress(ctx context.Context, id string) (read, finished int64, err error) {
	fields, err := l.rdb.HMGet(ctx, key(id), "read", "finished_batches").Result()
	if err != nil {
		return 0, 0, fmt.Errorf("read progress: %w", err)
	}
	return number(fields[0]), number(fields[1]), nil
}

// Standing returns the app and the state of a job, or ErrNoJob.
func (l *Ledger) Standing(ctx context.Context, id string) (app string, state jobs.State, err error) {
	fields, err := l.rdb.HMGet(ctx, key(id), "options", "state").Result()
	if err != nil {
		return "", "", fmt.Errorf("read state: %w", readError(id, err))
	}
	if fields[0] == nil || fields[1] == nil {
		return "", "", fmt.Errorf("job %s: %w", id, ErrNoJob)
	}
	var opt jobs.Options
	if err := json.Unmarshal([]byte(text(fields[0])), &opt); err != nil {
		return "", "", &UnreadableError{id, "options: " + err.Error()}
	}
	return opt.App, jobs.State(text(fields[1])), nil
}
