package worker_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// lost is a job in virtual time whose first create gets no answer, and whose client no list shows.
type lost struct {
	*bench
	creates []time.Time
}

// keep keeps an event as a receiver does.
func (l *lost) keep(e webhook.Event) {
	l.t.Helper()
	data, err := json.Marshal(e)
	if err != nil {
		l.t.Error(err)
	}
	if _, err := l.ledger.KeepEvents(l.t.Context(), app, []ledger.NewEvent{{Name: string(data), Users: e.Users, Data: data}}, time.Now()); err != nil {
		l.t.Error(err)
	}
}

// inLost runs a test in a bubble: it works the rows, while events come at their times after the first create.
func inLost(t *testing.T, opt jobs.Options, rows []jobs.Row, play func(l *lost), check func(l *lost)) {
	t.Helper()
	_, _ = net.LookupHost("localhost") // the first makes what all share, which must not be the bubble's
	synctest.Test(t, func(t *testing.T) {
		l := &lost{}
		redis, err := localredis.Start()
		if err != nil {
			t.Fatal(err)
		}
		defer redis.Close()
		api := &clocked{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				status(http.StatusOK, none)(w, r)
				return
			}
			if l.creates = append(l.creates, time.Now()); len(l.creates) == 1 {
				play(l)
				fault(http.StatusServiceUnavailable, "")(w, r)
				return
			}
			status(http.StatusCreated, made)(w, r)
		})}
		l.bench = newBenchFor(t, redis.Client(), sunco.Config{Transport: api}, opt)
		l.queue(len(rows), rows...)
		l.serveFor(10 * time.Minute)
		check(l)
	})
}

// added is the client:add of a row's create.
func added(r jobs.Row, client string) webhook.Event {
	return webhook.Event{ID: client, Type: "client:add", At: time.Now(), Client: client, Users: []string{"internal", r.User}, Channel: r.Type, Integration: r.IntegrationID,
		Conversation: r.ConversationID, Linked: true, Link: jobs.Observation{State: jobs.LinkPending, At: time.Now()}}
}

// gone is the event that ends the link of an added client.
func gone(r jobs.Row, client string) webhook.Event {
	e := added(r, client)
	e.Type, e.Linked, e.Link = "client:remove", false, jobs.Observation{State: jobs.LinkFailed, At: e.At, Cause: "link_failed"}
	return e
}

// A create whose answer was lost and whose link is over before the look is not sent again when events show it (I2).
func TestI2EventsTellOfALostCreate(t *testing.T) {
	row := creates(1)[0]
	change := func(e webhook.Event, how func(*webhook.Event)) webhook.Event { how(&e); return e }
	for _, c := range []struct {
		name   string
		events func() []webhook.Event
		want   string // outcome, cause, client and number of creates
	}{
		{"its client:add", func() []webhook.Event { return []webhook.Event{added(row, "c7")} }, "ok  c7 1"},
		{"its client:add, and its end", func() []webhook.Event { return []webhook.Event{gone(row, "c7"), added(row, "c7")} }, "ok  c7 1"},
		{"its client:add without a conversation", func() []webhook.Event {
			return []webhook.Event{change(added(row, "c7"), func(e *webhook.Event) { e.Conversation = "" })}
		}, "ok  c7 1"},
		{"two that fit", func() []webhook.Event { return []webhook.Event{added(row, "c7"), added(row, "c8")} }, "in_doubt several_candidates  1"},
		{"its end alone", func() []webhook.Event { return []webhook.Event{gone(row, "c7")} }, "in_doubt ended_unseen  1"},
		{"the end of v1", func() []webhook.Event {
			return []webhook.Event{{Type: "link:failure", Users: []string{row.User}, Channel: row.Type, Link: jobs.Observation{State: jobs.LinkFailed, At: time.UnixMilli(0)}}}
		}, "in_doubt ended_unseen  1"},
		{"another user's", func() []webhook.Event {
			return []webhook.Event{change(added(row, "c7"), func(e *webhook.Event) { e.Users = []string{"user-11"} })}
		}, "ok  c1 2"},
		{"another channel's", func() []webhook.Event {
			return []webhook.Event{change(added(row, "c7"), func(e *webhook.Event) { e.Channel = "twilio" })}
		}, "ok  c1 2"},
		{"another integration's", func() []webhook.Event {
			return []webhook.Event{change(added(row, "c7"), func(e *webhook.Event) { e.Integration = "other" })}
		}, "ok  c1 2"},
		{"another conversation's", func() []webhook.Event {
			return []webhook.Event{change(added(row, "c7"), func(e *webhook.Event) { e.Conversation = "other" })}
		}, "ok  c1 2"},
		{"an older one", func() []webhook.Event {
			return []webhook.Event{change(added(row, "c7"), func(e *webhook.Event) { e.At = e.At.Add(-2 * time.Minute) })}
		}, "ok  c1 2"},
		{"the end of an older one", func() []webhook.Event {
			return []webhook.Event{change(gone(row, "c7"), func(e *webhook.Event) { e.At = e.At.Add(-2 * time.Minute) })}
		}, "ok  c1 2"},
		{"a removal by a call", func() []webhook.Event {
			return []webhook.Event{change(gone(row, "c7"), func(e *webhook.Event) { e.Conversation = "" })}
		}, "ok  c1 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inLost(t, options(), []jobs.Row{row}, func(l *lost) {
				for _, e := range c.events() {
					l.keep(e)
				}
			}, func(l *lost) {
				o := l.outcomes()[1]
				if got := fmt.Sprintf("%s %s %s %d", o.Kind, o.ErrorCode, o.ClientID, len(l.creates)); got != c.want {
					t.Errorf("got %s, want %s (%s)", got, c.want, o.Error)
				}
			})
		})
	}
}

