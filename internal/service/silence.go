package service

import (
	"context"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// WebhookNews is whether the webhook of an app tells what becomes of its links.
type WebhookNews struct {
	Heard  time.Time `json:"heard,omitzero"` // when its last event came; zero where none came in a day
	Silent bool      `json:"silent"`         // none has come for 20 minutes
}

// Webhook tells whether a webhook follows the links of a job that are pending; nil where none is.
func (s *Service) Webhook(ctx context.Context, job jobs.Job, now time.Time) (*WebhookNews, error) {
	if job.Links.Pending == 0 {
		return nil, nil
	}
	ago, ever, err := s.ledger.Heard(ctx, job.Options.App)
	if err != nil || !ever {
		return &WebhookNews{Silent: true}, err
	}
	return &WebhookNews{Heard: now.Add(-ago).UTC().Truncate(time.Second), Silent: ago > ledger.SilentAfter}, nil
}
