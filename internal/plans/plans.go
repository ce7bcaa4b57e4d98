// Package plans is what Redis remembers of planned jobs until they are started: what was counted, who asked for an approval,
// who gave it. A plan never changes; what is decided of it names its digest.
package plans

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/jobs"
)

// Plan is a job before it is started.
type Plan struct {
	Version int            `json:"version"`
	ID      string         `json:"id"`
	Job     string         `json:"job"` // id that the job has when it is started
	Created time.Time      `json:"created"`
	Who     string         `json:"who"`             // made it
	Owner   string         `json:"owner,omitempty"` // the person behind that
	Upload  string         `json:"upload"`          // its input, on the machine that has it
	Name    string         `json:"name"`            // of the input, for people
	Read    input.Spec     `json:"read"`
	Options jobs.Options   `json:"options"`
	Made    plan.Plan      `json:"made"`
	Check   *plan.Findings `json:"check,omitempty"`
	Runbook *Runbook       `json:"runbook,omitempty"` // that is run in place of a job; Job is the id of the run then, Read is not used, and Made is its first step

	Digest  string `json:"-"` // SHA-256 of all that stands above, in hex
	Asked   *Act   `json:"-"` // for an approval; nil = nobody has
	Decided *Act   `json:"-"`
	Started *Act   `json:"-"`
}

// Act is what somebody did about a plan.
type Act struct {
	Who      string    `json:"who"`
	Owner    string    `json:"owner,omitempty"` // the person behind that
	At       time.Time `json:"at"`
	Reason   string    `json:"reason,omitempty"`
	Digest   string    `json:"digest"`             // of the plan as it was shown
	Approved bool      `json:"approved,omitempty"` // of a decision: else it is refused
}

// State is how far a plan has come.
type State string

// The states of plans.
const (
	Planned  State = "planned"
	Waiting  State = "waiting" // for an approval
	Approved State = "approved"
	Refused  State = "refused"
	Started  State = "started"
)

// State returns it.
func (p Plan) State() State {
	switch {
	case p.Started != nil:
		return Started
	case p.Decided != nil && p.Decided.Approved:
		return Approved
	case p.Decided != nil:
		return Refused
	case p.Asked != nil:
		return Waiting
	}
	return Planned
}

// Changes is how many rows of the plan change something, where lists and verifies only look.
func (p Plan) Changes() (n int64) {
	if p.Runbook != nil {
		return p.Runbook.Changes
	}
	for op, rows := range p.Made.Operations {
		if !op.Finds() && !op.Waits() {
			n += rows
		}
	}
	return n
}

// Removes is how many rows take a client away.
func (p Plan) Removes() (n int64) {
	if p.Runbook != nil {
		return p.Runbook.Removes
	}
	for op, rows := range p.Made.Operations {
		if op.Removes() {
			n += rows
		}
	}
	return n
}

// Errors of the store.
var (
	ErrNone    = errors.New("no such plan")
	ErrDone    = errors.New("it was done before")
	ErrVersion = errors.New("another release made the plan")
)

const (
	version = 1
	ofRuns  = 2 // version of plans of runbooks: an earlier release would make a job of the first step
	allKey  = "sunbulk:plans"
	life    = 14 * 24 * time.Hour
)

func key(id string) string { return "sunbulk:plan:{" + id + "}" }

// Store is the plans on one Redis.
type Store struct{ rdb redis.UniversalClient }

// NewStore returns the Store on rdb, which the caller closes.
func NewStore(rdb redis.UniversalClient) *Store { return &Store{rdb} }

