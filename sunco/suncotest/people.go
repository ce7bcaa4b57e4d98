package suncotest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
)

// people are the users and conversations that are listed or were made. Others may exist in a lenient world.
type people struct {
	mu    sync.RWMutex
	users map[string]*person // by key
	named map[external]string
	alias map[string]string // keys of users that are not listed, by the ids that they were given
	chats map[string]*chat  // by id
	of    map[string][]*chat
}

// person is a user: listed, or made by a call.
type person struct {
	id       string
	external external
	made     bool
	fields   map[string]json.RawMessage // of the call that made it
}

// chat is a conversation.
type chat struct {
	Conversation
	record  uint64
	created time.Time
	members []string // keys of users
	made    bool
}

func newPeople(users int) people {
	return people{
		users: make(map[string]*person, users), named: make(map[external]string, users), alias: map[string]string{},
		chats: map[string]*chat{}, of: map[string][]*chat{},
	}
}

// find returns the key of a user that is listed or was made, by id or external id.
func (p *people) find(user, brand string) (key string, known bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.users[user] != nil {
		return user, true
	}
	if key, known = p.alias[user]; known {
		return key, true
	}
	for _, e := range []external{{brand, user}, {"", user}} {
		if key, known = p.named[e]; known {
			return key, true
		}
	}
	return "", false
}

// byID returns the key of the user of that id.
func (p *people) byID(id string) (key string, known bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.users[id] != nil {
		return id, true
	}
	key, known = p.alias[id]
	return key, known
}

// byName returns the key of the user of that external id, who is in no brand.
func (p *people) byName(name string) (key string, known bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	key, known = p.named[external{"", name}]
	return key, known
}

// add adds a user unless there is one of that external id.
func (p *people) add(u *person) (added bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, taken := p.named[u.external]; taken && u.external.id != "" {
		return false
	}
	p.users[u.id] = u
	if u.external.id != "" {
		p.named[u.external] = u.id
	}
	return true
}

// person returns the user of a key. One that only a lenient world has gets an id.
func (p *people) person(key string) person {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u := p.users[key]; u != nil {
		return *u
	}
	brand, name, branded := strings.Cut(key, "\x00")
	if !branded {
		return person{id: key, external: external{"", key}}
	}
	id := derivedID(key)
	p.alias[id] = key
	return person{id: id, external: external{brand, name}}
}

// derivedID is an id that a text always gets, in the form that the API has for them.
func derivedID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// keep adds a conversation to those of its members.
func (p *people) keep(c *chat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keepLocked(c)
}

// join makes a user a member of a conversation that another has already; joined is false when nobody has it.
func (p *people) join(id, key string) (joined bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.chats[id]
	if c == nil {
		return false
	}
	c.members = append(c.members, key)
	p.of[key] = append(p.of[key], c)
	slices.SortFunc(p.of[key], func(a, b *chat) int { return cmp.Compare(a.record, b.record) }) // as lists are paged
	return true
}

func (p *people) keepLocked(c *chat) {
	p.chats[c.ID] = c
	for _, key := range c.members {
		p.of[key] = append(p.of[key], c)
	}
}

// believe keeps conversations that only a lenient world has.
func (p *people) believe(all []*chat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range all {
		if p.chats[c.ID] == nil {
			p.keepLocked(c)
		}
	}
}

// open adds a conversation that a call makes; the first of a user is its default one.
func (p *people) open(c *chat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Default = c.Type == sunco.TypePersonal && len(p.of[c.members[0]]) == 0 // which has exactly one member
	p.keepLocked(c)
}

// conversation returns the one of an id; nil when none is listed or was made.
func (p *people) conversation(id string) *chat {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.chats[id]
}

// conversations returns those of a user. A user whom only a lenient world has, has one.
func (w *world) conversations(key string) []*chat {
	w.people.mu.RLock()
	defer w.people.mu.RUnlock()
	all := slices.Clone(w.people.of[key])
	if len(all) == 0 && w.people.users[key] == nil && w.assumes(key) {
		id := derivedID("conversation of " + key)
		all = append(all, Conversation{ID: id}.listed(0, key, true))
	}
	return all
}

// counts tells how many users and conversations calls have made, and how many of those conversations came second.
func (p *people) counts() (users, conversations, second int64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, u := range p.users {
		if u.made {
			users++
		}
	}
	for _, c := range p.chats {
		if c.made {
			conversations++
		}
	}
	for _, all := range p.of {
		for i, c := range all {
			if c.made && i > 0 {
				second++
			}
		}
	}
	return users, conversations, second
}
