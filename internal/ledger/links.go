package ledger

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed links.lua
	linksLua string

	linksScript = redis.NewScript(linksLua)
)

const (
	linkField      = "link:"
	rowsPerPart    = 64 // whose links are one field
	partsPerRead   = 64 // of fields that are read in one go
	changesAtATime = 500
)

// LinkChange is what became known of a row's link.
type LinkChange struct {
	Row  int64
	Made jobs.Observation // what the answer to its create said; the zero one for a create in doubt
	Link jobs.Link        // joined with what is known already; with a Client, the create in doubt is ok
	Code string           // the error code of the create in doubt
}

// Links returns what is known of the links of rows; those without any news are left out.
func (l *Ledger) Links(ctx context.Context, id string, rows []int64) (map[int64]jobs.Link, error) {
	parts := map[int64]string{}
	for _, row := range rows {
		parts[row/rowsPerPart] = ""
	}
	if err := l.readParts(ctx, id, parts); err != nil {
		return nil, err
	}
	known := map[int64]jobs.Link{}
	for _, part := range parts {
		jobs.DecodeLinks(part, func(row int64, link jobs.Link) { known[row] = link })
	}
	return known, nil
}

// readParts reads the parts that the map names.
func (l *Ledger) readParts(ctx context.Context, id string, parts map[int64]string) error {
	for names := range slices.Chunk(slices.Sorted(maps.Keys(parts)), partsPerRead) {
		fields := make([]string, len(names))
		for i, n := range names {
			fields[i] = strconv.FormatInt(n, 10)
		}
		texts, err := l.rdb.HMGet(ctx, key(id, "links"), fields...).Result()
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		for i, n := range names {
			parts[n] = text(texts[i])
		}
	}
	return nil
}

// JoinLinks adds what became known of rows' links, and returns how many rows it was new for; ErrNoJob. It is no matter who else does so,
// in which order, or how often: another's write in between is read and joined again.
func (l *Ledger) JoinLinks(ctx context.Context, id string, changes []LinkChange) (changed int, err error) {
	changes = slices.SortedStableFunc(slices.Values(changes), func(a, b LinkChange) int { return cmp.Compare(a.Row, b.Row) })
	for some := range slices.Chunk(changes, changesAtATime) {
		for {
			n, done, err := l.joinOnce(ctx, id, some)
			if err != nil {
				return changed, err
			}
			if done {
				changed += n
				break
			}
		}
	}
	return changed, nil
}

// joinOnce is not done when another has written one of the rows meanwhile.
func (l *Ledger) joinOnce(ctx context.Context, id string, changes []LinkChange) (changed int, done bool, err error) {
	parts := map[int64]string{}
	for _, c := range changes {
		parts[c.Row/rowsPerPart] = ""
	}
	if err := l.readParts(ctx, id, parts); err != nil {
		return 0, false, err
	}
	counters := map[string]int64{}
	var args []any
	for n, before := range parts {
		after, rows := joinPart(before, changes, n, counters)
		if changed += rows; rows > 0 {
			args = append(args, n, before, after)
		}
	}
	if changed == 0 {
		return 0, true, nil
	}
	args = append([]any{len(args) / 3}, args...)
	for name, n := range counters {
		if n != 0 {
			args = append(args, name, n)
		}
	}
	reply, err := linksScript.Run(ctx, l.rdb, []string{key(id), key(id, "links")}, args...).Int()
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("write links: %w", readError(id, err))
	case reply < 0:
		return 0, false, fmt.Errorf("job %s: %w", id, ErrNoJob)
	}
	return changed, reply == 1, nil
}

// joinPart joins the changes of one part into it, and returns what it is then, and how many rows have changed.
func joinPart(before string, changes []LinkChange, part int64, counters map[string]int64) (after string, changed int) {
	known := map[int64]*jobs.Link{}
	jobs.DecodeLinks(before, func(row int64, link jobs.Link) { known[row] = &link })
	for _, c := range changes {
		if c.Row/rowsPerPart != part {
			continue
		}
		old, now := jobs.Link{}, jobs.Link{}
		if k := known[c.Row]; k != nil {
			old, now = *k, *k
		}
		if now.Join(c.Link); now == old {
			continue
		}
		known[c.Row] = &now
		changed++
		c.count(counters, old, now)
	}
	return jobs.EncodeLinks(slices.Sorted(maps.Keys(known)), func(row int64) *jobs.Link { return known[row] }), changed
}

// count moves the counts of the job along with a link.
func (c *LinkChange) count(counters map[string]int64, old, now jobs.Link) {
	if c.Made.State != "" {
		old.Observe(c.Made)
		now.Observe(c.Made)
	}
	was, is := old.Now().State, now.Now().State
	if c.Made.State == "" && now.Client == "" { // a create in doubt whose client is not known
		return
	}
	if c.Made.State == "" && old.Client == "" {
		was = ""
		counters["in_doubt"]--
		counters["ok"]++
		counters[causeField+c.Code]--
	}
	if was != is {
		if was != "" {
			counters[linkField+string(was)]--
		}
		counters[linkField+string(is)]++
	}
}

// linksOf returns the counts of links in a job's hash: those that answers left, moved along by what became known since. What has been
// indexed is counted there; of a job that nobody follows the commits tell.
func linksOf(fields map[string]string, n func(name string) int64) (links jobs.Links) {
	made := "made_"
	if fields["indexed"] != "" {
		made = "indexed_"
	}
	links.Add(jobs.LinkPending, n(made+"pending"))
	links.Add(jobs.LinkActive, n(made+"active"))
	for _, c := range links.Counts() {
		links.Add(c.State, n(linkField+string(c.State)))
	}
	return links
}

// HasLinks tells whether anything became known of links of the job since their creates were answered.
func (l *Ledger) HasLinks(ctx context.Context, id string) (bool, error) {
	n, err := l.rdb.Exists(ctx, key(id, "links")).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, fmt.Errorf("look for links: %w", err)
	}
	return n > 0, nil
}
