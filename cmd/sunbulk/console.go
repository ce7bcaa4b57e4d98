package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/metrics"
	"github.com/sunbulk/sunbulk/internal/osfile"
	"github.com/sunbulk/sunbulk/internal/runbooks"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/transit"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/internal/web"
)

// consoleOptions are the flags of console.
type consoleOptions struct {
	keys     keyFlags // with which APIs are asked about plans
	redis    string
	simulate string
	listen   listenFlags
	tokens   string
	proxy    proxyFlags
	oidc     oidcFlags
	hosts    []string
	prefix   string
	readOnly bool
	uploads  string
	runbooks string
	approval approvalFlags
	metrics  string
}

func (p *program) consoleCommand() *cobra.Command {
	var o consoleOptions
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Jobs in a browser, and an HTTP API",
		Long: `Console serves pages that make, show and move jobs on --redis, plan and start runs of the runbooks of a
folder, and show schedules, and an HTTP API below /v1 that does the same for programs (/v1/openapi.yaml). Workers
make the calls. With credentials of an app, in the environment with --app or in a file, it also asks the API about
a plan, as 'plan --check' does.

Without --tokens it listens on this machine alone, and everyone who uses it may do everything. With
--tokens everybody needs a token of the file, and may do what its role lets them: viewer, operator,
approver or admin. With --oidc-issuer an OpenID provider signs people in, with --trust-header a proxy does,
and their groups give them roles. Behind a proxy that ends TLS give --host NAME, and --prefix where it has
one.

With --simulate a Redis, a simulated API, a worker, some jobs, a run and a schedule are in the process: to
look around.`,
		Example: `  sunbulk console --simulate
  sunbulk console --redis redis://localhost:6379
  sunbulk console token ann --role operator --tokens tokens.json
  sunbulk console --listen 10.0.0.5:8321 --tokens tokens.json --tls-cert cert.pem --tls-key key.pem`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.keepSimulation(cmd.Flags(), o.simulate, &o.redis); err != nil {
				return err
			}
			return p.console(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.keys.register(f, &p.allowHTTP)
	redisFlag(f, &o.redis, redisMeaning)
	simulateFlag(f, &o.simulate)
	o.listen.register(f, "127.0.0.1:8321", "address to serve on; of another machine's reach only with --tokens, --oidc-issuer or --trust-header")
	f.StringVar(&o.tokens, "tokens", "", "file of tokens, mode 0600, without which nobody comes in")
	o.proxy.register(f)
	o.oidc.register(f)
	f.StringSliceVar(&o.hosts, "host", nil, "name under which browsers reach it, besides localhost and addresses; several with commas, or again")
	f.StringVar(&o.prefix, "prefix", "", "of all its paths behind a proxy, e.g. /sunbulk")
	f.StringVar(&o.uploads, "uploads", "", "folder for files that people send, its owner's alone (default: sunbulk-uploads-UID in TMPDIR, on Windows sunbulk-uploads in TEMP); they are kept for three days")
	f.StringVar(&o.runbooks, "runbooks", "", "folder of runbooks (.yaml, .yml or .json) that people may plan and start; folders below it are not read")
	o.approval.register(f)
	f.StringVar(&o.metrics, "metrics-addr", "", "serve /metrics, /healthz and /readyz on this address, e.g. :9465")
	f.BoolVar(&o.readOnly, "read-only", false, "show, and change nothing")
	cmd.AddCommand(p.consoleTokenCommand())
	return cmd
}

func (p *program) console(ctx context.Context, o consoleOptions) error {
	log, err := p.logger(slog.LevelInfo)
	if err != nil {
		return err
	}
	cfg := web.Config{Local: operator(), Hosts: o.hosts, Prefix: o.prefix, ReadOnly: o.readOnly, Logger: service.Damped(log)}
	if o.tokens != "" {
		if cfg.Tokens, err = web.ReadTokens(o.tokens); err != nil {
			return err
		}
	}
	if cfg.OIDC, err = o.oidc.read(&o.proxy, p.allowHTTP); err != nil {
		return err
	}
	if cfg.Proxy, err = o.proxy.read(cfg.OIDC != nil); err != nil {
		return err
	}
	if err := o.mayListen(p.allowHTTP); err != nil {
		return err
	}
	if cfg.Approval, err = o.approval.read(o.asksWho()); err != nil {
		return err
	}
	if o.runbooks != "" {
		if cfg.Runbooks, err = runbooks.Open(o.runbooks); err != nil {
			return usage("--runbooks: "+err.Error(), "give a folder of runbooks")
		}
	}
	dir, remove, err := consoleFolder()
	if err != nil {
		return cannotRun(err, "check TMPDIR and the space on its disk")
	}
	defer remove()
	cfg.Dir = dir
	if simulated(o.simulate) {
		return p.simulateConsole(ctx, o, cfg)
	}
	if cfg.Checks, err = o.keys.checks(ctx); err != nil {
		return err
	}
	dir = cmp.Or(o.uploads, filepath.Join(os.TempDir(), uploadsName(os.Getuid())))
	if cfg.Uploads, err = uploads.Open(dir, uploads.Config{}); err != nil {
		return usage("--uploads: "+err.Error(), "give a folder that its owner alone may enter: "+osfile.KeepPrivate(dir))
	}
	return p.withRedis(o.redis, func(drain context.Context, s *service.Service) error {
		cfg.Service = s
		return p.serveConsole(drain, o, cfg)
	})
}

// uploadsName names the folder of a user's uploads. On Windows there is no uid (-1), and a temporary folder for each user.
func uploadsName(uid int) string {
	if uid < 0 {
		return "sunbulk-uploads"
	}
	return fmt.Sprintf("sunbulk-uploads-%d", uid)
}

// asksWho tells whether people have names of their own.
func (o consoleOptions) asksWho() bool {
	return o.tokens != "" || o.proxy.header != "" || o.oidc.issuer != ""
}

// mayListen refuses to serve others than this machine without tokens, or tokens unencrypted.
func (o consoleOptions) mayListen(allowHTTP bool) error {
	host, err := o.listen.host("127.0.0.1:8321")
	switch {
	case err != nil || transit.Local(host):
		return err
	case !o.asksWho():
		return usage("--listen "+o.listen.address+": others than this machine could reach the console, and it has no --tokens",
			"'sunbulk console token NAME --role operator --tokens tokens.json' makes a first one; or listen on 127.0.0.1")
	case o.listen.cert == "" && !allowHTTP:
		return usage("--listen "+o.listen.address+": tokens and rows would go unencrypted", "give --tls-cert and --tls-key; or --allow-http where a proxy ends TLS")
	}
	return nil
}

// serveConsole serves until drain ends.
func (p *program) serveConsole(drain context.Context, o consoleOptions, cfg web.Config) error {
	var console *web.Server
	m := metrics.NewConsole(version(), func() int { return console.Viewers() })
	cfg.Served = m.Served
	console, err := web.New(cfg)
	if err != nil {
		return err
	}
	defer console.Close()
	if o.metrics != "" {
		stop, err := p.monitor(o.metrics, m.Handler, cfg.Service, cfg.Logger)
		if err != nil {
			return err
		}
		defer stop()
	}
	listener, address, err := o.listen.listen()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           console,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	fmt.Fprintln(p.stdout, address+cmp.Or(cfg.Prefix, "")+"/")
	// Those who follow a job are sent away first, or their streams would hold the end.
	if err := serveUntil(drain, server, listener, console.Drain); err != nil {
		return fmt.Errorf("serve the console: %w", err)
	}
	return nil
}
