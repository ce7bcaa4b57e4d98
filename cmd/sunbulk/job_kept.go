package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/worker"
)

// isFolder tells whether an argument names the report folder of a run without Redis, and no job.
func isFolder(arg string) bool {
	if jobs.CheckID(arg) == nil {
		return false
	}
	info, err := os.Stat(arg)
	return err == nil && info.IsDir()
}

// needJobOrFolder is needJob, and takes a report folder as well.
func needJobOrFolder(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && isFolder(args[0]) {
		return nil
	}
	err := needJob(cmd, args)
	if len(args) == 1 && jobs.CheckID(args[0]) != nil {
		return usage(args[0]+" is neither a job id such as 20261122-153012-k3f9 nor a report folder", "'sunbulk jobs' lists the jobs on Redis; a run without Redis is named by the folder of its report")
	}
	return err
}

// withKept opens the job that a report folder keeps.
func (p *program) withKept(ctx context.Context, dir string, do func(*local.Kept) error) error {
	k, err := local.OpenKept(ctx, dir)
	if err != nil {
		return err
	}
	defer k.Close()
	return do(k)
}

// saveKept writes what is known by now to the folder, and shows it.
func (p *program) saveKept(ctx context.Context, k *local.Kept, undo bool) (service.Report, error) {
	r, err := k.Save(ctx, undo, p.note)
	if r.Summary.Job != "" {
		err = errors.Join(p.showReport(k.Out, r), err)
	}
	if err == nil && undo {
		p.showUndo(r)
	}
	return r, err
}

// settleKept applies recorded events to the links of a job in a folder.
func (p *program) settleKept(ctx context.Context, dir string, files []string) error {
	return p.withKept(ctx, dir, func(k *local.Kept) error {
		if err := p.settle(ctx, k.Service, k.Job, files, dir); err != nil {
			if _, saved := k.Save(context.WithoutCancel(ctx), false, p.note); saved != nil {
				return errors.Join(err, saved)
			}
			return err
		}
		_, err := k.Save(ctx, false, p.note)
		return err
	})
}

// reportKept writes the report of a job in a folder again.
func (p *program) reportKept(ctx context.Context, dir, out string, undo bool) error {
	if out != "" && out != dir {
		return usage("--out: the report of a folder stays there", "leave --out out")
	}
	return p.withKept(ctx, dir, func(k *local.Kept) error {
		r, err := p.saveKept(ctx, k, undo)
		if err != nil {
			return err
		}
		return result(r.Job)
	})
}

// verifyKept follows the links of a job in a folder.
func (p *program) verifyKept(ctx context.Context, dir string, access accessFlags, within time.Duration) error {
	log, err := p.logger(slog.LevelError)
	if err != nil {
		return err
	}
	return p.withKept(ctx, dir, func(k *local.Kept) error {
		if err := k.CheckAPI(access.baseURL, access.simulated()); err != nil {
			return err
		}
		api, stop, err := access.connect(k.Options.App)
		if err != nil {
			return err
		}
		defer stop()
		if err := access.ask(ctx, api); err != nil {
			return err
		}
		w := worker.Config{Name: service.ProcessName(), APIs: map[string]*sunco.API{k.Options.App: api}, Concurrency: 64, Logger: log}
		return p.followKept(ctx, k, w, within)
	})
}

// followKept follows what is pending, and shows the report then.
func (p *program) followKept(ctx context.Context, k *local.Kept, w worker.Config, within time.Duration) error {
	defer p.saysStopping()()
	p.say(fmt.Sprintf("following the links of job %s for up to %s", k.Job, within))
	did, err := k.Follow(ctx, p.drain, w, within)
	if _, saved := p.saveKept(context.WithoutCancel(ctx), k, false); err == nil {
		err = saved
	}
	switch {
	case err != nil:
		return p.orInterrupted(err)
	case did.State == jobs.Paused:
		return endWith(exitPaused, fmt.Errorf("the links are not followed any more: %s", did.Reason), "mend the cause, then 'sunbulk verify "+k.Out+"'")
	case did.ID != "" && !did.State.Ended():
		return endWith(exitInterrupted, errors.New("interrupted while links were followed"), "'sunbulk verify "+k.Out+"' goes on")
	}
	return nil
}

// followRun follows the links of a run that has ended, where it was asked to: --within says for how long.
func (p *program) followRun(ctx context.Context, o runOptions, out string, w worker.Config, within time.Duration) error {
	if !o.given("within") || within <= 0 || p.drain.Err() != nil {
		return nil
	}
	if _, err := os.Stat(out + "/" + local.KeptName); err != nil { // it made no clients
		return nil
	}
	return p.withKept(ctx, out, func(k *local.Kept) error { return p.followKept(ctx, k, w, within) })
}
