package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/transit"
	"github.com/sunbulk/sunbulk/internal/webhook"
)

// receiveOptions are the flags of receive.
type receiveOptions struct {
	redis      string
	listen     listenFlags
	secretFile string
	apps       []string
}

func (p *program) receiveCommand() *cobra.Command {
	var o receiveOptions
	cmd := &cobra.Command{
		Use:   "receive",
		Short: "Take the vendor's webhooks, and follow the links of all jobs by them",
		Long: `Receive serves the target of webhooks and notes what their events say of the links of the jobs on --redis.
A call must have the webhook's secret in X-API-Key and be about one of the apps. It is answered 200 when its
events are kept in Redis, and 503 while they cannot be, so that the vendor calls again. Events may come before
the answer to their create, late, twice and out of order; one that no job is found for is kept for a day.

The secret is in SUNBULK_WEBHOOK_SECRET, or several are in --secret-file, one a line, mode 0600. Several
receivers may run at once. GET /healthz tells whether events can be kept.`,
		Example: `  sunbulk receive --app 5e4af71a81966cfff3ef6550 --listen :8443 --tls-cert cert.pem --tls-key key.pem
  sunbulk receive --app 5e4af71a81966cfff3ef6550 --listen 127.0.0.1:8322    behind a proxy that ends TLS`,
		Args: noArguments,
		RunE: func(_ *cobra.Command, _ []string) error {
			secrets, err := o.check(p.allowHTTP)
			if err != nil {
				return err
			}
			return p.withRedis(o.redis, func(ctx context.Context, s *service.Service) error { return p.receive(ctx, s, o, secrets) })
		},
	}
	f := cmd.Flags()
	redisFlag(f, &o.redis, redisMeaning)
	f.StringSliceVar(&o.apps, "app", nil, "app whose webhooks are taken; several with commas, or again")
	o.listen.register(f, "127.0.0.1:8322", "address to serve on; of another machine's reach only with TLS")
	f.StringVar(&o.secretFile, "secret-file", "", "file of the webhooks' secrets, one a line, mode 0600")
	return cmd
}

// check returns the secrets, when the flags can be used.
func (o receiveOptions) check(allowHTTP bool) ([]string, error) {
	host, err := o.listen.host("127.0.0.1:8322")
	switch {
	case err != nil:
		return nil, err
	case o.listen.cert == "" && !transit.Local(host) && !allowHTTP:
		return nil, usage("--listen "+o.listen.address+": the secret would come unencrypted", "give --tls-cert and --tls-key; or --allow-http where a proxy ends TLS")
	case len(o.apps) == 0:
		return nil, usage("no app", "give --app, or set SUNBULK_APP")
	}
	if secret := os.Getenv("SUNBULK_WEBHOOK_SECRET"); o.secretFile == "" && secret != "" {
		return []string{secret}, nil
	}
	if o.secretFile == "" {
		return nil, usage("no secret of a webhook", "set SUNBULK_WEBHOOK_SECRET, or give --secret-file")
	}
	return readSecrets("--secret-file", o.secretFile, perLine)
}

// receive serves until ctx ends.
func (p *program) receive(ctx context.Context, s *service.Service, o receiveOptions, secrets []string) error {
	log, err := p.logger(slog.LevelInfo)
	if err != nil {
		return err
	}
	receiver := webhook.NewReceiver(secrets, o.apps, s.KeepEvents, log)
	mux := http.NewServeMux()
	mux.Handle("/", receiver)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, q *http.Request) {
		if err := s.Redis().Ping(q.Context()).Err(); err != nil {
			http.Error(w, "redis does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	listener, address, err := o.listen.listen()
	if err != nil {
		return err
	}
	server := webhook.NewServer(mux, log)
	following, stop := context.WithCancel(ctx)
	var followers sync.WaitGroup
	for _, app := range o.apps {
		followers.Go(func() { s.FollowLinks(following, app, log) })
	}
	log.Info("receiving webhooks", "address", address, "apps", o.apps)
	err = serveUntil(ctx, server, webhook.Limit(listener), func() {})
	stop()
	followers.Wait()
	if err != nil {
		return fmt.Errorf("serve webhooks: %w", err)
	}
	kept, skipped, refused := receiver.Counts()
	log.Info("receiver stopped", "kept", kept, "skipped", skipped, "refused", refused)
	return nil
}
