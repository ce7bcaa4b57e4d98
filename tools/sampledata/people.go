package main

import (
	"fmt"
	"math/rand/v2"
)

// The integrations of the world, by type.
const (
	twilio   = "5f1a0c52d8b7e4000c3a9e01"
	whatsapp = "5f1a0c52d8b7e4000c3a9e02"
	mailgun  = "5f1a0c52d8b7e4000c3a9e03"
)

// Ids that the world does not know.
const (
	unknownUser        = "000000000000000000000404"
	unknownIntegration = "5f1a0c52d8b7e4000c3a9eff"
	unknownChat        = "64b20000000000000000dead"
	goneClient         = "61d40000000000000000beef"
)

// count is the number of users. One in ten is reached by mail, one in fifteen has an SDK client.
const count = 120

// person is an invented user and what belongs to it.
type person struct {
	id, externalID string // externalID is empty for most
	chat           string // a conversation
	phone          string // from a range reserved for fiction
	address        string // below example.com
	old            string // the Twilio client to remove
	sdk            string // a client that cannot be removed; empty for most
}

// name is what the rows call the person.
func (p person) name() string {
	if p.externalID != "" {
		return p.externalID
	}
	return p.id
}

func invent(random *rand.Rand) []person {
	people := make([]person, count)
	for i := range people {
		p := person{
			id:      hexID("5e9", random),
			chat:    hexID("64b", random),
			old:     hexID("61d", random),
			phone:   phone(i),
			address: fmt.Sprintf("user%03d@example.com", i+1),
		}
		if i%6 == 0 {
			p.externalID = fmt.Sprintf("customer-%05d", 10_000+7*i)
		}
		if i%15 == 0 {
			p.sdk = hexID("60c", random)
		}
		people[i] = p
	}
	return people
}

// phone is in +1 212 555 0100 to 0199 for every other person, else in +44 7700 900001 to 900999.
func phone(i int) string {
	switch {
	case i%2 == 1:
		return fmt.Sprintf("+44 7700 900%03d", 1+i)
	case i%8 == 0:
		return fmt.Sprintf("+1 212-555-01%02d", i/2)
	}
	return fmt.Sprintf("+121255501%02d", i/2)
}

// hexID has 24 digits, as ids of the API have.
func hexID(prefix string, random *rand.Rand) string {
	return fmt.Sprintf("%s%05x%016x", prefix, random.Uint64N(1<<20), random.Uint64())
}
