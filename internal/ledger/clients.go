package ledger

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed index.lua
	indexLua string

	//go:embed outside.lua
	outsideLua string

	indexScript   = redis.NewScript(indexLua)
	outsideScript = redis.NewScript(outsideLua)
)

// ClientKey is what a row of a job is found by: a client that it made, or its user. The index holds digests: it shows nobody's id, and
// takes about 40 bytes for each row.
type ClientKey string

// ByClient is the key of a client's id.
func ByClient(id string) ClientKey { return ClientKey("c" + id) }

// ByUser is the key of a user's id or external id, as the row has it.
func ByUser(id string) ClientKey { return ClientKey("u" + id) }

// digest returns the part of the index where the key is, one of 65,536, and how it is written there.
func (k ClientKey) digest() (part, name string) {
	sum := sha256.Sum256([]byte(k))
	return hex.EncodeToString(sum[:2]), base64.RawURLEncoding.EncodeToString(sum[2:8])
}

const nameSize = 8 // of what digest returns

// ClientRow is a row that made a client, or may have.
type ClientRow struct {
	Row  int64
	Made jobs.Observation // what the answer said of the link; the zero one for a create in doubt
}

// Letters behind the row of an entry.
const (
	entryPending = 'p'
	entryDoubt   = 'd'
	entryActive  = 'a' // and behind it the time in ms
)

func (r ClientRow) entry(name string) string {
	switch r.Made.State {
	case jobs.LinkPending:
		return fmt.Sprintf("%s%d%c ", name, r.Row, entryPending)
	case jobs.LinkActive:
		return fmt.Sprintf("%s%d%c%d ", name, r.Row, entryActive, r.Made.At.UnixMilli())
	}
	return fmt.Sprintf("%s%d%c ", name, r.Row, entryDoubt)
}

// parseEntry reads what entry wrote, without the space.
func parseEntry(text string) (name string, r ClientRow, ok bool) {
	if len(text) <= nameSize {
		return "", r, false
	}
	name, text = text[:nameSize], text[nameSize:]
	digits := strings.IndexFunc(text, func(c rune) bool { return c < '0' || c > '9' })
	if digits <= 0 {
		return "", r, false
	}
	var err error
	if r.Row, err = strconv.ParseInt(text[:digits], 10, 64); err != nil {
		return "", r, false
	}
	switch text[digits] {
	case entryPending:
		r.Made.State = jobs.LinkPending
	case entryActive:
		at, err := strconv.ParseInt(text[digits+1:], 10, 64)
		r.Made = jobs.Observation{State: jobs.LinkActive, At: time.UnixMilli(at).UTC()}
		return name, r, err == nil
	case entryDoubt:
	default:
		return "", r, false
	}
	return name, r, true
}

// IndexClients brings the index of a job's clients up to its outcomes, a few commits at a time; ErrNoJob. Several may do so at once.
func (l *Ledger) IndexClients(ctx context.Context, id string) error {
	const commits = 20
	for {
		place, err := l.rdb.HGet(ctx, key(id), "indexed").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("read index: %w", readError(id, err))
		}
		from := ""
		if place != "" {
			from = "(" + place
		}
		chunks, err := l.ChunksFrom(ctx, id, from, commits)
		if err != nil || len(chunks) == 0 {
			return err
		}
		entries, made := indexEntries(chunks)
		args := append([]any{place, chunks[len(chunks)-1].Place, made.Pending, made.Active}, entries...)
		done, err := indexScript.Run(ctx, l.rdb, []string{key(id), key(id, "clients")}, args...).Int()
		if err != nil {
			return fmt.Errorf("index clients: %w", err)
		}
		if done < 0 {
			return fmt.Errorf("job %s: %w", id, ErrNoJob)
		}
	}
}

func indexEntries(chunks []PlacedChunk) (entries []any, made jobs.Links) {
	add := func(k ClientKey, r ClientRow) {
		part, name := k.digest()
		entries = append(entries, part, r.entry(name))
	}
	for _, c := range chunks {
		for i := range c.Outcomes {
			o := &c.Outcomes[i]
			link, ok := o.Made()
			r := ClientRow{o.Row.Number, link}
			switch {
			case ok:
				made.Add(link.State, 1)
				add(ByClient(o.ClientID), r)
				add(ByUser(o.Row.User), r)
			case o.Row.Op.Creates() && o.Kind == jobs.InDoubt:
				add(ByUser(o.Row.User), r)
			}
		}
	}
	return entries, made
}

// FindClients returns the rows that were indexed under each key.
func (l *Ledger) FindClients(ctx context.Context, id string, keys []ClientKey) ([][]ClientRow, error) {
	found := make([][]ClientRow, len(keys))
	if len(keys) == 0 {
		return found, nil
	}
	parts, names := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		parts[i], names[i] = k.digest()
	}
	texts, err := l.rdb.HMGet(ctx, key(id, "clients"), parts...).Result()
	if err != nil {
		return nil, fmt.Errorf("find clients: %w", err)
	}
	for i, part := range texts {
		for entry := range strings.SplitSeq(text(part), " ") {
			if name, r, ok := parseEntry(entry); ok && name == names[i] {
				found[i] = append(found[i], r)
			}
		}
	}
	return found, nil
}

// NoteOutside remembers clients that users outside the job have lost to others meanwhile, and users outside it that were merged into its users. It returns
// how many there are of both.
func (l *Ledger) NoteOutside(ctx context.Context, id string, clients, users []string) (taken, merged int64, err error) {
	args := []any{len(clients)}
	for _, c := range clients {
		part, name := ByClient(c).digest()
		args = append(args, part+name)
	}
	for _, u := range users {
		args = append(args, userDigest(u))
	}
	n, err := outsideScript.Run(ctx, l.rdb, []string{key(id), key(id, "taken"), key(id, "merged")}, args...).Int64Slice()
	if err == nil && len(n) != 2 {
		err = errors.New("reply of another form")
	}
	if err != nil {
		return 0, 0, fmt.Errorf("note what became of others: %w", err)
	}
	return n[0], n[1], nil
}
