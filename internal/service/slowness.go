package service

import (
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/jobs"
)

// slowness says why a job is slower than it was asked to be; nothing when it is not, or when it is
// paused or has ended, which has a reason of its own.
func slowness(job jobs.Job, s pace.Standing, workers []ledger.Worker, now time.Time) []string {
	if job.State.Ended() || job.State == jobs.Paused {
		return nil
	}
	var reasons []string
	if s.Reason != "" {
		reasons = append(reasons, s.String())
	}
	if text := unserved(job, s, workers); text != "" {
		reasons = append(reasons, text)
	}
	if text := deadline(job, s, now); text != "" {
		reasons = append(reasons, text)
	}
	return reasons
}

// unserved says what keeps the workers from the pace that they are allowed.
func unserved(job jobs.Job, s pace.Standing, workers []ledger.Worker) string {
	doing := map[ledger.Doing]int{}
	var perSecond float64
	for _, w := range workers {
		doing[w.Doing]++
		perSecond += w.PerSecond
	}
	switch at := len(workers) - doing[ledger.Stopping]; {
	case at == 0:
		return fmt.Sprintf("no worker of app %s serves the job", job.Options.App)
	case doing[ledger.Unreplicated] > 0:
		return "creates that message people wait: fewer replicas of Redis confirm them than the worker's --replicas"
	case doing[ledger.Full] == at && perSecond < 0.9*s.Rate:
		return "every place for a call in flight is taken: add workers, or let each make more at once"
	}
	return ""
}

// deadline says how a job stands to its deadline; empty without one, and while its rows are not known.
func deadline(job jobs.Job, s pace.Standing, now time.Time) string {
	need, known := job.Needed(now)
	switch {
	case !known:
		return ""
	case need < 0 || s.Rate > 0 && need > 1.05*s.Rate:
		return "will miss " + job.Options.FinishBy
	}
	return fmt.Sprintf("%.3g/s is enough for %s", need, job.Options.FinishBy)
}
