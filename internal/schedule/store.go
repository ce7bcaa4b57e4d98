package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

// Errors of what operators ask for.
var (
	ErrNone    = errors.New("no such schedule")
	ErrIllegal = errors.New("not possible in this state")
	ErrAlready = errors.New("already in this state")
)

// namesKey is the set of all names. It is in another slot of a Cluster than the schedules: a name in
// it may have none, after a crash.
const namesKey = "sunbulk:schedules"

func key(name string) string        { return "sunbulk:schedule:{" + name + "}" }
func historyKey(name string) string { return key(name) + ":history" }
func runningKey(name string) string { return key(name) + ":running" }

// Schedule is a runbook that runs by itself, as Redis remembers it.
type Schedule struct {
	Name    string
	Runbook *runbook.Runbook
	Vars    map[string]string
	Version int64 // raised by each change
	Created time.Time
	Changed time.Time
	Paused  time.Time // zero = it is not
	Who     string    // paused it
	Reason  string    // of the pause
	Last    time.Time // slots up to it were dealt with
	Running []string  // runs whose end is not noted, by id
}

// Store is what Redis remembers of schedules.
type Store struct{ rdb redis.UniversalClient }

// NewStore returns the Store on rdb, which the caller closes.
func NewStore(rdb redis.UniversalClient) *Store { return &Store{rdb} }

// Change is what applying a runbook did to its schedule.
type Change string

// The changes.
const (
	Created   Change = "created"
	Changed   Change = "changed"
	Unchanged Change = "unchanged"
)

// Apply makes or changes the schedule of a runbook. A pause stays; a schedule with another timetable
// counts slots from now.
func (s *Store) Apply(ctx context.Context, r *runbook.Runbook, vars map[string]string, who string) (Change, error) {
	runbookJSON, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode runbook %s: %w", r.Name, err)
	}
	varsJSON, err := json.Marshal(vars)
	if err != nil {
		return "", fmt.Errorf("encode variables of %s: %w", r.Name, err)
	}
	timetable, err := json.Marshal([]any{r.Schedule.Cron, r.Schedule.Timezone, r.Timezone, r.Schedule.Jitter, r.Schedule.Exclude})
	if err != nil {
		return "", fmt.Errorf("encode timetable of %s: %w", r.Name, err)
	}
	paused := "0"
	if r.Schedule.Paused {
		paused = "1"
	}
	change, err := applyScript.Run(ctx, s.rdb, []string{key(r.Name), historyKey(r.Name)}, runbookJSON, varsJSON, timetable, paused, who).Text()
	if err != nil {
		return "", fmt.Errorf("apply schedule %s: %w", r.Name, err)
	}
	if err := s.rdb.SAdd(ctx, namesKey, r.Name).Err(); err != nil {
		return "", fmt.Errorf("apply schedule %s: %w", r.Name, err)
	}
	return Change(change), nil
}

