package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/metrics"
	"github.com/sunbulk/sunbulk/internal/notify"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/sunco"
)

// workerOptions are the flags of worker.
type workerOptions struct {
	keys        keyFlags
	notify      notifyFlags
	redis       string
	inputs      []string
	concurrency int
	replicas    int
	metricsAddr string
	check       bool
}

func (p *program) workerCommand() *cobra.Command {
	var o workerOptions
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run queued jobs until stopped",
		Long: `Worker runs the jobs on --redis of every app for which it holds credentials: of --app with those
in the environment, or of all apps in the --credentials file. Start as many as you like. The first
Ctrl-C lets calls in flight end and gives the rest back to the queue, the second stops at once.`,
		Example: `  sunbulk worker --redis redis://localhost:6379 --app 5e4af71a81966cfff3ef6550
  sunbulk worker --app 5e4af71a81966cfff3ef6550 --check
  sunbulk worker --redis rediss://queue.example:6380 --credentials apps.json
  SUNBULK_NOTIFY=https://hooks.example/… sunbulk worker --app 5e4af71a81966cfff3ef6550 --metrics-addr :9464`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.work(cmd.Context(), o) },
	}
	f := cmd.Flags()
	o.keys.register(f, &p.allowHTTP)
	o.notify.register(f)
	redisFlag(f, &o.redis, redisMeaning)
	f.StringSliceVar(&o.inputs, "inputs", nil, "folder, https://HOST/PATH or s3://BUCKET/PREFIX from which runs that schedules start may read; several with commas, or again (default: none)")
	f.IntVar(&o.concurrency, "concurrency", 64, "calls in flight")
	replicasFlag(f, &o.replicas)
	f.BoolVar(&o.check, "check", false, "look whether flags, credentials and Redis can be used, and end")
	_ = f.SetAnnotation("check", commandLineOnly, nil) // SUNBULK_CHECK is plan's
	f.StringVar(&o.metricsAddr, "metrics-addr", "", "serve /metrics, /healthz and /readyz on this address, e.g. :9464")
	return cmd
}

// percentOfWorker is how much garbage may pile up in a worker, as a part of what is in use: up to 14 MB with the default of
// calls in flight.
const percentOfWorker = 120

// readers are the parts of a worker that read rows. Meanwhile it collects garbage as often as a command that reads input:
// a step of a million rows takes 220 MB otherwise.
type readers struct {
	mu sync.Mutex
	n  int
}

func (r *readers) begin() (end func()) {
	r.add(1)
	return func() { r.add(-1) }
}

func (r *readers) add(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	percent := percentOfWorker
	if r.n += n; r.n > 0 {
		percent = percentWithInput
	}
	debug.SetGCPercent(percent)
}

func (p *program) work(ctx context.Context, o workerOptions) error {
	log, err := p.logger(slog.LevelInfo)
	if err != nil {
		return err
	}
	if err := cmp.Or(checkConcurrency(o.concurrency), checkReplicas(o.replicas, o.redis)); err != nil {
		return err
	}
	apis, err := o.apis(p.drain)
	if err != nil {
		return err
	}
	inputs, err := o.places(p.allowHTTP)
	if err != nil {
		return err
	}
	hook, err := o.notify.hook(p.allowHTTP)
	if err != nil {
		return err
	}
	return p.withRedis(o.redis, func(drain context.Context, s *service.Service) error {
		if o.check {
			return nil
		}
		defer debug.SetGCPercent(debug.SetGCPercent(percentOfWorker))
		var reading readers
		cfg := service.ServeConfig{APIs: apis, Concurrency: o.concurrency, Replicas: o.replicas, Hook: hook, Notify: notify.Config{StalledAfter: o.notify.stalledAfter}, Inputs: inputs, Logger: log, Reading: reading.begin}
		if o.metricsAddr != "" {
			cfg.Metrics = metrics.New(version(), slices.Sorted(maps.Keys(apis)))
			for _, event := range notify.Events() {
				cfg.Metrics.Expect(string(event))
			}
			s.Share(cfg.Metrics)
			stop, err := p.monitor(o.metricsAddr, cfg.Metrics.Handler, s, log)
			if err != nil {
				return err
			}
			defer stop()
		}
		err := s.Serve(ctx, drain, cfg)
		if errors.Is(err, context.Canceled) {
			return endWith(exitInterrupted, errors.New("stopped with calls in flight"), "another worker looks for what became of them")
		}
		return err
	})
}

// places returns what the worker may read of what Redis names: never the files of credentials.
func (o workerOptions) places(allowHTTP bool) (*input.Places, error) {
	never := []string{os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), os.Getenv("AWS_CONFIG_FILE"), os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"), o.keys.file}
	if home, err := os.UserHomeDir(); err == nil {
		never = append(never, filepath.Join(home, ".aws", "credentials"), filepath.Join(home, ".aws", "config"))
	}
	never = slices.DeleteFunc(never, func(name string) bool { return name == "" })
	return input.NewPlaces(o.inputs, input.PlacesConfig{Never: never, AllowHTTP: allowHTTP})
}

// apis returns the API of every app that the flags give credentials for.
func (o *workerOptions) apis(ctx context.Context) (map[string]*sunco.API, error) {
	if o.keys.file == "" && o.keys.app == "" {
		return nil, usage("no app id", "give --app, or several apps by --credentials FILE")
	}
	all, err := o.keys.read(ctx)
	if err != nil {
		return nil, err
	}
	return o.keys.apis(all)
}