// Where the webhook has spoken within 20 minutes, what it does not tell within a minute of a create did not happen: the create is sent again then, and at
// once where no webhook speaks.
func TestI2AnEventIsWaitedForAMinute(t *testing.T) {
	row := creates(1)[0]
	messaging := row
	messaging.Confirmation = "prompt"
	other := row
	other.User = "somebody"
	const never = -1
	for _, c := range []struct {
		name          string
		row           jobs.Row
		spoke         time.Duration // before the create; never
		late          time.Duration // after it comes its client:add; never
		want          string
		least, within time.Duration // between the creates
	}{
		{"no webhook", row, never, never, "ok  c1", 0, 20 * time.Second},
		{"a silent webhook", row, 20*time.Minute + time.Second, never, "ok  c1", 0, 20 * time.Second},
		{"a webhook that spoke", row, 19 * time.Minute, never, "ok  c1", time.Minute, 80 * time.Second},
		{"an event after 50 s", row, time.Minute, 50 * time.Second, "ok  c7", never, never},
		{"an event after two minutes", row, time.Minute, 2 * time.Minute, "ok  c1", time.Minute, 80 * time.Second},
		{"a create that messages is not sent again", messaging, time.Minute, never, "in_doubt not_sent_again ", never, never},
	} {
		t.Run(c.name, func(t *testing.T) {
			inLost(t, options(), []jobs.Row{c.row}, func(l *lost) {
				if c.late != never {
					e := added(c.row, "c7")
					time.AfterFunc(c.late, func() { l.keep(e) })
				}
				if c.spoke != never {
					l.keep(added(other, "c5"))
					left := 24*time.Hour - c.spoke
					l.rdb.PExpire(l.t.Context(), "sunbulk:events:{"+app+"}:heard", left)
				}
			}, func(l *lost) {
				o := l.outcomes()[1]
				if got := strings.Join([]string{string(o.Kind), o.ErrorCode, o.ClientID}, " "); got != c.want {
					t.Errorf("got %s, want %s (%s)", got, c.want, o.Error)
				}
				switch {
				case c.least == never && len(l.creates) != 1, c.least != never && len(l.creates) != 2:
					t.Errorf("%d creates", len(l.creates))
				case c.least != never:
					if gap := l.creates[1].Sub(l.creates[0]); gap < c.least || gap > c.within { // of virtual time
						t.Errorf("sent again after %s, want %s to %s", gap, c.least, c.within)
					}
				}
			})
		})
	}
}

// The end of a link comes before its beginning: the create waits for the event that names its client (I2).
func TestI2TheEndOfALinkComesFirst(t *testing.T) {
	row := creates(1)[0]
	inLost(t, options(), []jobs.Row{row}, func(l *lost) {
		e := added(row, "c7")
		l.keep(gone(row, "c7"))
		time.AfterFunc(40*time.Second, func() { l.keep(e) })
	}, func(l *lost) {
		if o := l.outcomes()[1]; o.ClientID != "c7" || len(l.creates) != 1 {
			t.Errorf("%s %s with client %q after %d creates, want c7 after one", o.Kind, o.ErrorCode, o.ClientID, len(l.creates))
		}
	})
}

// Nothing is sent again while Redis cannot say what events have told (I2).
func TestI2NoResendWhileEventsCannotBeRead(t *testing.T) {
	const key = "sunbulk:events:{" + app + "}"
	row := creates(1)[0]
	inLost(t, options(), []jobs.Row{row}, func(l *lost) {
		e := added(row, "c7")
		l.rdb.Set(l.t.Context(), key, "no stream", 0)
		time.AfterFunc(3*time.Minute, func() {
			l.rdb.Del(l.t.Context(), key)
			l.keep(e)
		})
	}, func(l *lost) {
		if o := l.outcomes()[1]; o.ClientID != "c7" || len(l.creates) != 1 {
			t.Errorf("%s with client %q after %d creates, want c7 after one", o.Kind, o.ClientID, len(l.creates))
		}
	})
}

// An event that may be about either of two rows of a user settles neither, and one about the client of a sibling says nothing of the other.
func TestI2AnEventOfTwoRows(t *testing.T) {
	rows := creates(2)
	rows[1].User, rows[1].ConversationID = rows[0].User, rows[0].ConversationID
	inLost(t, options(), rows, func(l *lost) {
		l.keep(added(rows[0], "c7"))
	}, func(l *lost) {
		o := l.outcomes()
		if o[1].ClientID != "c7" || o[2].ClientID != "c1" || len(l.creates) != 2 {
			t.Errorf("%+v, %+v after %d creates", o[1], o[2], len(l.creates))
		}
	})
	l := &lost{bench: newBench(t, answer(status(http.StatusOK, none)), options())}
	l.queue(2, rows...)
	l.dieAfterAnnouncing(2)
	l.keep(added(rows[0], "c7"))
	l.serve()
	for row, o := range l.outcomes() {
		if o.Kind != jobs.InDoubt || o.ErrorCode != "several_candidates" {
			t.Errorf("row %d: %s %s", row, o.Kind, o.ErrorCode)
		}
	}
}
