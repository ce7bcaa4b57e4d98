package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/credentials"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// simulatedApp is the app of a simulation for which none is given.
const simulatedApp = "simulated"

func simulateFlag(f *pflag.FlagSet, simulate *string) {
	f.Var((*simulation)(simulate), "simulate", "use a simulated API in the process; =FILE describes its users and faults")
	f.Lookup("simulate").NoOptDefVal = "on"
}

// simulation is the value of --simulate. It cannot be set to nothing: someone who writes --simulate=$WORLD without
// a WORLD wants no real call.
type simulation string

func (s *simulation) String() string { return string(*s) }

// Type names the value in a help text.
func (s *simulation) Type() string { return "string" }

// Set takes a value of the command line or the environment.
func (s *simulation) Set(value string) error {
	if strings.TrimSpace(value) == "" {
		return errors.New("it is empty: give a file, --simulate alone, or --simulate=off for real calls")
	}
	*s = simulation(value)
	return nil
}

// keepSimulation keeps a simulated run out of a shared Redis, whose workers would make its calls really.
func (p *program) keepSimulation(flags *pflag.FlagSet, simulate string, redis *string) error {
	if !simulated(simulate) || *redis == "" {
		return nil
	}
	if _, ambient := flags.Lookup("redis").Annotations[ofEnvironment]; !ambient {
		return usage("--simulate and --redis do not go together: workers on that Redis would make the calls really",
			"leave --redis out; 'sunbulk simulate' serves a simulated API for workers of its own")
	}
	if !p.quiet {
		p.note("SUNBULK_REDIS is left alone: what is simulated stays in this process")
	}
	*redis = ""
	return nil
}

// simulated tells whether --simulate asks for the simulation.
func simulated(flag string) bool {
	switch strings.ToLower(flag) {
	case "", "off", "false", "0", "no":
		return false
	}
	return true
}

// startSimulation serves a simulated API in this process and returns how to call it. The
// simulation knows every app.
func startSimulation(name, app string) (*sunco.API, func(), error) {
	base, stop, err := serveSimulation(name)
	if err != nil {
		return nil, nil, err
	}
	api, err := sunco.New(app, sunco.Config{BaseURL: base, Auth: sunco.Token("simulated")})
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("start simulation: %w", err)
	}
	return api, stop, nil
}

// serveSimulation serves a simulated API in this process until it is stopped.
func serveSimulation(name string) (base string, stop func(), err error) {
	var world suncotest.World
	switch strings.ToLower(name) {
	case "on", "true", "1", "yes":
	default:
		if world, err = readWorld(name); err != nil {
			return "", nil, err
		}
	}
	sim := suncotest.New(suncotest.Config{World: world})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("start simulation: %w", err)
	}
	server := &http.Server{Handler: sim, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return "http://" + listener.Addr().String(), func() { sim.Close(); server.Close() }, nil
}

func readWorld(name string) (suncotest.World, error) {
	f, err := os.Open(name)
	if err != nil {
		return suncotest.World{}, fmt.Errorf("open world: %w", err)
	}
	defer f.Close()
	world, err := suncotest.LoadWorld(f)
	if err != nil {
		return world, usage(name+": "+err.Error(), "see docs/simulator.md")
	}
	return world, nil
}

// simulateOptions are the flags of simulate.
type simulateOptions struct {
	listen string
	world  string
	app    string
	seed   uint64
	knobs  suncotest.Knobs
	hook   suncotest.Webhook
}

