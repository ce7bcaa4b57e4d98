package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runbooks"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// simulateConsole serves a console with all that it needs in this process, and some jobs to look at.
func (p *program) simulateConsole(ctx context.Context, o consoleOptions, cfg web.Config) error {
	api, stopAPI, err := startSimulation(o.simulate, simulatedApp)
	if err != nil {
		return err
	}
	defer stopAPI()
	s, stop, err := local.NewService()
	if err != nil {
		return err
	}
	defer stop()
	cfg.Simulated, cfg.Checks = true, map[string]web.Check{simulatedApp: check(api, func(error) error { return nil })}
	if cfg.Runbooks == nil {
		if cfg.Runbooks, err = sampleRunbooks(cfg.Dir); err != nil {
			return err
		}
	}
	cfg.Service, cfg.Note = s, "Simulated: nothing is really done, and all is gone when the console ends."
	drain, endWorker := context.WithCancel(p.drain)
	var working sync.WaitGroup
	working.Go(func() {
		quiet := slog.New(slog.DiscardHandler)
		_ = s.Serve(ctx, drain, service.ServeConfig{APIs: map[string]*sunco.API{simulatedApp: api}, Simulated: true, Concurrency: 16, Logger: quiet})
	})
	working.Go(func() { // while the console can be used
		if err := queueSamples(drain, s, cfg.Dir); err != nil && drain.Err() == nil {
			cfg.Logger.Error("samples are not queued", "error", err)
		}
	})
	defer working.Wait()
	defer endWorker()
	return p.serveConsole(p.drain, o, cfg)
}

// sampleJob is a job of a simulated console.
type sampleJob struct {
	name string
	op   string
	rate float64
	rows int
	line func(n int) string
	head string
}

// sampleJobs are one job that ends soon, with rows of every kind, and one that goes on for minutes.
var sampleJobs = []sampleJob{
	{"migration.csv", "create", 40, 240, sampleCreate, "user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,target.conversationId"},
	{"clients-of-all-users.csv", "list", 40, 20000, func(n int) string { return fmt.Sprintf("customer-%d", n) }, "user"},
}

// sampleCreate is a row of a migration: some users are not there, and some numbers are none.
func sampleCreate(n int) string {
	user, phone := fmt.Sprintf("customer-%d", n), fmt.Sprintf("+1212555%04d", n)
	switch {
	case n%12 == 5:
		user = "unknown-" + user
	case n%40 == 9:
		phone = "none"
	}
	return strings.Join([]string{user, "twilio", "5f1a0c52d8b7e4000c3a9e01", phone, "immediate", "64b2c5b7fcb94022dedcf6c1"}, ",")
}

// sampleRunbook removes blocked clients: now, and every night.
const sampleRunbook = `name: remove-blocked
app: ` + simulatedApp + `
rate: 40
input: blocked.csv
steps:
  - op: list
    where: client.status == "blocked"
  - op: remove
schedule: {cron: 0 3 * * *, timezone: UTC}
`

// sampleRunbooks is a folder with that runbook.
func sampleRunbooks(dir string) (*runbooks.Folder, error) {
	dir = filepath.Join(dir, "runbooks")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "remove-blocked.yaml"), []byte(sampleRunbook), 0o600)); err != nil {
		return nil, cannotRun(err, "check TMPDIR and the space on its disk")
	}
	return runbooks.Open(dir)
}

// sampleRun starts a run of the runbook, and applies its schedule.
func sampleRun(ctx context.Context, s *service.Service, dir string) error {
	book, err := runbook.Parse("remove-blocked.yaml", []byte(sampleRunbook))
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "blocked.csv")
	if err := os.WriteFile(path, []byte("user\ncustomer-1\ncustomer-2\ncustomer-3\n"), 0o600); err != nil {
		return cannotRun(err, "check TMPDIR and the space on its disk")
	}
	book.Input = []string{path}
	flow, err := book.Compile(nil)
	if err != nil {
		return err
	}
	files, err := input.Find(ctx, []string{path})
	if err != nil {
		return err
	}
	if _, err := s.StartRun(ctx, service.RunOrder{Flow: flow, Files: files, Simulated: true}); err != nil {
		return err
	}
	_, err = s.ApplySchedules(ctx, []*runbook.Flow{flow}, service.By{})
	return err
}

func queueSamples(ctx context.Context, s *service.Service, dir string) error {
	if err := sampleRun(ctx, s, dir); err != nil {
		return err
	}
	for _, sample := range sampleJobs {
		lines := []string{sample.head}
		for n := range sample.rows {
			lines = append(lines, sample.line(n+1))
		}
		path := filepath.Join(dir, sample.name)
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			return cannotRun(err, "check TMPDIR and the space on its disk")
		}
		files, err := input.Find(ctx, []string{path})
		if err != nil {
			return err
		}
		opt := jobs.Defaults()
		opt.App, opt.Rate, opt.Simulated = simulatedApp, sample.rate, true
		if _, err := s.Submit(ctx, service.Order{Files: files, Read: input.Spec{Op: sample.op}, Options: opt}); err != nil {
			return err
		}
	}
	return nil
}
