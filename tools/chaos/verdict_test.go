package chaos

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// verdict is what a run came to.
type verdict struct {
	rows                      jobs.Tally
	calls, looks, retries     int64
	adopted, refused, requeue int
	starts                    int // of sunbulk processes
}

// verdict ends the workers and checks everything that was promised.
func (c *chaos) verdict() verdict {
	c.Helper()
	var v verdict
	for _, t := range c.plan.tasks {
		out := filepath.Join(c.dir, t.out())
		if !t.embedded {
			c.report(t)
			v.adopted += c.oneOutcomeEach(t)
		}
		s := c.summary(out)
		c.conserved(t, s)
		v.add(s)
		c.everyRow(t, c.results(out))
		c.nothingLeftIn(out)
		if t.embedded && t.steady {
			c.paced(t)
		}
	}
	if d := c.sim.Stats().Duplicates; d != 0 {
		c.Errorf("I2: the API has %d clients twice", d)
	}
	c.settled(&v)
	return v
}

// settled ends the workers and checks what all processes leave behind.
func (c *chaos) settled(v *verdict) {
	c.Helper()
	c.endWorkers()
	c.noKeyLeft()
	for _, p := range c.all {
		said := p.said()
		for _, bad := range []string{"panic", "DATA RACE", "fatal error"} {
			if strings.Contains(said, bad) {
				c.Errorf("%s holds %q", p.err, bad)
			}
		}
		v.refused += strings.Count(said, "commit refused")
		v.requeue += strings.Count(said, "queued the batch of a silent worker again")
	}
	v.starts = len(c.all)
}

// report writes the report of a queued job.
func (c *chaos) report(t *task) {
	c.Helper()
	c.writes("report", t.job, "--out", t.out())
}

// writes runs a command that writes the report of something that has ended.
func (c *chaos) writes(args ...string) {
	c.Helper()
	p := c.start("report", append(args, "--redis", c.url)...)
	<-p.ended
	if code := p.code(); code != 0 && code != 3 {
		c.Errorf("%v ended with code %d:\n%s", args, code, p.tail())
	}
}

// summary is what is read of a summary.json.
type summary struct {
	State  jobs.State
	Rows   jobs.Tally
	Calls  report.Calls
	AddsUp bool

	Rollbacks []jobs.Rollback
}

func (c *chaos) summary(out string) (s summary) {
	c.Helper()
	data, err := os.ReadFile(filepath.Join(out, "summary.json"))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		c.Error(err)
	}
	return s
}

// conserved holds I1.
func (c *chaos) conserved(t *task, s summary) {
	c.Helper()
	if !s.AddsUp || s.Rows.Read != int64(len(t.rows)) || s.Rows.Unprocessed != 0 || s.State != jobs.Finished {
		c.Errorf("I1: %s is %s with %+v; want %d rows read and none unprocessed", t.name, s.State, s.Rows, len(t.rows))
	}
}

func (v *verdict) add(s summary) {
	v.rows.Read += s.Rows.Read
	v.rows.OK += s.Rows.OK
	v.rows.Noop += s.Rows.Noop
	v.rows.Failed += s.Rows.Failed
	v.rows.Rejected += s.Rows.Rejected
	v.rows.InDoubt += s.Rows.InDoubt
	v.rows.Unprocessed += s.Rows.Unprocessed
	v.calls += s.Calls.Total
	v.looks += s.Calls.Looks
	v.retries += s.Calls.Retries
}

// results reads results.csv.
func (c *chaos) results(out string) []map[string]string {
	c.Helper()
	return c.sheet(filepath.Join(out, "results.csv"))
}

// sheet reads a CSV file, a map by column for every line.
func (c *chaos) sheet(path string) []map[string]string {
	c.Helper()
	f, err := os.Open(path)
	if err != nil {
		c.Error(err)
		return nil
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) == 0 {
		c.Errorf("%s: %d lines, %v", f.Name(), len(lines), err)
		return nil
	}
	var all []map[string]string
	for _, line := range lines[1:] {
		m := map[string]string{}
		for i, name := range lines[0] {
			m[name] = line[i]
		}
		all = append(all, m)
	}
	return all
}

