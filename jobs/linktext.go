package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// linkLetters are the states as they are stored; that of a link whose client a list lacks has a letter of its own.
const (
	linkLetters = "pafctm"
	letterGone  = "g"
)

// stateOf returns the state of a letter; empty for one that is none.
func stateOf(letter string) LinkState {
	states := [...]LinkState{LinkPending, LinkActive, LinkFailed, LinkCancelled, LinkTaken, LinkMerged}
	if letter == letterGone {
		return LinkFailed
	}
	if i := strings.Index(linkLetters, letter); i >= 0 {
		return states[i]
	}
	return ""
}

func letterOf(o *Observation) string {
	if o.Gone {
		return letterGone
	}
	if o.State == "" {
		return ""
	}
	return string(o.State[0])
}

// maxCause bounds a cause in bytes.
const maxCause = 300

// LinkCause returns foreign text as a cause: on one line, and not too long.
func LinkCause(text string) string {
	text = Line(strings.ToValidUTF8(text, "\uFFFD"))
	for len(text) > maxCause {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// EncodeLinks writes links by row as lines: row, client, then letter and milliseconds of each observation with its cause behind, all
// between tabs.
func EncodeLinks(rows []int64, link func(row int64) *Link) string {
	var out strings.Builder
	for _, row := range rows {
		l := link(row)
		fmt.Fprintf(&out, "%d\t%s", row, LinkCause(l.Client))
		for _, o := range []*Observation{&l.last, &l.removal} {
			if o.State != "" && (o == &l.last || *o != l.last) {
				fmt.Fprintf(&out, "\t%s%d\t%s", letterOf(o), o.At.UnixMilli(), LinkCause(o.Cause))
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// DecodeLinks reads what EncodeLinks wrote. Lines that are none are passed over.
func DecodeLinks(text string, visit func(row int64, l Link)) {
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		row, err := strconv.ParseInt(parts[0], 10, 64)
		if err != nil || len(parts) < 2 || len(parts)%2 != 0 {
			continue
		}
		l := Link{Client: Line(parts[1])}
		for i := 2; i+1 < len(parts); i += 2 {
			if o, ok := decodeObservation(parts[i], parts[i+1]); ok {
				l.Observe(o)
			}
		}
		visit(row, l)
	}
}

func decodeObservation(head, cause string) (o Observation, ok bool) {
	if head == "" {
		return o, false
	}
	state := stateOf(head[:1])
	at, err := strconv.ParseInt(head[1:], 10, 64)
	return Observation{State: state, At: time.UnixMilli(at), Cause: Line(cause), Gone: head[:1] == letterGone}, state != "" && err == nil
}