// Names returns the names of all schedules in order. One that is being removed may be among them.
func (s *Store) Names(ctx context.Context) ([]string, error) {
	names, err := s.rdb.SMembers(ctx, namesKey).Result()
	if err != nil {
		return nil, fmt.Errorf("read names of schedules: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// Now is the time of Redis, by which slots are due.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	now, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return now, fmt.Errorf("read the time of Redis: %w", err)
	}
	return now, nil
}

// Get returns a schedule; ErrNone when there is none of that name, or an *UnreadableError.
func (s *Store) Get(ctx context.Context, name string) (*Schedule, error) {
	fields, err := s.rdb.HGetAll(ctx, key(name)).Result()
	if err != nil {
		return nil, readError(name, "record", err)
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("schedule %s: %w", name, ErrNone)
	}
	d := &Schedule{Name: name, Who: jobs.Line(fields["who"]), Reason: jobs.Line(fields["reason"])}
	if d.Runbook, err = runbook.Decode("schedule "+name, []byte(fields["runbook"])); err != nil {
		return nil, &UnreadableError{name, err.Error()}
	}
	if d.Runbook.Schedule == nil {
		return nil, &UnreadableError{name, "its runbook has no schedule"}
	}
	if err := json.Unmarshal([]byte(fields["vars"]), &d.Vars); err != nil {
		return nil, &UnreadableError{name, fmt.Sprintf("its variables: %v", err)}
	}
	if d.Version, err = strconv.ParseInt(fields["version"], 10, 64); err != nil {
		return nil, &UnreadableError{name, fmt.Sprintf("its version: %v", err)}
	}
	for field, target := range map[string]*time.Time{"created": &d.Created, "changed": &d.Changed, "paused": &d.Paused, "last": &d.Last} {
		*target = parseMillis(fields[field])
	}
	if d.Running, err = s.rdb.SMembers(ctx, runningKey(name)).Result(); err != nil {
		return nil, readError(name, "runs", err)
	}
	slices.Sort(d.Running)
	return d, nil
}

// Pause lets the slots of a schedule pass. Runs that have started go on.
func (s *Store) Pause(ctx context.Context, name, who, reason string) error {
	return s.moveOnce(ctx, pauseScript, name, who, reason)
}

// Resume lets the next slot start again. Slots of the pause are not caught up.
func (s *Store) Resume(ctx context.Context, name, who, reason string) error {
	return s.moveOnce(ctx, resumeScript, name, who, reason)
}

// moveOnce is move, where what is in the way is that somebody did it before.
func (s *Store) moveOnce(ctx context.Context, script *redis.Script, name, who, reason string) error {
	err := s.move(ctx, script, name, "is so", who, reason)
	if errors.Is(err, ErrIllegal) {
		return fmt.Errorf("schedule %s: %w", name, ErrAlready)
	}
	return err
}

// Remove forgets a schedule and its history, without reading them. Runs that have started go on.
func (s *Store) Remove(ctx context.Context, name string) error {
	gone := s.move(ctx, removeScript, name, "has a run that is just being started")
	if gone != nil && !errors.Is(gone, ErrNone) {
		return gone
	}
	listed, err := s.rdb.SRem(ctx, namesKey, name).Result()
	switch {
	case err != nil:
		return fmt.Errorf("remove name of schedule %s: %w", name, err)
	case listed > 0: // one whose record was lost, too
		return nil
	}
	return gone
}

// move runs a script that answers 1, 0 for no such schedule, or -1 when something is in the way.
func (s *Store) move(ctx context.Context, script *redis.Script, name, way string, args ...any) error {
	n, err := script.Run(ctx, s.rdb, []string{key(name), historyKey(name), runningKey(name)}, args...).Int64()
	switch {
	case err != nil:
		return fmt.Errorf("schedule %s: %w", name, err)
	case n == 0:
		return fmt.Errorf("schedule %s: %w", name, ErrNone)
	case n < 0:
		return fmt.Errorf("schedule %s %s: %w", name, way, ErrIllegal)
	}
	return nil
}

// Trigger asks for a run beside the timetable, of a paused schedule too, and returns its id. A worker
// starts it, or passes over it as it would over a slot.
func (s *Store) Trigger(ctx context.Context, name, who string) (run string, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return "", err
	}
	run = jobs.NewID(now)
	keys := []string{key(name), historyKey(name)}
	answer, err := triggerScript.Run(ctx, s.rdb, keys, run, now.UnixMilli(), who).Result()
	switch {
	case err != nil:
		return "", fmt.Errorf("trigger schedule %s: %w", name, err)
	case answer == int64(0):
		return "", fmt.Errorf("schedule %s: %w", name, ErrNone)
	case answer != int64(1) && answer != run:
		return "", fmt.Errorf("schedule %s is to start run %s: %w", name, answer, ErrIllegal)
	}
	return run, nil
}

// Overdue tells whether no worker has dealt with a slot that should have started a minute ago.
func (d *Schedule) Overdue(t *Timetable, now time.Time) bool {
	slot, _ := t.due(d.Last, now.Add(-time.Minute))
	return !slot.IsZero() && len(d.Running) == 0 // else the slot may wait
}

// parseMillis reads ms since 1970; zero when there are none.
func parseMillis(s string) time.Time {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}
