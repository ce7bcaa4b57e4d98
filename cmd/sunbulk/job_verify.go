package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) verifyCommand() *cobra.Command {
	var (
		redis  string
		access accessFlags
	)
	o := service.VerifyOrder{}
	cmd := &cobra.Command{
		Use:   "verify JOB|FOLDER",
		Short: "Follow the links of a job that are still pending",
		Long: `Verify queues a verify for each link of a job that is pending as a new job with the same rate, and prints its
id on stdout. Workers wait for the events of the app's webhook while those come, and ask the API elsewhere and at
the end of --within: one list for each link that no event has settled. What they learn is noted in the links of
the job that made them, so that its status and report show it.

FOLDER is the report folder of a run without Redis that has ended: this process asks the API then, and writes the
report again.

It may be repeated. With --within 0 each link is asked for once, now.`,
		Example: `  sunbulk verify 20261122-153012-k3f9 --within 2h
  sunbulk status 20261122-153012-k3f9
  sunbulk verify report --within 10m`,
		Args: needJobOrFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if isFolder(args[0]) {
				return p.verifyKept(cmd.Context(), args[0], access, o.Within)
			}
			o.Of, o.By = args[0], asked("")
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
				job, err := s.Verify(ctx, o)
				if err != nil {
					return err
				}
				if job.ID == "" {
					p.say("job " + o.Of + " has no link that is pending")
					return nil
				}
				return p.announce(ctx, s, job)
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	access.register(cmd.Flags(), &p.allowHTTP)
	cmd.Flags().DurationVar(&o.Within, "within", time.Hour, "how long a pending link is waited for; 0 = asks once")
	return cmd
}

// describeWebhook says whether a webhook follows the links that are pending.
func describeWebhook(w io.Writer, app string, news *service.WebhookNews, now time.Time) {
	switch {
	case news == nil:
	case news.Heard.IsZero():
		printf(w, "webhook: no event of app %s has come in a day; nothing follows what is pending\n", app)
	case news.Silent:
		printf(w, "webhook: silent since %s: no event of app %s has come for %s; nothing follows what is pending\n",
			news.Heard.Local().Format(time.DateTime), app, now.Sub(news.Heard).Round(time.Minute))
	default:
		printf(w, "webhook: events of app %s follow what is pending; the last came %s ago\n", app, max(0, now.Sub(news.Heard)).Round(time.Second))
	}
}

// howToFollow is how pending links are followed of a job, which its id or its folder names.
func howToFollow(job string) string {
	return fmt.Sprintf("'sunbulk verify %s' asks the API what became of it, and 'sunbulk settle %s FILE' reads the events of a webhook", job, job)
}
