package schedule

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// standing is what a look at a schedule shows.
type standing struct {
	name    string
	version int64
	last    string // slots up to it were dealt with, in ms
	waiting string // slot that waits for the end of a run, in ms
	order   string // to start a run, which a worker has taken
	trigger string // order that somebody asked for, which no worker has taken
	trouble string // in the way of the order's run
	paused  bool
	reason  string // of the pause
	owed    string // newest entry of which people are to be notified
	told    string // entry up to which they were
	running []string
}

// standings reads how all schedules stand. Those that are gone are left out; one that cannot be read has nothing but its name (I12).
func (s *Store) standings(ctx context.Context, names []string) ([]standing, error) {
	hashes, sets := make([]*redis.MapStringStringCmd, len(names)), make([]*redis.StringSliceCmd, len(names))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			hashes[i] = p.HGetAll(ctx, key(name))
			sets[i] = p.SMembers(ctx, runningKey(name))
		}
		return nil
	})
	if err != nil && !wrongType(err) {
		return nil, fmt.Errorf("read schedules: %w", err)
	}
	var all []standing
	for i, name := range names {
		f, wrong := hashes[i].Val(), cmp.Or(hashes[i].Err(), sets[i].Err())
		version, noNumber := strconv.ParseInt(f["version"], 10, 64)
		switch {
		case wrong != nil && !wrongType(wrong):
			return nil, fmt.Errorf("read schedule %s: %w", name, wrong)
		case wrong != nil || noNumber != nil && len(f) > 0:
			all = append(all, standing{name: name})
			continue
		case len(f) == 0:
			continue
		}
		st := standing{
			name: name, version: version, last: f["last"], waiting: f["waiting"], order: f["order"], trigger: f["trigger"], trouble: f["trouble"],
			paused: f["paused"] != "", reason: f["reason"], owed: f["owed"], told: f["told"], running: sets[i].Val(),
		}
		slices.Sort(st.running)
		all = append(all, st)
	}
	return all, nil
}

// order is to start one run, of a slot or because somebody asked for it. In Redis it is run:slot:who.
type order struct {
	run  string
	slot time.Time // or when somebody asked for it
	who  string    // asked for it; empty = it is a slot's
}

func (o order) String() string { return o.run + ":" + millis(o.slot) + ":" + o.who }

func parseOrder(s string) order {
	run, rest, _ := strings.Cut(s, ":")
	slot, who, _ := strings.Cut(rest, ":")
	return order{run, parseMillis(slot), who}
}

// entry is what became of the order.
func (o order) entry(what What, reason string) Entry {
	return Entry{What: what, Slot: o.slot, Run: o.run, Who: o.who, Reason: reason}
}
