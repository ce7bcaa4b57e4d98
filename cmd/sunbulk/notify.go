package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/notify"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/transit"
)

// notifyFlags say who hears of jobs, and how. The URL may hold a key, so it is kept like a secret.
type notifyFlags struct {
	url          string
	format       string
	stalledAfter time.Duration
}

func (o *notifyFlags) register(f *pflag.FlagSet) {
	f.StringVar(&o.url, "notify", "", "URL to post to when a job is finished, paused, stalled or cancelled; one that holds a key is better set as SUNBULK_NOTIFY")
	f.StringVar(&o.format, "notify-format", string(notify.JSON), "json, signed with SUNBULK_NOTIFY_SECRET, or slack")
	f.DurationVar(&o.stalledAfter, "notify-stalled-after", 10*time.Minute, "a running job is stalled when no row got its outcome for so long; 0 = never")
}

// hook checks the flags; it is nil when nobody is to be notified.
func (o *notifyFlags) hook(allowHTTP bool) (*notify.Hook, error) {
	if o.stalledAfter < 0 {
		return nil, usage(fmt.Sprintf("--notify-stalled-after: %s is negative", o.stalledAfter), "e.g. 10m, or 0 for never")
	}
	if format := notify.Format(o.format); format != notify.JSON && format != notify.Slack {
		return nil, usage(fmt.Sprintf("--notify-format: %q is neither %s nor %s", o.format, notify.JSON, notify.Slack), "")
	}
	if o.url == "" {
		return nil, nil
	}
	hook, err := notify.NewHook(o.url, notify.Sender{
		Format: notify.Format(o.format), Secret: os.Getenv("SUNBULK_NOTIFY_SECRET"), Agent: "sunbulk/" + version(), AllowHTTP: allowHTTP,
	})
	if errors.Is(err, notify.ErrClearText) {
		return nil, usage("--notify: "+err.Error(), transit.Hint)
	}
	if err != nil {
		return nil, usage("--notify: "+err.Error(), "e.g. --notify https://hooks.example.com/sunbulk --notify-format json")
	}
	return hook, nil
}

// notices reports a job while it runs. The function that it returns tells what is owed at the end, in ten seconds at most.
func (p *program) notices(ctx context.Context, s *service.Service, hook *notify.Hook, cfg notify.Config, log *slog.Logger) (finish func()) {
	if hook == nil {
		return func() {}
	}
	cfg.Logger = log
	end := s.Notices(ctx, hook, cfg)
	return func() {
		if err := end(); err != nil {
			printf(p.screen, "warning: %v\n", err)
		}
	}
}
