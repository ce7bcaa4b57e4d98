package ledger

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// Doing is what a worker is at with a job.
type Doing string

// What a worker may be doing.
const (
	Calling  Doing = "calling"
	Full     Doing = "full"     // as Calling, and every place for a call in flight is taken
	Stopping Doing = "stopping" // no call starts any more; those in flight end

	Unreplicated Doing = "waiting for replicas" // too few of Redis confirm, and nothing that messages a person is sent
)

// Pulse is what a worker says of itself with a heartbeat.
type Pulse struct {
	InFlight int64 // calls of the job
	Calls    int64 // made for the job since the worker came to it
	Doing    Doing
}

// rateWindow is the time over which a worker's rate is known: some heartbeats.
const rateWindow = 12 * time.Second

// Worker is a process that serves a job, by its heartbeats.
type Worker struct {
	Name      string
	Since     time.Time // when it came to the job
	InFlight  int64     // calls of the job, at most a BeatInterval ago
	Doing     Doing
	PerSecond float64 // calls of the job, over the last 12 s
}

var (
	//go:embed living.lua
	livingLua string

	livingScript = redis.NewScript(livingLua)
)

// Workers returns the workers that serve a job and send heartbeats, by name.
func (l *Ledger) Workers(ctx context.Context, job string) ([]Worker, error) {
	reply, err := livingScript.Run(ctx, l.rdb, []string{key(job, "alive")}, Patience.Milliseconds()).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("read heartbeats: %w", err)
	}
	var living []Worker
	for pair := range slices.Chunk(reply, 2) {
		w, err := parseWorker(pair[0], pair[len(pair)-1])
		if err != nil {
			return nil, err
		}
		living = append(living, w)
	}
	slices.SortFunc(living, func(a, b Worker) int { return cmp.Compare(a.Name, b.Name) })
	return living, nil
}

// parseWorker reads an entry of beat.lua.
func parseWorker(name, entry string) (Worker, error) {
	const parts = 5
	f := strings.SplitN(entry, ":", parts)
	if len(f) != parts {
		return Worker{}, fmt.Errorf("heartbeat of worker %s has %d parts", name, len(f))
	}
	w := Worker{Name: jobs.Line(name), Since: time.UnixMilli(number(f[1])).UTC(), InFlight: number(f[2]), Doing: Doing(jobs.Line(f[3]))}
	signs := strings.Fields(f[4])
	newest, oldest := parseSign(signs, 0), parseSign(signs, len(signs)-1)
	if took := newest.at.Sub(oldest.at); took > 0 {
		w.PerSecond = float64(newest.calls-oldest.calls) / took.Seconds()
	}
	return w, nil
}

// sign is one heartbeat: the calls made until then.
type sign struct {
	at    time.Time
	calls int64
}

func parseSign(signs []string, i int) sign {
	if i < 0 || i >= len(signs) {
		return sign{}
	}
	at, calls, _ := strings.Cut(signs[i], "=")
	return sign{time.UnixMilli(number(at)), number(calls)}
}