// addScript adds a plan where there is none of its id. KEYS: plan; ARGV: JSON, life in ms.
var addScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'plan', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('HGET', KEYS[1], 'plan')`)

// Add keeps a plan, and returns the one that is kept under its id: an earlier one stays as it is.
func (s *Store) Add(ctx context.Context, p Plan) (Plan, error) {
	if p.Version = version; p.Runbook != nil {
		p.Version = ofRuns
	}
	data, err := json.Marshal(p)
	if err != nil {
		return p, fmt.Errorf("encode plan: %w", err)
	}
	if err := addScript.Run(ctx, s.rdb, []string{key(p.ID)}, data, life.Milliseconds()).Err(); err != nil {
		return p, fmt.Errorf("keep plan: %w", err)
	}
	// In another slot of a Cluster than the plan: it may lack one after a crash, which is added again then.
	if err := s.rdb.ZAdd(ctx, allKey, redis.Z{Score: float64(p.Created.UnixMilli()), Member: p.ID}).Err(); err != nil {
		return p, fmt.Errorf("list plan: %w", err)
	}
	return s.Plan(ctx, p.ID)
}

// Plan returns one, or ErrNone.
func (s *Store) Plan(ctx context.Context, id string) (p Plan, err error) {
	fields, err := s.rdb.HGetAll(ctx, key(id)).Result()
	if err != nil {
		return p, fmt.Errorf("read plan: %w", err)
	}
	return parse(id, fields)
}

func parse(id string, fields map[string]string) (p Plan, err error) {
	text := fields["plan"]
	if text == "" {
		return p, ErrNone
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("read plan %s: %w", id, err)
	}
	if p.Version != version && p.Version != ofRuns || (p.Version == ofRuns) != (p.Runbook != nil) {
		return p, fmt.Errorf("plan %s: %w", id, ErrVersion)
	}
	sum := sha256.Sum256([]byte(text))
	p.Digest = hex.EncodeToString(sum[:])
	for what, act := range map[string]**Act{"asked": &p.Asked, "decided": &p.Decided, "started": &p.Started} {
		if fields[what] == "" {
			continue
		}
		*act = &Act{}
		if err := json.Unmarshal([]byte(fields[what]), *act); err != nil {
			return p, fmt.Errorf("read plan %s: %w", id, err)
		}
		if (*act).Digest != p.Digest { // another plan was meant
			*act = nil
		}
	}
	return p, nil
}

// Plans returns the newest, at most limit of them. Those that have expired are forgotten.
func (s *Store) Plans(ctx context.Context, limit int) (all []Plan, err error) {
	if err := s.rdb.ZRemRangeByScore(ctx, allKey, "-inf", fmt.Sprint(time.Now().Add(-life).UnixMilli())).Err(); err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	ids, err := s.rdb.ZRevRange(ctx, allKey, 0, int64(limit)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	pipe, texts := s.rdb.Pipeline(), make([]*redis.MapStringStringCmd, len(ids))
	for i, id := range ids {
		texts[i] = pipe.HGetAll(ctx, key(id))
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for i, id := range ids {
		fields, err := texts[i].Result()
		if err != nil {
			continue
		}
		if p, err := parse(id, fields); err == nil { // one that cannot be read stops no other (I12)
			all = append(all, p)
		}
	}
	return all, nil
}

// actScript notes what was done about a plan that is there, once. KEYS: plan; ARGV: what, JSON. Returns -1 where there is no plan.
var actScript = redis.NewScript(`
if redis.call('HEXISTS', KEYS[1], 'plan') == 0 then return -1 end
return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])`)

// Ask notes that somebody asks for an approval, Decide what was decided, Start who started the job. Each is noted once: ErrDone
// afterwards.
func (s *Store) Ask(ctx context.Context, id string, a Act) error { return s.act(ctx, id, "asked", a) }

// Decide notes what was decided.
func (s *Store) Decide(ctx context.Context, id string, a Act) error {
	return s.act(ctx, id, "decided", a)
}

// Start notes who started the job.
func (s *Store) Start(ctx context.Context, id string, a Act) error {
	return s.act(ctx, id, "started", a)
}

func (s *Store) act(ctx context.Context, id, what string, a Act) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode act: %w", err)
	}
	done, err := actScript.Run(ctx, s.rdb, []string{key(id)}, what, data).Int()
	switch {
	case err != nil:
		return fmt.Errorf("note that the plan was %s: %w", what, err)
	case done < 0:
		return ErrNone
	case done == 0:
		return ErrDone
	}
	return nil
}

// onceLife is how long a key of a caller is remembered.
const onceLife = 24 * time.Hour

// Once returns when a request with a key came first, and whether it asked for the same then. Keys of different callers must differ.
func (s *Store) Once(ctx context.Context, idempotencyKey, request string) (at time.Time, same bool, err error) {
	sum := sha256.Sum256([]byte(request))
	name := sha256.Sum256([]byte(idempotencyKey))
	redisKey := "sunbulk:once:" + hex.EncodeToString(name[:])
	mine := fmt.Sprintf("%d:%s", time.Now().UnixMilli(), hex.EncodeToString(sum[:]))
	if err := s.rdb.SetNX(ctx, redisKey, mine, onceLife).Err(); err != nil {
		return at, false, fmt.Errorf("note request: %w", err)
	}
	kept, err := s.rdb.Get(ctx, redisKey).Result()
	if err != nil {
		return at, false, fmt.Errorf("read request: %w", err)
	}
	var ms int64
	var digest string
	if _, err := fmt.Sscanf(kept, "%d:%s", &ms, &digest); err != nil {
		return at, false, fmt.Errorf("read request: %w", err)
	}
	return time.UnixMilli(ms).UTC(), digest == hex.EncodeToString(sum[:]), nil
}
