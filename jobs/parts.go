package jobs

import (
	"encoding/json"
	"strings"
)

func joinClients(clients []json.RawMessage) string {
	var b strings.Builder
	for _, c := range clients {
		b.Write(c)
		b.WriteByte('\n')
	}
	return b.String()
}

// splitClients returns what joinClients joined, and counts it.
func (r *columnReader) splitClients(s string) []json.RawMessage {
	if !r.count(strings.Count(s, "\n")) {
		return nil
	}
	var clients []json.RawMessage
	for line := range strings.Lines(s) {
		clients = append(clients, json.RawMessage(strings.TrimSuffix(line, "\n")))
	}
	return clients
}

// joinCells keeps cells of any content apart: each ends with a byte that UTF-8 never holds.
func joinCells(cells []string) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(strings.ReplaceAll(c, cellEnd, ""))
		b.WriteString(cellEnd)
	}
	return b.String()
}

func (r *columnReader) splitCells(s string) []string {
	if s == "" || !r.count(strings.Count(s, cellEnd)) {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, cellEnd), cellEnd)
}

const cellEnd = "\xff"
