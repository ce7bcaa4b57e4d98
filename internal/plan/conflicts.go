package plan

import (
	"hash/maphash"
	"iter"
	"strings"

	"github.com/sunbulk/sunbulk/internal/recall"
	"github.com/sunbulk/sunbulk/jobs"
)

// Kind says how a row conflicts with an earlier one.
type Kind string

// The kinds of conflict. A row may be in several.
const (
	CreatedTwice      Kind = "created_twice"       // a user gets a second client of the same type and integration
	CreatedAndRemoved Kind = "created_and_removed" // a user gets a client and loses one
	RemovedTwice      Kind = "removed_twice"       // a client is removed again
	SharedContact     Kind = "shared_contact"      // a phone number or address is given to another user of the same integration
	MessagedTwice     Kind = "messaged_twice"      // a phone number or address gets another message
)

// Kinds returns all kinds, in the order in which they are reported.
func Kinds() []Kind {
	return []Kind{CreatedTwice, CreatedAndRemoved, RemovedTwice, SharedContact, MessagedTwice}
}

// Conflict counts the rows that conflict with an earlier one in the same way.
type Conflict struct {
	Kind  Kind       `json:"kind"`
	Count int64      `json:"count"`
	Rows  [][2]int64 `json:"rows"` // the first of them: the earlier row, then the row
}

// maxPairs is how many rows of a conflict are named.
const maxPairs = 5

// conflicts remembers, in fixed memory, which users, clients, phone numbers and addresses the rows
// have named. A row takes two entries of the table at most, so that of 1,250,000 rows nothing is
// forgotten. The chance that any of so many is taken to conflict with a row that it has nothing to
// do with is 1 in 700.
type conflicts struct {
	seed  maphash.Seed
	table *recall.Table
	found map[Kind]*Conflict
}

func newConflicts() *conflicts {
	c := &conflicts{maphash.MakeSeed(), recall.New(), map[Kind]*Conflict{}}
	for _, kind := range Kinds() {
		c.found[kind] = &Conflict{Kind: kind}
	}
	return c
}

// An entry of the table: 33 bits that tell its key from others, 7 bits of mark, 24 bits of the row's
// number.
const (
	rowBits  = 24
	markBits = 7
	rowMask  = 1<<rowBits - 1
	markMask = 1<<markBits - 1
	tagMask  = ^uint64(markMask<<rowBits | rowMask)
)

// mark says what a row did with the thing of an entry; it is never 0.
type mark uint64

// removed marks a user that loses a client, and that client.
const removed mark = 1

// linked marks a user or contact that is linked on a channel.
func linked(on channel, messages bool) mark {
	m := mark(on << 1)
	if messages {
		m |= 1
	}
	return m
}

func (m mark) channel() channel { return channel(m >> 1) }

// messages tells whether a contact was messaged.
func (m mark) messages() bool { return m != removed && m&1 == 1 }

// thing is what rows can conflict about.
type thing struct {
	kind      byte
	brand, id string
}

const (
	aUser byte = iota
	aClient
	aContact
)

func (c *conflicts) create(r *jobs.Row, on channel) {
	user := c.key(thing{aUser, r.BrandID, r.User})
	var again, lost int64
	for m, row := range c.rows(user, r.Number) {
		switch {
		case m == removed:
			lost = row
		case m.channel() == on && on != others:
			again = row
		}
	}
	if !r.Op.Idempotent() { // an ensure makes no second one
		c.note(CreatedTwice, again, r.Number)
	}
	c.note(CreatedAndRemoved, lost, r.Number)
	if again == 0 {
		c.add(user, linked(on, false), r.Number)
	}
	c.contact(r, on, again > 0)
}

// contact looks at the phone number or address of a create; again = its user has it already.
func (c *conflicts) contact(r *jobs.Row, on channel, again bool) {
	contact := c.key(thing{kind: aContact, id: contactOf(r)})
	now := linked(on, r.Messages())
	var taken, messaged int64
	known := false
	for m, row := range c.rows(contact, r.Number) {
		known = known || m == now
		if m.channel() == on && on != others {
			taken = row
		}
		if m.messages() {
			messaged = row
		}
	}
	if !again {
		c.note(SharedContact, taken, r.Number)
	}
	if r.Messages() {
		c.note(MessagedTwice, messaged, r.Number)
	}
	if !known {
		c.add(contact, now, r.Number)
	}
}

func (c *conflicts) remove(r *jobs.Row) {
	if r.ClientID != "" {
		c.client(r)
	}
	user := c.key(thing{aUser, r.BrandID, r.User})
	var gained int64
	known := false
	for m, row := range c.rows(user, r.Number) {
		if m == removed {
			known = true
		} else {
			gained = row
		}
	}
	c.note(CreatedAndRemoved, gained, r.Number)
	if !known {
		c.add(user, removed, r.Number)
	}
}

// client looks at the client that a row removes.
func (c *conflicts) client(r *jobs.Row) {
	client := c.key(thing{kind: aClient, id: r.ClientID})
	var again int64
	for _, row := range c.rows(client, r.Number) {
		again = row
	}
	c.note(RemovedTwice, again, r.Number)
	if again == 0 {
		c.add(client, removed, r.Number)
	}
}

// note counts a conflict of row with an earlier one; 0 = there is none.
func (c *conflicts) note(kind Kind, earlier, row int64) {
	if earlier == 0 {
		return
	}
	f := c.found[kind]
	if f.Count++; len(f.Rows) < maxPairs {
		f.Rows = append(f.Rows, [2]int64{earlier, row})
	}
}

// list gives the conflicts that there are.
func (c *conflicts) list() []Conflict {
	list := []Conflict{}
	for _, kind := range Kinds() {
		if f := c.found[kind]; f.Count > 0 {
			list = append(list, *f)
		}
	}
	return list
}

func (c *conflicts) key(t thing) uint64 { return maphash.Comparable(c.seed, t) }

// rows yields what the rows before this one did with a thing.
func (c *conflicts) rows(key uint64, row int64) iter.Seq2[mark, int64] {
	return func(yield func(mark, int64) bool) {
		for entry := range c.table.Find(key, tag(key), tagMask) {
			// The latest earlier row whose last 24 bits are these.
			earlier := row - (row-int64(entry&rowMask))&rowMask
			if !yield(mark(entry>>rowBits&markMask), earlier) {
				return
			}
		}
	}
}

func (c *conflicts) add(key uint64, m mark, row int64) {
	c.table.Add(key, tag(key)|uint64(m)<<rowBits|uint64(row)&rowMask)
}

// tag takes other bits of the key than those that choose its buckets: multiplied, all of them count.
func tag(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 & tagMask }

// contactOf is the phone number of a create in digits alone, or its address in lower case.
func contactOf(r *jobs.Row) string {
	if r.Address != "" {
		return strings.ToLower(r.Address)
	}
	return jobs.Digits(r.PhoneNumber)
}
