// Package mappings keeps on Redis how the files of an app are read and what is done with their rows, under names, so that nobody has to
// map the same columns every week.
package mappings

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// Content is what a mapping says. A plan has the same fields, by the names of the HTTP API.
type Content struct {
	Op              string            `json:"op,omitempty"`
	Set             map[string]string `json:"set,omitempty"` // path → value
	Map             map[string]string `json:"map,omitempty"` // column → path
	Delimiter       string            `json:"delimiter,omitempty"`
	Encoding        string            `json:"encoding,omitempty"`
	Sheet           string            `json:"sheet,omitempty"`
	PhoneCountry    string            `json:"phoneCountry,omitempty"`
	Where           string            `json:"where,omitempty"`
	Vars            map[string]string `json:"vars,omitempty"`
	AllowDuplicates bool              `json:"allowDuplicates,omitempty"`
	Options         map[string]string `json:"options,omitempty"` // by the names of flags, such as max-failures
}

// Empty tells whether it says nothing.
func (c Content) Empty() bool {
	return c.Op+c.Delimiter+c.Encoding+c.Sheet+c.PhoneCountry+c.Where == "" && len(c.Set)+len(c.Map)+len(c.Vars)+len(c.Options) == 0 && !c.AllowDuplicates
}

// Or returns c with what it leaves out taken from another.
func (c Content) Or(other Content) Content {
	both := func(a, b map[string]string) map[string]string {
		all := maps.Clone(b)
		if all == nil {
			return a
		}
		maps.Copy(all, a)
		return all
	}
	return Content{
		Op: cmp.Or(c.Op, other.Op), Set: both(c.Set, other.Set), Map: both(c.Map, other.Map), Delimiter: cmp.Or(c.Delimiter, other.Delimiter), Encoding: cmp.Or(c.Encoding, other.Encoding),
		Sheet: cmp.Or(c.Sheet, other.Sheet), PhoneCountry: cmp.Or(c.PhoneCountry, other.PhoneCountry), Where: cmp.Or(c.Where, other.Where), Vars: both(c.Vars, other.Vars),
		AllowDuplicates: c.AllowDuplicates || other.AllowDuplicates, Options: both(c.Options, other.Options),
	}
}

// Mapping is one that was saved.
type Mapping struct {
	App     string    `json:"app"`
	Name    string    `json:"name"`
	Version int64     `json:"version"` // from 1; each time it is saved it is the next
	Who     string    `json:"who"`     // saved it
	At      time.Time `json:"at"`
	Content
}

// Errors of the store.
var (
	ErrNone = errors.New("no such mapping")
	ErrFull = fmt.Errorf("an app has at most %d mappings", most)
)

// most is how many mappings an app may have.
const most = 200

var nameForm = lazyregexp.New(`^[\pL\pN][\pL\pN ._-]{0,63}$`)

// IsName tells whether a mapping may be called so: 1 to 64 letters, digits, spaces, dots, dashes and underscores.
func IsName(name string) bool {
	return nameForm().MatchString(name) && !strings.HasSuffix(name, " ")
}

const appsKey = "sunbulk:mappings" // the apps that have some

func key(app string) string { return "sunbulk:mappings:{" + app + "}" }

// Store is the mappings on one Redis.
type Store struct{ rdb redis.UniversalClient }

// NewStore returns the Store on rdb, which the caller closes.
func NewStore(rdb redis.UniversalClient) *Store { return &Store{rdb} }

// saveScript keeps a mapping as "VERSION JSON". KEYS: mappings, versions (which stay when a mapping is removed); ARGV: name, JSON, most. Returns
// the version, 0 where there are too many.
var saveScript = redis.NewScript(`
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
local version = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
redis.call('HSET', KEYS[1], ARGV[1], version .. ' ' .. ARGV[2])
return version`)

// Save keeps a mapping, in place of an earlier one of its name, and returns its version, or ErrFull.
func (s *Store) Save(ctx context.Context, m Mapping) (version int64, err error) {
	data, err := json.Marshal(m)
	if err != nil {
		return 0, fmt.Errorf("encode mapping: %w", err)
	}
	// In another slot of a Cluster: first, for an app without mappings does no harm.
	if err := s.rdb.SAdd(ctx, appsKey, m.App).Err(); err != nil {
		return 0, fmt.Errorf("save mapping: %w", err)
	}
	version, err = saveScript.Run(ctx, s.rdb, []string{key(m.App), key(m.App) + ":versions"}, m.Name, data, most).Int64()
	switch {
	case err != nil:
		return 0, fmt.Errorf("save mapping: %w", err)
	case version == 0:
		return 0, ErrFull
	}
	return version, nil
}

// Mapping returns one, or ErrNone.
func (s *Store) Mapping(ctx context.Context, app, name string) (Mapping, error) {
	text, err := s.rdb.HGet(ctx, key(app), name).Result()
	if errors.Is(err, redis.Nil) {
		return Mapping{}, ErrNone
	}
	if err != nil {
		return Mapping{}, fmt.Errorf("read mapping: %w", err)
	}
	return parse(app, name, text)
}

func parse(app, name, text string) (m Mapping, err error) {
	version, data, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(version, 10, 64)
	if err == nil {
		err = json.Unmarshal([]byte(data), &m)
	}
	if err != nil {
		return m, fmt.Errorf("read mapping %q: %w", name, err)
	}
	m.App, m.Name, m.Version = app, name, n
	return m, nil
}

// Apps returns the apps that have, or had, mappings.
func (s *Store) Apps(ctx context.Context) ([]string, error) {
	apps, err := s.rdb.SMembers(ctx, appsKey).Result()
	if err != nil {
		return nil, fmt.Errorf("list mappings: %w", err)
	}
	slices.Sort(apps)
	return apps, nil
}

// Mappings returns those of an app, by name. One that cannot be read is left out, and stops no other (I12).
func (s *Store) Mappings(ctx context.Context, app string) (all []Mapping, err error) {
	texts, err := s.rdb.HGetAll(ctx, key(app)).Result()
	if err != nil {
		return nil, fmt.Errorf("list mappings: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if m, err := parse(app, name, texts[name]); err == nil {
			all = append(all, m)
		}
	}
	return all, nil
}

// Remove removes one, or returns ErrNone.
func (s *Store) Remove(ctx context.Context, app, name string) error {
	n, err := s.rdb.HDel(ctx, key(app), name).Result()
	switch {
	case err != nil:
		return fmt.Errorf("remove mapping: %w", err)
	case n == 0:
		return ErrNone
	}
	return nil
}