func (p *program) simulateCommand() *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "The simulated API as a server",
		Long: `Simulate serves a simulated API until it is stopped. Without --world every user, conversation
and integration exists unless its id begins with "unknown". Counters are at GET /_sim/stats; faults
are changed by PUT /_sim/knobs. Any credentials are taken, unless those in the environment are set.

Events of clients are sent to the webhooks that 'sunbulk webhook install' makes here, or to --webhook-target with
the secret in SUNBULK_WEBHOOK_SECRET.`,
		Example: `  sunbulk simulate --listen 127.0.0.1:8090 --rate-limit 50 --share-503 0.05
  sunbulk simulate --webhook-target http://127.0.0.1:8322 --webhook-twice 0.05 --webhook-dropped 0.01
  sunbulk run users.csv --app demo --base-url http://127.0.0.1:8090`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkKnobs(cmd.Flags(), cmp.Or(o.knobs.Check(), o.hook.Check())); err != nil {
				return err
			}
			return p.simulate(p.drain, o)
		},
	}
	f, k := cmd.Flags(), &o.knobs
	f.StringVar(&o.listen, "listen", "127.0.0.1:8090", "address to serve on")
	f.StringVar(&o.world, "world", "", "JSON file with users, integrations and faults")
	f.StringVar(&o.app, "app", "", "the one app that there is (default: any)")
	f.Uint64Var(&o.seed, "seed", 0, "of the random faults")
	f.Float64Var(&k.RateLimit, "rate-limit", 0, "calls per second above which calls get a 429; 0 = no limit")
	f.IntVar(&k.Burst, "rate-burst", 0, "calls that may come at once under the rate limit")
	f.StringVar(&k.LimitKind, "limit-kind", "", "kind of the rate limit: bucket, sliding or fixed")
	f.DurationVar(&k.LimitWindow, "limit-window", 0, "window of a sliding or fixed limit (default 1s)")
	f.StringVar(&k.LimitOp, "limit-op", "", "count only these calls: create, list or remove")
	f.StringVar(&k.RetryAfter, "retry-after", "", "how a 429 says when to come back: seconds, date, none, reset or ratelimit")
	f.Float64Var(&k.Share429, "share-429", 0, "share of calls answered 429 whatever the rate, 0 to 1")
	f.Float64Var(&k.Share503, "share-503", 0, "share of calls answered 503 before any work")
	f.BoolVar(&k.HTML503, "html-503", false, "answer 503 as HTML")
	f.DurationVar(&k.LatencyMin, "latency-min", 0, "least time of a call")
	f.DurationVar(&k.LatencyMax, "latency-max", 0, "most time of a call")
	f.Float64Var(&k.CutBefore, "cut-before", 0, "share of connections cut before the work")
	f.Float64Var(&k.CutAfter, "cut-after", 0, "share of connections cut after the work")
	f.Float64Var(&k.Hang, "hang", 0, "share of calls that do the work and never answer")
	f.Float64Var(&k.HalfAnswer, "half-answer", 0, "share of answers cut in the middle")
	f.StringVar(&k.OnDuplicate, "on-duplicate", "", "what a second identical create gets: second, conflict or same")
	f.DurationVar(&k.PendingFor, "pending-for", 0, "time until a new client is active")
	f.Float64Var(&k.FailedLinkShare, "failed-link-share", 0, "share of new clients whose link fails")
	f.Float64Var(&k.CancelledLinkShare, "cancelled-link-share", 0, "share of new clients whose link the person cancels")
	f.Float64Var(&k.TakenLinkShare, "taken-link-share", 0, "share of new clients that another user's link takes when they are active")
	f.Float64Var(&k.MergedLinkShare, "merged-link-share", 0, "share of new clients whose user is merged into another")
	webhookFaults(f, &o.hook)
	return cmd
}

// webhookFaults registers where and how events are sent.
func webhookFaults(f *pflag.FlagSet, h *suncotest.Webhook) {
	f.StringVar(&h.Target, "webhook-target", "", "URL to which events of clients are sent (default: the webhooks that calls make)")
	f.BoolVar(&h.V1, "webhook-v1", false, "send events of v1: link:match, link:success and link:failure")
	f.DurationVar(&h.Window, "webhook-window", 0, "time of the five attempts of an event (default 1.5s)")
	f.DurationVar(&h.LateBy, "webhook-late-by", 0, "how long late events are held back (default 300ms)")
	f.Float64Var(&h.Early, "webhook-early", 0, "share of events sent before the call that they are about is answered")
	f.Float64Var(&h.Twice, "webhook-twice", 0, "share of events sent twice")
	f.Float64Var(&h.Late, "webhook-late", 0, "share of events held back")
	f.Float64Var(&h.Swapped, "webhook-swapped", 0, "share of clients whose first event comes after the second")
	f.Float64Var(&h.Dropped, "webhook-dropped", 0, "share of events that are never sent")
	f.Float64Var(&h.WrongKey, "webhook-wrong-key", 0, "share of events before which a call with a wrong key says the opposite")
}

// checkKnobs holds the flags to what a world file and PUT /_sim/knobs are held to; err is of their Check.
func checkKnobs(f *pflag.FlagSet, err error) error {
	e, wrong := errors.AsType[*suncotest.KnobError](err)
	if !wrong {
		return nil
	}
	shown := e.Knob
	f.VisitAll(func(flag *pflag.Flag) {
		if knob := strings.ReplaceAll(flag.Name, "-", ""); strings.EqualFold(knob, strings.ReplaceAll(e.Knob, ".", "")) || knob == "rate"+e.Knob {
			shown = "--" + flag.Name + " " + flag.Value.String()
		}
	})
	return usage(shown+" "+e.Cause, "")
}

func (p *program) simulate(ctx context.Context, o simulateOptions) error {
	log, err := p.logger(slog.LevelInfo)
	if err != nil {
		return err
	}
	s := credentials.Environment()
	cfg := suncotest.Config{AppID: o.app, KeyID: s.KeyID, KeySecret: s.KeySecret, Token: s.Token, Knobs: o.knobs, Seed: o.seed}
	if o.world != "" {
		if cfg.World, err = readWorld(o.world); err != nil {
			return err
		}
	}
	if cfg.World.Webhook == nil || o.hook != (suncotest.Webhook{}) {
		o.hook.Secret = os.Getenv("SUNBULK_WEBHOOK_SECRET")
		cfg.Webhook = &o.hook
	}
	sim := suncotest.New(cfg)
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return cannotRun(fmt.Errorf("listen: %w", err), "choose another --listen")
	}
	server := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	defer context.AfterFunc(ctx, func() { sim.Close(); server.Close() })()
	log.Info("simulated API is up", "baseURL", "http://"+listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
