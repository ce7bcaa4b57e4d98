package runs

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/redisfault"
	"github.com/sunbulk/sunbulk/jobs"
)

// Errors that tell what is known of a run.
var (
	ErrNoRun   = errors.New("no such run")
	ErrExists  = errors.New("run exists")
	ErrIllegal = errors.New("not possible in this state")
)

const (
	allRuns  = "sunbulk:runs"     // ids by time of creation
	lastRows = "sunbulk:runbooks" // APP/NAME → rows of the input of the last run that finished
)

func key(run string) string { return "sunbulk:run:{" + run + "}" }

// Store is the memory of runs. It is safe for concurrent use.
type Store struct{ rdb redis.UniversalClient }

// NewStore returns a Store on rdb, which the caller closes.
func NewStore(rdb redis.UniversalClient) *Store { return &Store{rdb} }

var (
	//go:embed create.lua
	createLua string
	//go:embed move.lua
	moveLua string
	//go:embed lease.lua
	leaseLua string
	//go:embed advance.lua
	advanceLua string

	createScript  = redis.NewScript(createLua)
	moveScript    = redis.NewScript(moveLua)
	leaseScript   = redis.NewScript(leaseLua)
	advanceScript = redis.NewScript(advanceLua)
)

// Create begins a run with the ID, Runbook, Vars, Local, Schedule, Created and Fingerprint of r; ErrExists when its id is taken.
func (s *Store) Create(ctx context.Context, r Run) error {
	head, err := r.head()
	if err != nil {
		return err
	}
	created, err := createScript.Run(ctx, s.rdb, []string{key(r.ID)}, head, r.Created.UnixMilli()).Int()
	if err != nil {
		return fmt.Errorf("create run: %w", err)
	}
	// Also when it was there: its creator may have died in between.
	if err := s.rdb.ZAdd(ctx, allRuns, redis.Z{Score: float64(r.Created.UnixMilli()), Member: r.ID}).Err(); err != nil {
		return fmt.Errorf("list run: %w", err)
	}
	if created == 0 {
		return fmt.Errorf("create run %s: %w", r.ID, ErrExists)
	}
	return nil
}

// UnreadableError says that what Redis holds as the record of a run is none: damaged, of a newer release, of another type, or too
// large.
type UnreadableError struct {
	ID  string // of the run
	Why string
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the record of run %s cannot be read: %s", e.ID, e.Why)
}

// Run returns what is known of a run, ErrNoRun, or an *UnreadableError.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	fields, tooLarge, err := ledger.Record(ctx, s.rdb, key(id), "head", "reason")
	switch {
	case redisfault.Of(err) == redisfault.WrongType:
		return Run{}, &UnreadableError{id, "its key holds something else"}
	case err != nil:
		return Run{}, fmt.Errorf("read run: %w", err)
	case tooLarge != "":
		return Run{}, &UnreadableError{id, tooLarge}
	case len(fields) == 0:
		return Run{}, fmt.Errorf("run %s: %w", id, ErrNoRun)
	}
	return parseRun(id, fields)
}

// IDs returns the ids of all runs, the newest first.
func (s *Store) IDs(ctx context.Context) ([]string, error) {
	ids, err := s.rdb.ZRevRange(ctx, allRuns, 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return ids, nil
}

// Roll returns a Roll of all runs.
func (s *Store) Roll(log *slog.Logger) *ledger.Roll {
	return ledger.NewRoll(s.rdb, allRuns, "run", ErrNoRun, log)
}

// Pause keeps a run from its next step; who is empty when sunbulk does it by itself.
func (s *Store) Pause(ctx context.Context, id, who string, kind jobs.PauseKind, reason string) error {
	return s.move(ctx, id, jobs.Paused, jobs.Event{Who: who, What: jobs.EventPause, Kind: kind, Reason: reason}, 0)
}

// Resume lets a paused run go on. Exceed is the step, from 1, whose caps it may exceed; 0 = none.
func (s *Store) Resume(ctx context.Context, id, who string, exceed int) error {
	return s.move(ctx, id, jobs.Running, jobs.Event{Who: who, What: jobs.EventResume}, exceed)
}

// Cancel ends a run.
func (s *Store) Cancel(ctx context.Context, id, who, reason string) error {
	return s.move(ctx, id, jobs.Cancelled, jobs.Event{Who: who, What: jobs.EventCancel, Reason: reason}, 0)
}

func (s *Store) move(ctx context.Context, id string, to State, e jobs.Event, exceed int) error {
	e.At = time.Now().UTC()
	event, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	before, err := moveScript.Run(ctx, s.rdb, []string{key(id)}, string(to), e.Reason, event, exceed, string(e.Kind)).Text()
	switch {
	case err != nil:
		return fmt.Errorf("set state of run %s: %w", id, err)
	case before == "missing":
		return fmt.Errorf("run %s: %w", id, ErrNoRun)
	case before != "" && before != string(to):
		return fmt.Errorf("run %s is %s: %w", id, before, ErrIllegal)
	}
	return nil
}

// Lease makes owner the only one to queue rows of the run, for a time by Redis' clock. It is false while
// another has that.
func (s *Store) Lease(ctx context.Context, id, owner string, lasting time.Duration) (bool, error) {
	got, err := leaseScript.Run(ctx, s.rdb, []string{key(id)}, owner, lasting.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("lease run %s: %w", id, err)
	}
	return got, nil
}

// Counted notes how many rows the input of a run has.
func (s *Store) Counted(ctx context.Context, id string, rows int64) error {
	if err := s.rdb.HSet(ctx, key(id), "rows", rows).Err(); err != nil {
		return fmt.Errorf("note the rows of run %s: %w", id, err)
	}
	return nil
}

// Advance brings a run from its step, whose job has finished, to the next, or to its end. When the run
// has left the step already, nothing changes.
func (s *Store) Advance(ctx context.Context, r Run) error {
	finished := 0
	if r.Step+1 == len(r.Runbook.Steps) {
		finished = 1
		if err := s.rdb.HSet(ctx, lastRows, r.Runbook.App+"/"+r.Runbook.Name, r.Rows).Err(); err != nil {
			return fmt.Errorf("note the rows of run %s: %w", r.ID, err)
		}
	}
	if err := advanceScript.Run(ctx, s.rdb, []string{key(r.ID)}, r.Step, finished).Err(); err != nil {
		return fmt.Errorf("advance run %s: %w", r.ID, err)
	}
	return nil
}

// LastRows returns how many rows the input of the last run of a runbook had that finished; 0 when
// there is none.
func (s *Store) LastRows(ctx context.Context, app, name string) (int64, error) {
	rows, err := s.rdb.HGet(ctx, lastRows, app+"/"+name).Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("look how many rows there were: %w", err)
	}
	return rows, nil
}
