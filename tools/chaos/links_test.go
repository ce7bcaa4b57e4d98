package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// TestLinks holds that every link of a job is in the end what the simulated API says, by webhooks whose events come twice, late, out of order, before
// their create is answered, or never, while receivers are killed and Redis is away; and that what events do not tell takes few calls. The same
// events, read by settle, come to the same, and so does asking the API, as far as lists tell.
func TestLinks(t *testing.T) {
	seed, rows := seedOf(), option[int]("links")
	t.Logf("seed %d: go -C tools/chaos test -v -run %s$ -seed %d -links %d -outage %s -receivers %d", seed, t.Name(), seed, rows,
		option[time.Duration]("outage"), option[int]("receivers"))
	began := time.Now()
	l := newLinksTrial(t, suncotest.World{}, seed)
	l.knobs = suncotest.Knobs{LatencyMin: 2 * time.Millisecond, LatencyMax: 10 * time.Millisecond, PendingFor: 2 * time.Second,
		FailedLinkShare: 0.05, CancelledLinkShare: 0.03, TakenLinkShare: 0.03, CutAfter: 0.002, Share503After: 0.002}
	l.sim.SetKnobs(l.knobs)
	job := l.createAll(rows, option[int]("receivers"))
	l.settleEvents()
	created := l.calls()
	l.verify(l.url, job, "10s")
	following := l.calls() - created
	l.writes("report", job, "--out", "followed")
	l.Logf("followed in %.0f s: %d receivers killed, Redis away for %.0f s, %+v", time.Since(began).Seconds(), l.kills, l.away.Seconds(), l.sim.WebhookStats())
	l.linksAre("followed", byEvents, rows)
	t.Logf("calls for following: %d of %d rows, %.2f %%", following, rows, 100*float64(following)/float64(rows))
	if share := float64(following) / float64(rows); share >= 0.05 {
		t.Errorf("calls for following: %.1f %% of the rows, want less than 5", 100*share)
	}
	l.bySettle(job, rows)
	l.byAsking(job, rows)
	if n := l.sim.WebhookStats().WrongKeyTaken; n != 0 {
		t.Errorf("%d calls with a wrong key were taken", n)
	}
	l.settled(&verdict{})
}

// createAll runs creates, and kills receivers and Redis meanwhile.
func (l *linksTrial) createAll(rows, kills int) (job string) {
	l.Helper()
	l.writeRows("links.csv", rows)
	p := l.start("enqueue", "enqueue", "links.csv", "--redis", l.url, "--app", "app-a", "--op", "create", "--rate", "0", "--batch", "20", "--max-failures", "100%", "--attempts", "20", "--timeout", "5s",
		"--set", "matchCriteria.type=whatsapp", "--set", "integrationId=int", "--set", "confirmation.type=immediate", "--set", "conversationId=chat")
	for p.running() {
		l.look()
	}
	if p.code() != 0 {
		l.Fatalf("enqueue: %s", p.tail())
	}
	job = p.answered()
	broken := false
	l.wait("the creates", func() (bool, int64) {
		done := l.sim.Stats().Calls["create"]
		for l.kills < kills && done > int64(l.kills+1)*int64(rows)/int64(kills+1) {
			l.killReceiver()
			l.look()
		}
		if !broken && done > int64(rows)*2/5 {
			broken = true
			l.breakRedis()
		}
		now, err := l.ledger.Job(context.Background(), job)
		return err == nil && now.State == jobs.Finished, done
	})
	if !broken || l.kills < kills {
		l.Fatalf("the job was over before its surroundings broke: %d receivers killed", l.kills)
	}
	return job
}

func (l *linksTrial) writeRows(name string, rows int) {
	l.Helper()
	f, err := os.Create(filepath.Join(l.dir, name))
	if err != nil {
		l.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintln(f, "user,phoneNumber")
	for i := range rows {
		fmt.Fprintf(f, "user-%07d,%s\n", i+1, numberOf(i))
	}
}

// numberOf is a phone number that is no sign of a link that fails.
func numberOf(i int) string { return fmt.Sprintf("+1212555%04d", 1+i%9999) }

// settleEvents returns when all events were sent, and those of the app are joined into the links of jobs or wait for none.
func (l *linksTrial) settleEvents() {
	l.Helper()
	l.wait("the events", func() (bool, int64) {
		s := l.sim.WebhookStats()
		return s.Open == 0, s.Attempts
	})
	left, since := int64(-1), time.Now() // those of a create in doubt, whose client:add was dropped, wait for a day
	l.wait("the receivers", func() (bool, int64) {
		n := l.rdb.XLen(context.Background(), "sunbulk:events:{app-a}").Val()
		if n != left {
			left, since = n, time.Now()
		}
		return n == 0 || time.Since(since) > 20*time.Second, n
	})
	l.Logf("%d events are of no row that is known", left)
}

// verify follows what is pending, and returns when that has ended.
func (l *linksTrial) verify(url, job, within string) {
	l.Helper()
	p := l.start("verify", "verify", job, "--redis", url, "--within", within)
	for p.running() {
		l.look()
	}
	verify := p.answered()
	switch {
	case p.code() != 0:
		l.Fatalf("verify ended with code %d: %s", p.code(), p.tail())
	case verify == "": // nothing was pending
		return
	}
	l.wait("the verify", func() (bool, int64) {
		q := l.start("status", "status", verify, "--redis", url)
		<-q.ended
		data, err := os.ReadFile(q.out)
		return err == nil && strings.Contains(string(data), "is finished\n"), l.calls()
	})
}

// calls counts those that reached the API.
func (l *linksTrial) calls() (n int64) {
	for _, c := range l.sim.Stats().Calls {
		n += c
	}
	return n
}
