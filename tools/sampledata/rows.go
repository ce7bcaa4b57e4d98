package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math/rand/v2"
	"slices"
)

// header is that of migration.csv. A row of fewer cells ends with empty ones.
var header = []string{
	"op", "user", "matchCriteria.type", "integrationId", "phoneNumber", "address",
	"confirmation.type", "confirmation.message", "conversationId", "clientId",
}

const message = `{"author":{"type":"business"},"content":{"type":"text","text":"Hello! From now on we answer you on WhatsApp."}}`

// group is rows that stay together, because they are of one user.
type group [][]string

// migration is a row to remove, one to create and one to list per person, and broken rows in between.
func migration(people []person, random *rand.Rand) ([]byte, error) {
	var groups []group
	for i, p := range people {
		groups = append(groups, group{removal(p, p.old), link(p, i), list(p.name())})
	}
	for _, row := range slices.Concat(refused(people), rejected(people)) {
		groups = append(groups, group{row})
	}
	random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	rows := slices.Concat(groups...)
	rows = append(rows, rows[10], rows[11]) // the same rows twice
	return table(header, rows)
}

func removal(p person, client string) []string {
	return []string{"remove", p.name(), "", "", "", "", "", "", "", client}
}

func list(user string) []string { return []string{"list", user, "", "", "", "", "", "", "", ""} }

// link creates the new client of person i: by mail for one in ten; asking first, or with a message,
// for a few.
func link(p person, i int) []string {
	switch {
	case i%10 == 3:
		return []string{"create", p.name(), "mailgun", mailgun, "", p.address, "immediate", "", p.chat, ""}
	case i%20 == 4:
		return chat(p, p.phone, "prompt", "")
	case i%30 == 5:
		return chat(p, p.phone, "immediate", message)
	}
	return chat(p, p.phone, "immediate", "")
}

func chat(p person, phone, confirmation, text string) []string {
	return []string{"create", p.name(), "whatsapp", whatsapp, phone, "", confirmation, text, p.chat, ""}
}

// refused are rows that are queued and that the API has something to say about.
func refused(people []person) [][]string {
	var rows [][]string
	for _, p := range people {
		if p.sdk != "" {
			rows = append(rows, removal(p, p.sdk))
		}
	}
	for _, p := range people[20:26] {
		rows = append(rows, removal(p, goneClient))
	}
	for _, p := range people[40:43] {
		row := chat(p, p.phone, "immediate", "")
		row[3] = unknownIntegration
		rows = append(rows, row)
	}
	nobody := person{id: unknownUser, chat: people[0].chat}
	nowhere := people[44]
	nowhere.chat = unknownChat
	return append(rows,
		list(unknownUser), removal(nobody, goneClient), chat(nobody, "+12125550198", "immediate", ""),
		chat(nowhere, "+12125550197", "immediate", ""))
}

// rejected are rows that cannot be queued.
func rejected(people []person) [][]string {
	p, q := people[50], people[51]
	noChat, noUser := p, p
	noChat.chat, noUser.id, noUser.externalID = "", "", ""
	byPhone := chat(q, "+447700900888", "immediate", "")
	byPhone[2], byPhone[3] = "mailgun", mailgun
	return [][]string{
		chat(p, "212 555 0142", "immediate", ""),
		chat(p, "1 212 555 0142", "immediate", ""),
		chat(p, "1.21256E+10", "immediate", ""),
		chat(q, "4.4770090089E+11", "immediate", ""),
		chat(q, "+44", "immediate", ""),
		chat(q, "n/a", "immediate", ""),
		chat(q, q.phone, "userActivity", ""),
		chat(q, q.phone, "now", ""),
		chat(noChat, "+12125550196", "immediate", ""),
		byPhone,
		removal(p, ""),
		list(noUser.name()),
		{"update", q.name(), "", "", "", "", "", "", "", ""},
		{"delete", q.name(), "", "", "", "", "", "", "", q.old},
		{"create", q.name(), "whatsapp", whatsapp, "+447700900777", "", "immediate", "", q.chat, "", "moved, see ticket"},
	}
}

// newUsers is a few creates as nested objects.
func newUsers(people []person) ([]byte, error) {
	type object = map[string]any
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, p := range people[60:65] {
		err := enc.Encode(object{
			"op":            "create",
			"user":          p.name(),
			"matchCriteria": object{"type": "whatsapp", "integrationId": whatsapp, "phoneNumber": p.phone},
			"confirmation":  object{"type": "immediate"},
			"target":        object{"conversationId": p.chat},
		})
		if err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// listed is a column of users.
func listed(people []person) []byte {
	out := []byte("user\n")
	for _, p := range people[60:70] {
		out = append(out, p.name()+"\n"...)
	}
	return out
}

func table(header []string, rows [][]string) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.Write(header); err != nil {
		return nil, err
	}
	err := w.WriteAll(rows)
	return out.Bytes(), err
}
