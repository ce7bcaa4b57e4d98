// Package service is what sunbulk does for any front end: its use cases on a Redis, as calls with plain arguments.
// It prints nothing and knows no flags. What went wrong comes as the typed errors of errors.go; a front end says
// in its own words what to do about them.
package service

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/mappings"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
)

// Service is the use cases on one Redis. It is safe for concurrent use.
type Service struct {
	rdb       redis.UniversalClient
	codec     *jobs.Codec
	ledger    *ledger.Ledger
	queues    *queue.Queues
	runs      *runs.Store
	schedules *schedule.Store
	address   string // of the Redis; empty where it is not known
	plans     *plans.Store
	mappings  *mappings.Store
	audit     *audit.Log
	noted     noted
	living    living
}

// New returns the Service on rdb, which Close closes.
func New(rdb redis.UniversalClient) (*Service, error) {
	codec, err := jobs.NewCodec()
	if err != nil {
		return nil, err
	}
	return &Service{rdb: rdb, codec: codec, ledger: ledger.New(rdb, codec), queues: queue.New(rdb, codec), runs: runs.NewStore(rdb), schedules: schedule.NewStore(rdb), plans: plans.NewStore(rdb), mappings: mappings.NewStore(rdb), audit: audit.New(rdb)}, nil
}

// Close lets go of the Redis.
func (s *Service) Close() error { return s.rdb.Close() }

// Redis returns the client.
func (s *Service) Redis() redis.UniversalClient { return s.rdb }

// Codec returns the encoding of what is kept on the Redis.
func (s *Service) Codec() *jobs.Codec { return s.codec }

// By is who asks for something, and why.
type By struct {
	Who    string    // such as ann@host; empty = nobody, and nothing is kept of it
	Owner  string    // the person behind a token; empty = that is not known
	Reason string    // empty = none is given
	Via    audit.Via // the front end
}

// Job returns a job, or *NotFound.
func (s *Service) Job(ctx context.Context, id string) (jobs.Job, error) {
	job, err := s.ledger.Job(ctx, id)
	return job, s.aboutJob(ctx, id, err)
}

// aboutJob makes a typed error of one of the ledger about a job.
func (s *Service) aboutJob(ctx context.Context, id string, err error) error {
	switch {
	case errors.Is(err, ledger.ErrIllegal):
		return &Conflict{Kind: WrongState, ID: id, text: err.Error()}
	case !errors.Is(err, ledger.ErrNoJob):
		return typed(err)
	}
	e := &NotFound{Kind: "job", ID: id}
	if _, err := s.runs.Run(ctx, id); err == nil {
		e.Is = "run"
	}
	return e
}
