package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// journalFile is the file of a journal, which is there until the run has ended and its report is written.
const journalFile = "journal.ndjson"

// task is one input and the command that brings it in: enqueue, or an embedded run. The command is
// started again the same way until it is done.
type task struct {
	name     string
	app      string
	batch    int
	rate     int // calls per second; 0 = no limit
	rows     []row
	embedded bool
	steady   bool // its calls go straight to the API, so that their rate can be measured

	*line
	process *process // nil before the first start
	job     string   // id, once all is queued
	done    bool
	starts  int
	again   time.Time // when to start next
	doomed  bool      // to be killed as soon as it writes its report
}

// mostStarts is more than the faults of any run can ask for.
const mostStarts = 200

func (t *task) input() string { return t.name + ".csv" }
func (t *task) out() string   { return t.name + "-report" }

// begin starts the tasks that have not been.
func (c *chaos) begin(tasks []*task) {
	c.Helper()
	for _, t := range tasks {
		if t.process != nil {
			continue
		}
		if err := t.write(filepath.Join(c.dir, t.input())); err != nil {
			c.Fatal(err)
		}
		t.line = c.newLine(t.name)
		if !t.embedded && t.redis != nil {
			t.redis.slow(requests, 20*time.Millisecond) // for ever: else it is over before anything can break
		}
		c.run(t)
	}
}

// run starts a task's command, or starts it again.
func (c *chaos) run(t *task) {
	c.Helper()
	if t.starts++; t.starts > mostStarts {
		c.Fatalf("%s was started %d times; its last words:\n%s", t.name, mostStarts, t.process.tail())
	}
	if t.embedded {
		api := t.api.addr()
		if t.steady {
			api = c.rig.api
		}
		args := append([]string{"run", t.input(), "--out", t.out(), "--base-url", "http://" + api, "--concurrency", "16"}, t.flags()...)
		t.process = c.start(t.name, args...)
		return
	}
	args := append([]string{"enqueue", t.input(), "--redis", c.redisBy(t.line)}, t.flags()...)
	if t.process != nil {
		// The command has said which job it continues with: name that one, for once.
		if job := jobIn(t.process.said(), `going on with job `+jobID); job != "" {
			args = append(args, "--resume", job)
		}
	}
	t.process = c.start(t.name, args...)
}

// tend starts workers and commands again that were killed or gave up, and notes the tasks that are done.
func (c *chaos) tend(tasks []*task) {
	c.Helper()
	for _, w := range c.workers {
		c.keep(w)
	}
	for _, t := range tasks {
		if t.process == nil || t.done {
			continue
		}
		if t.doomed && c.reporting(t) {
			t.process.kill()
			t.doomed = false
		}
		switch {
		case t.process.running():
		case t.again.IsZero():
			c.ended(t)
		case time.Now().After(t.again):
			t.again = time.Time{}
			c.run(t)
		}
	}
}

// ended decides what the end of a task's command means.
func (c *chaos) ended(t *task) {
	c.Helper()
	switch code := t.process.code(); {
	case code == 0 || code == 3:
		t.done = true
		if !t.embedded {
			t.job = t.process.answered()
		}
	case code == 2 && t.embedded && c.reported(t): // killed when all was done
		t.done = true
	case code == 2 && !t.embedded && jobIn(t.process.said(), queuedWhole) != "": // killed when all was queued
		t.done, t.job = true, jobIn(t.process.said(), queuedWhole)
	case code == -1 || code == 1 || code == 130:
		t.again = time.Now().Add(300 * time.Millisecond)
	default:
		c.Fatalf("%s ended with code %d:\n%s", t.name, code, t.process.tail())
	}
}

// reporting tells whether a report is being written.
func (c *chaos) reporting(t *task) bool {
	temp, err := filepath.Glob(filepath.Join(c.dir, t.out(), ".report-*"))
	return err == nil && len(temp) > 0
}

// reported tells whether an embedded run has its report, and no journal to go on from.
func (c *chaos) reported(t *task) bool {
	_, journal := os.Stat(filepath.Join(c.dir, t.out(), journalFile))
	_, summary := os.Stat(filepath.Join(c.dir, t.out(), "summary.json"))
	return os.IsNotExist(journal) && summary == nil
}

// What sunbulk says of jobs: an id, and that the input of one is queued.
const (
	jobID       = `(\d{8}-\d{6}-[a-z0-9]+)`
	queuedWhole = `job ` + jobID + `(?:, which)? is (?:running|finished)`
)

// jobIn returns the id that a pattern finds in what a command wrote on stderr; empty when there is none.
func jobIn(stderr, pattern string) string {
	found := regexp.MustCompile(pattern).FindStringSubmatch(stderr)
	if found == nil {
		return ""
	}
	return found[1]
}

// unfinished says which tasks and jobs have not ended; empty when all have.
func (c *chaos) unfinished(tasks []*task) string {
	var waiting []string
	for _, t := range tasks {
		switch {
		case !t.done:
			waiting = append(waiting, t.name+": "+t.process.tail())
		case !t.embedded:
			job, err := c.ledger.Job(context.Background(), t.job)
			if err != nil {
				waiting = append(waiting, t.name+": "+err.Error())
			} else if job.State != jobs.Finished {
				waiting = append(waiting, fmt.Sprintf("%s: %s %s, %d of %d rows", t.name, job.State, job.Reason, job.Tally.Settled(), len(t.rows)))
			}
		}
	}
	return strings.Join(waiting, "\n")
}
