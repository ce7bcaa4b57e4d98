// Package ledger is the job's memory in Redis: its state and options, which rows are done, and
// every outcome. All keys of a job share the hash tag {JOB}, so one script changes them at once.
//
// asynq's queue is not a record (I5): what is not in the ledger has not happened.
package ledger

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// Errors that tell what the ledger knows of a job.
var (
	ErrNoJob    = errors.New("no such job")
	ErrExists   = errors.New("job exists")
	ErrIllegal  = errors.New("not possible in this state")
	ErrWentBack = errors.New("redis has lost what it had confirmed")
)

const allJobs = "sunbulk:jobs"

// key returns the name of one of a job's keys; all carry the tag {JOB}.
func key(job string, part ...string) string {
	k := "sunbulk:{" + job + "}"
	for _, p := range part {
		k += ":" + p
	}
	return k
}

// Ledger reads and writes the memory of jobs. It is safe for concurrent use.
type Ledger struct {
	rdb   redis.UniversalClient
	codec *jobs.Codec
}

// New returns a Ledger on rdb, which the caller closes.
func New(rdb redis.UniversalClient, codec *jobs.Codec) *Ledger {
	return &Ledger{rdb: rdb, codec: codec}
}

var (
	//go:embed create.lua
	createLua string
	//go:embed note.lua
	noteLua string
	//go:embed seal.lua
	sealLua string

	createScript = redis.NewScript(historyLua + createLua)
	noteScript   = redis.NewScript(noteLua)
	sealScript   = redis.NewScript(sealLua)
)

// Create begins a job in the state enqueuing, with the ID, Options, Fingerprint, Created and name of the Enqueuer
// of j; ErrExists when its id is taken.
func (l *Ledger) Create(ctx context.Context, j jobs.Job) error {
	options, err := json.Marshal(j.Options)
	if err != nil {
		return fmt.Errorf("encode options: %w", err)
	}
	created, err := createScript.Run(ctx, l.rdb, []string{key(j.ID)}, options, j.Created.UnixMilli(), j.Fingerprint,
		j.Options.Canary.Batches(j.Options.BatchSize), j.Enqueuer.Name).Int()
	if err != nil {
		return fmt.Errorf("create job: %w", err)
	}
	if created == 0 {
		return fmt.Errorf("create job %s: %w", j.ID, ErrExists)
	}
	return l.list(ctx, j.ID, j.Created.UnixMilli())
}

// List lets workers see a job that exists, or ErrNoJob. Its creator may have died before they did: each who adds rows
// to a job begins with it.
func (l *Ledger) List(ctx context.Context, id string) error {
	created, err := l.rdb.HGet(ctx, key(id), "created").Int64()
	if errors.Is(err, redis.Nil) {
		return fmt.Errorf("job %s: %w", id, ErrNoJob)
	}
	if err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	return l.list(ctx, id, created)
}

func (l *Ledger) list(ctx context.Context, id string, created int64) error {
	if err := l.rdb.ZAdd(ctx, allJobs, redis.Z{Score: float64(created), Member: id}).Err(); err != nil {
		return fmt.Errorf("list job: %w", err)
	}
	return nil
}

// Note is what the enqueuing side has read so far: absolute figures, and the rows since the last note
// that are not queued.
type Note struct {
	Read     int64 // rows, those that are not queued too
	Batches  int64
	Rejected []jobs.Rejection
	Filtered []jobs.Outcome // noop: rows that a filter left out since the last note
	Through  int64          // rows 1 to Through are read; fewer than Read while rows of a canary lie beyond
	Digest   string         // of the records up to Read; empty when none is wanted
	Before   int64          // Read of the note before, of the same process: a record that knows of fewer went back
	By       string         // who alone may note it; empty when anybody may
}

// Chunk encodes the rows of the note that have their outcome; nil when there is none.
func (n Note) Chunk(codec *jobs.Codec) []byte {
	if len(n.Rejected)+len(n.Filtered) == 0 {
		return nil
	}
	return codec.EncodeChunk(jobs.Chunk{Batch: -1, Outcomes: n.Filtered, Rejections: n.Rejected})
}

// span returns the span of the rows of Chunk, as text; empty when there is none.
func (n Note) span() string {
	var rows []int64
	for i := range n.Rejected {
		rows = append(rows, n.Rejected[i].Number)
	}
	for i := range n.Filtered {
		rows = append(rows, n.Filtered[i].Row.Number)
	}
	if len(rows) == 0 {
		return ""
	}
	return spanOf(rows, func(row *int64) int64 { return *row }).String()
}

// Note records n before the batch that it announces is queued. A note that is not beyond the
// last one changes nothing, so an enqueue that starts again can repeat its notes. ErrWentBack when the note before is lost, a *TakenError when
// it is no longer the process of the note that queues the job's rows.
func (l *Ledger) Note(ctx context.Context, id string, n Note) error {
	noted, err := noteScript.Run(ctx, l.rdb, []string{key(id), key(id, "outcomes")},
		n.Read, n.Batches, len(n.Rejected), n.Chunk(l.codec), n.span(), n.Through, len(n.Filtered), n.By, n.Digest, n.Before).Int()
	if err != nil {
		return fmt.Errorf("note rows read: %w", err)
	}
	if noted == -2 {
		return fmt.Errorf("note rows read: %w", ErrWentBack)
	}
	if noted < 0 {
		return fmt.Errorf("note rows read: %w", &TakenError{})
	}
	return nil
}

// Seal says that the last batch is queued, and finishes the job when all are done already.
func (l *Ledger) Seal(ctx context.Context, id string, inputs []jobs.Input, now time.Time) error {
	data, err := json.Marshal(inputs)
	if err != nil {
		return fmt.Errorf("encode inputs: %w", err)
	}
	if err := sealScript.Run(ctx, l.rdb, []string{key(id)}, data, now.UnixMilli()).Err(); err != nil {
		return fmt.Errorf("seal job: %w", err)
	}
	return nil
}
