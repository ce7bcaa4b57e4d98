package chaos

import (
	"path/filepath"
	"strconv"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// source is where a report's links come from.
type source int

const (
	byEvents  source = iota // of webhooks, and lists where those do not tell
	bySettled               // recorded events alone
	byLists                 // lists alone: why a client is gone is not known
)

// states of links by why the client vanishes.
var states = map[string]jobs.LinkState{"": jobs.LinkActive, "linkFailed": jobs.LinkFailed, "linkCancelled": jobs.LinkCancelled, "theft": jobs.LinkTaken}

// linksAre compares the links of a report with what the simulated API knows of its clients.
func (l *linksTrial) linksAre(out string, from source, rows int) {
	l.Helper()
	fates, ofUser := map[string]suncotest.Fate{}, map[string][]suncotest.Fate{}
	for _, f := range l.sim.Fates() {
		fates[f.Client] = f
		ofUser[f.User] = append(ofUser[f.User], f)
	}
	for user, made := range ofUser {
		if len(made) > 1 {
			l.twice[user] = true
		}
	}
	told := l.front.ends(l)
	equal, gone, untold, doubts, counts := 0, 0, 0, 0, map[string]int{}
	lines := l.sheet(filepath.Join(l.dir, out, "results.csv"))
	if len(lines) != rows {
		l.Errorf("I1: %s has %d rows, want %d", out, len(lines), rows)
	}
	for _, line := range lines {
		if made := ofUser[line["user"]]; line["outcome"] == string(jobs.InDoubt) && len(made) == 1 && (from == byLists || !told[made[0].Client]["channelLinking"]) {
			doubts++ // the answer was lost, the link had failed before the look, and no event names the client
			continue
		}
		fate, known := fates[line["clientId"]]
		if !known || line["outcome"] != string(jobs.OK) {
			l.Errorf("%s: row %s is %s with client %q, which the API does not know", out, line["row"], line["outcome"], line["clientId"])
			continue
		}
		got, want := jobs.LinkState(line["link"]), states[fate.End]
		counts[line["link"]]++
		switch sent := told[fate.Client]; {
		case got == want:
			equal++
		case got == jobs.LinkFailed && line["linkError"] == "gone" && fate.End != "" && (from == byLists || !sent[fate.End]):
			gone++ // a list shows no more
		case got == jobs.LinkActive && want == jobs.LinkTaken && from != byLists && !sent[fate.End]:
			untold++ // nothing tells, and nobody asks about an active one
		case from == bySettled && !sent["confirmed"] && !sent[fate.End] && got == jobs.LinkPending:
			untold++
		default:
			l.Errorf("%s: the link of row %s is %s %q at %s, want %s of %s", out, line["row"], got, line["linkError"], line["linkAt"], want, strconv.Quote(fate.End))
		}
	}
	l.Logf("%s: %d rows, %d links equal, %d gone as lists show it, %d whose last event was dropped, %d in doubt whose client:add was dropped, %d users linked twice; %v",
		out, rows, equal, gone, untold, doubts, len(l.twice), counts)
}

// bySettle reads the events that receivers took into the job as it was without them.
func (l *linksTrial) bySettle(job string, rows int) {
	l.Helper()
	redis := l.pristine(job)
	l.front.write(l, filepath.Join(l.dir, "events.ndjson"), l.random)
	for _, args := range [][]string{{"settle", job, "events.ndjson"}, {"report", job, "--out", "settled"}} {
		p := l.start(args[0], append(args, "--redis", redis.URL())...)
		<-p.ended
		if code := p.code(); code != 0 && code != 3 { // a row is in doubt
			l.Fatalf("%v ended with code %d: %s", args, code, p.tail())
		}
	}
	l.linksAre("settled", bySettled, rows)
}

// byAsking asks the API about the links of the job as it was without events.
func (l *linksTrial) byAsking(job string, rows int) {
	l.Helper()
	redis := l.pristine(job)
	worker := l.start("asking", "worker", "--redis", redis.URL(), "--base-url", "http://"+l.api, "--credentials", l.secrets, "--concurrency", "16", "--log-format", "json")
	before := l.calls()
	l.verify(redis.URL(), job, "1m")
	l.Logf("calls without any webhook: %d of %d rows", l.calls()-before, rows)
	worker.kill()
	p := l.start("report", "report", job, "--out", "asked", "--redis", redis.URL())
	<-p.ended
	if code := p.code(); code != 0 && code != 3 {
		l.Fatalf("report ended with code %d: %s", code, p.tail())
	}
	l.linksAre("asked", byLists, rows)
}
