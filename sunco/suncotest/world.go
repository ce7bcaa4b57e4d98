package suncotest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sunbulk/sunbulk/sunco"
)

// World is what the simulated API knows at the start. The zero World is lenient.
type World struct {
	// Lenient makes every user, conversation and integration exist unless its id begins with "unknown".
	Lenient      bool          `json:"lenient,omitempty"`
	Users        []User        `json:"users,omitempty"`
	Integrations []Integration `json:"integrations,omitempty"`
	// Zendesk are the users of Zendesk Support; without any, a lenient world has all.
	Zendesk []ZendeskUser `json:"zendesk,omitempty"`
	// Knobs are in force unless Config has its own; nil = no faults.
	Knobs *Knobs `json:"knobs,omitempty"`
	// Webhook gets the events of clients unless Config has its own; nil = nobody does.
	Webhook *Webhook `json:"webhook,omitempty"`
}

// User is found by ID, and by ExternalID: together with BrandID if it has one.
type User struct {
	ID            string         `json:"id"`
	ExternalID    string         `json:"externalId,omitempty"`
	BrandID       string         `json:"brandId,omitempty"`
	Clients       []sunco.Client `json:"clients,omitempty"`
	Conversations []Conversation `json:"conversations,omitempty"`
}

// Integration is a channel of the app; a create must name its Type.
type Integration struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Status      string `json:"status,omitempty"` // active, inactive or error; empty = active
	DisplayName string `json:"displayName,omitempty"`
	PhoneNumber string `json:"phoneNumber,omitempty"` // of whatsapp: digits, without a +
}

// LoadWorld reads a World from JSON. It refuses unknown names, missing ids and ids that come twice.
func LoadWorld(r io.Reader) (World, error) {
	var w World
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&w); err != nil {
		return World{}, fmt.Errorf("read world: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return World{}, errors.New("read world: something follows the world")
	}
	if err := w.check(); err != nil {
		return World{}, fmt.Errorf("read world: %w", err)
	}
	return w, nil
}

func (w World) check() error {
	taken, known := map[string]bool{}, map[external]bool{}
	for i, u := range w.Users {
		chats := map[string]bool{}
		for _, c := range u.Conversations {
			if c.ID == "" || chats[c.ID] {
				return fmt.Errorf("a conversation of user %d has no id, or comes twice", i+1)
			}
			chats[c.ID] = true
		}
		name := external{u.BrandID, u.ExternalID}
		if u.ID == "" || taken[u.ID] || u.ExternalID != "" && known[name] {
			return fmt.Errorf("user %d has no id, or no external id, of its own", i+1)
		}
		taken[u.ID], known[name] = true, true
		clients := map[string]bool{}
		for j, c := range u.Clients {
			if c.ID == "" || c.Type == "" || clients[c.ID] {
				return fmt.Errorf("client %d of user %d has no type or no id of its own", j+1, i+1)
			}
			clients[c.ID] = true
		}
	}
	clear(taken)
	for i, in := range w.Integrations {
		if in.ID == "" || in.Type == "" || taken[in.ID] {
			return fmt.Errorf("integration %d has no type or no id of its own", i+1)
		}
		if !slices.Contains([]string{"", "active", "inactive", "error"}, in.Status) {
			return fmt.Errorf("status of integration %d is not active, inactive or error", i+1)
		}
		taken[in.ID] = true
	}
	return nil
}

// shards spread the locks on the users.
const shards = 256

// world is a World that changes. Users are known by a key that userKey returns; those without clients take no memory.
type world struct {
	lenient     bool
	people      people
	integration map[string]string // type by id
	customs     customs
	zendesk     map[int64]ZendeskUser
	hash        maphash.Seed
	record      atomic.Uint64 // number of the newest client, user or conversation
	shards      [shards]shard
}

type external struct{ brand, id string }

type shard struct {
	mu      sync.Mutex
	clients map[string][]client // by user, in the order in which they were made
}

func newWorld(from World) *world {
	w := &world{
		lenient:     from.Lenient || len(from.Users) == 0 && len(from.Integrations) == 0,
		people:      newPeople(len(from.Users)),
		integration: make(map[string]string, len(from.Integrations)),
		hash:        maphash.MakeSeed(),
		zendesk:     make(map[int64]ZendeskUser, len(from.Zendesk)),
	}
	for _, u := range from.Zendesk {
		w.zendesk[u.ID] = u
	}
	for i := range w.shards {
		w.shards[i].clients = map[string][]client{}
	}
	for _, in := range from.Integrations {
		w.integration[in.ID] = in.Type
		w.customs.add(shownIntegration{ID: in.ID, Type: in.Type, Status: cmp.Or(in.Status, "active"), DisplayName: in.DisplayName, PhoneNumber: in.PhoneNumber})
	}
	for i := range from.Users {
		u := &from.Users[i]
		w.people.users[u.ID] = &person{id: u.ID, external: external{u.BrandID, u.ExternalID}}
		if u.ExternalID != "" {
			w.people.named[external{u.BrandID, u.ExternalID}] = u.ID
		}
		for j, c := range u.Conversations {
			if !w.people.join(c.ID, u.ID) {
				w.people.keep(c.listed(w.record.Add(1), u.ID, j == 0))
			}
		}
		shard := w.shard(u.ID)
		for i := range u.Clients {
			shard.clients[u.ID] = append(shard.clients[u.ID], client{record: w.record.Add(1), given: &u.Clients[i]})
		}
	}
	return w
}

// userKey finds a user by id or external id. A brand that a user does not need does no harm.
func (w *world) userKey(user, brand string) (key string, found bool) {
	if key, known := w.people.find(user, brand); known {
		return key, true
	}
	if brand != "" {
		return brand + "\x00" + user, w.assumes(user)
	}
	return user, w.assumes(user)
}

// assumes tells whether something that is not listed exists.
func (w *world) assumes(id string) bool { return w.lenient && !strings.HasPrefix(id, "unknown") }

func (w *world) hasConversation(key, id string) bool {
	c := w.people.conversation(id)
	return c != nil && slices.Contains(c.members, key) || w.assumes(id)
}

// integrationType returns the type, empty for one that exists and has never been listed.
func (w *world) integrationType(id string) (kind string, found bool) {
	if kind, listed := w.integration[id]; listed {
		return kind, true
	}
	if c, made := w.customs.find(id); made {
		return c.Type, true
	}
	return "", w.assumes(id)
}

// shard returns the part of the world that holds the user; its lock is the caller's to take.
func (w *world) shard(key string) *shard {
	return &w.shards[maphash.String(w.hash, key)%shards]
}