// everyRow holds I1, I2 and I8 row by row: each is there once and in order, ended as it may, and
// the API has what the report says.
func (c *chaos) everyRow(t *task, lines []map[string]string) {
	c.Helper()
	if len(lines) != len(t.rows) {
		c.Errorf("I1: results of %s: got %d lines, want %d", t.name, len(lines), len(t.rows))
		return
	}
	for i, r := range t.rows {
		got := lines[i]
		if got["row"] != strconv.Itoa(i+1) {
			c.Errorf("I1: line %d of %s is of row %s", i+1, t.name, got["row"])
			return
		}
		kind := jobs.Kind(got["outcome"])
		if !r.allows(kind) {
			c.Errorf("I8: row %d of %s (%s of %s) is %s %s %s, want %v", i+1, t.name, r.op(), r.user(), kind, got["errorCode"], got["error"], r.want)
		}
		switch r.op() {
		case "create":
			c.created(t, i, r, kind, got["clientId"])
		case "remove":
			if n := len(c.sim.Clients(r.user())); n != 0 {
				c.Errorf("I1: row %d of %s is %s, and %s has %d clients", i+1, t.name, kind, r.user(), n)
			}
		}
	}
}

// created compares a create with what the API has of it.
func (c *chaos) created(t *task, i int, r row, kind jobs.Kind, client string) {
	c.Helper()
	var ids []string
	for _, has := range c.sim.Clients(r.user()) {
		if has.IntegrationID == r.integration() {
			ids = append(ids, has.ID)
		}
	}
	switch {
	case kind == jobs.OK && !slices.Equal(ids, []string{client}):
		c.Errorf("I2: row %d of %s is ok with client %s, and %s has %v", i+1, t.name, client, r.user(), ids)
	case kind == jobs.InDoubt && len(ids) > 1, kind != jobs.OK && kind != jobs.InDoubt && len(ids) > 0:
		c.Errorf("I2: row %d of %s is %s, and %s has %v", i+1, t.name, kind, r.user(), ids)
	}
	sent, blind := c.witness.creates(r.user(), r.integration())
	if r.messages() && sent > 1 {
		c.Errorf("I2: row %d of %s messages %s, and was sent %d times", i+1, t.name, r.user(), sent)
	}
	if blind > 0 {
		c.Errorf("I2: row %d of %s (%s) was sent %d times, %d of them without a look before", i+1, t.name, r.user(), sent, blind)
	}
}

// oneOutcomeEach holds I3 in the ledger itself, and counts adopted clients.
func (c *chaos) oneOutcomeEach(t *task) (adopted int) {
	c.Helper()
	seen := map[int64]bool{}
	note := func(row int64) {
		if seen[row] {
			c.Errorf("I3: row %d of %s has two outcomes in the ledger", row, t.name)
		}
		seen[row] = true
	}
	for chunk, err := range c.ledger.Chunks(context.Background(), t.job) {
		if err != nil {
			c.Error(err)
			return adopted
		}
		for _, o := range chunk.Outcomes {
			note(o.Row.Number)
			if o.Detail == "adopted" {
				adopted++
			}
		}
		for _, rejected := range chunk.Rejections {
			note(rejected.Number)
		}
	}
	return adopted
}

// nothingLeftIn checks that a report folder has neither a journal nor the files of a report that
// was not finished. What says whose the folder is stays.
func (c *chaos) nothingLeftIn(out string) {
	c.Helper()
	entries, err := os.ReadDir(out)
	if err != nil {
		c.Error(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && e.Name() != folder.FileName || strings.HasPrefix(e.Name(), "journal") {
			c.Errorf("%s is left in %s", e.Name(), out)
		}
	}
}

// paced holds I4 for an embedded run. A run that was killed begins with a full burst; the rest
// is room for calls that waited on their way on a busy machine.
func (c *chaos) paced(t *task) {
	c.Helper()
	if got, want := c.witness.most(t.app), t.rate+t.rate/4+2*t.burst(); got > want {
		c.Errorf("I4: %s made %d calls within a second, want %d at most", t.name, got, want)
	}
}

// endWorkers ends all workers as an operator does.
func (c *chaos) endWorkers() {
	c.Helper()
	for _, w := range c.workers {
		code, err := w.end(20 * time.Second)
		if err != nil || code != 0 {
			c.Errorf("worker ended with code %d, %v:\n%s", code, err, w.tail())
		}
	}
}

// noneArchived holds I5 while jobs run: asynq gives up on no task. While Redis is away there is
// nothing to see.
func (c *chaos) noneArchived() {
	c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if archives, err := c.rdb.Keys(ctx, "asynq:*:archived").Result(); err == nil && len(archives) > 0 {
		c.Errorf("I5: asynq has archived tasks: %v", archives)
	}
}

// noKeyLeft holds I5: asynq has nothing of a finished job, and the ledger only its record.
func (c *chaos) noKeyLeft() {
	c.Helper()
	ctx := context.Background()
	keys, err := c.rdb.Keys(ctx, "*").Result()
	if err != nil {
		c.Error(err)
	}
	for _, k := range keys {
		if strings.HasPrefix(k, "asynq:{") || k == "asynq:queues" || strings.HasSuffix(k, ":alive") || strings.HasSuffix(k, ":open") {
			c.Errorf("I5: key %s is left", k)
		}
	}
}
