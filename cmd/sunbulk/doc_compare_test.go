//go:build unix

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docNoise is what differs from run to run, in the order in which it is taken out.
var docNoise = []struct {
	pattern *regexp.Regexp
	as      string
}{
	{docID, "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?( [+-]\d\d:\d\d)?`), "TIME"},
	{regexp.MustCompile(`\b\d\d:\d\d(:\d\d(\.\d+)?)?\b`), "TIME"},
	{regexp.MustCompile(`\b[\w.-]+@[\w.-]+`), "WHO"},
	{regexp.MustCompile(`\b5c9a3416[0-9a-f]{16}\b`), "CLIENT"}, // made by the simulator, in the order of calls
	// What depends on the faults that calls happen to meet.
	{regexp.MustCompile(`^[\d,]+ calls( \([\d,]+ retr(y|ies), [\d,]+ answered 429, [\d,]+ checks? after a lost answer\))?`), "CALLS"},
	{regexp.MustCompile(`; \d+ calls? in flight will end within \S+`), ""},
	{regexp.MustCompile(`^pace \S+ of (\S+) the API answered 429 .*`), "pace RATE of $1 the API answered 429"},
	{regexp.MustCompile(`[\d.]+ (rows|calls)/s`), "RATE $1/s"},
	{regexp.MustCompile(docDuration + `(–` + docDuration + `)?`), "DURATION"},
	{regexp.MustCompile(`^[\w.-]+\s+\d+\s+DURATION\s`), "MACHINE PID DURATION "},
	{regexp.MustCompile(`[\d.]+ (B|kB|MB|GB|bytes)\b`), "SIZE"},
	{regexp.MustCompile(`\s{2,}`), " "}, // columns are as wide as what is in them
	{regexp.MustCompile(`^\s|\s$`), ""},
}

const docDuration = `\b\d[\d.]*(ms|µs|s|m|h)(\d[\d.]*(ms|s|m))*\b`

var (
	docProgress = regexp.MustCompile(`^~?[\d,]+ of ~?[\d,]+ rows \(\d+%\) · `) // comes every ten seconds, or not at all
	docID       = regexp.MustCompile(`\b\d{8}-\d{6}-[0-9a-z]{4}\b`)
	docNumber   = regexp.MustCompile(`\d[\d,.]*`)
)

// still is a line without what differs from run to run, and with vary without its numbers. A line of nothing but a
// number is an exit code.
func still(line string, vary bool) string {
	for _, n := range docNoise {
		line = n.pattern.ReplaceAllString(line, n.as)
	}
	if vary && docNumber.FindString(line) != line {
		line = docNumber.ReplaceAllString(line, "N")
	}
	return line
}

// compare says how the lines got differ from those that are wanted, "" when they do not. A line … stands for any
// number of lines. Ids of jobs are learnt.
func (sh *docShell) compare(want, got []string, vary bool) string {
	pairs, problem := match(want, got, vary)
	if problem != "" { // later commands are to fail for reasons of their own
		docs, heres := docID.FindAllString(strings.Join(want, " "), -1), docID.FindAllString(strings.Join(got, " "), -1)
		for i := range min(len(docs), len(heres)) {
			if sh.ids[docs[i]] == "" {
				sh.ids[docs[i]] = heres[i]
			}
		}
		return problem
	}
	learnt := map[string]string{}
	for _, p := range pairs {
		docs, heres := docID.FindAllString(p[0], -1), docID.FindAllString(p[1], -1)
		for i, doc := range docs {
			if before, ok := sh.ids[doc]; ok && before != heres[i] {
				return fmt.Sprintf("%s is another job than before", doc)
			}
			learnt[doc] = heres[i]
		}
	}
	for doc, here := range learnt {
		sh.ids[doc] = here
	}
	return ""
}

// match pairs the lines that are the same, or says which is not there.
func match(want, got []string, vary bool) (pairs [][2]string, problem string) {
	isProgress := func(line string) bool { return docProgress.MatchString(line) }
	want, got = slices.DeleteFunc(slices.Clone(want), isProgress), slices.DeleteFunc(slices.Clone(got), isProgress)
	any, next := false, 0
	for i, w := range want {
		if w == "…" {
			any = true
			continue
		}
		at := next
		if any {
			found := slices.IndexFunc(got[next:], func(g string) bool { return still(g, vary) == still(w, vary) })
			if rest := countLines(want[i:]); found >= 0 && !slices.Contains(want[i:], "…") && len(got)-next-found > rest {
				found = len(got) - next - rest // the last lines are the last
			}
			if found < 0 {
				return nil, fmt.Sprintf("nowhere %q", w)
			}
			at += found
		}
		if at >= len(got) {
			return nil, fmt.Sprintf("no more lines, want %q", w)
		}
		if still(got[at], vary) != still(w, vary) {
			return nil, fmt.Sprintf("%q, want %q", got[at], w)
		}
		pairs = append(pairs, [2]string{w, got[at]})
		any, next = false, at+1
	}
	if !any && next < len(got) {
		return nil, fmt.Sprintf("%q besides", got[next])
	}
	return pairs, ""
}

// countLines is how many lines there are but ….
func countLines(lines []string) (n int) {
	for _, line := range lines {
		if line != "…" {
			n++
		}
	}
	return n
}

func TestDocumentsMatch(t *testing.T) {
	for _, tt := range []struct {
		name      string
		want, got string
		vary      bool
		differs   bool
	}{
		{name: "the same", want: "a\nb", got: "a\nb"},
		{name: "another word", want: "a\nb", got: "a\nc", differs: true},
		{name: "a line more", want: "a", got: "a\nb", differs: true},
		{name: "a line less", want: "a\nb", got: "a", differs: true},
		{name: "nothing wanted", want: "", got: "a", differs: true},
		{name: "left out", want: "a\n…\nd", got: "a\nb\nc\nd"},
		{name: "left out, none", want: "a\n…\nd", got: "a\nd"},
		{name: "left out, and another end", want: "a\n…\nd", got: "a\nb\nc", differs: true},
		{name: "left out at the end", want: "a\n…", got: "a\nb\nc"},
		{name: "left out, the last line twice", want: "…\nd", got: "d\nb\nd"},
		{name: "ids and durations", want: "job 20261122-200825-w9j8 took 3s", got: "job 20270101-000000-abcd took 1m20s"},
		{name: "another count", want: "3 rows", got: "4 rows", differs: true},
		{name: "counts that vary", want: "3 rows", got: "1,204 rows", vary: true},
		{name: "counts that vary, another word", want: "3 rows", got: "4 jobs", vary: true, differs: true},
		{name: "columns", want: "a  b", got: "a      b"},
		{name: "counts that vary, an exit code", want: "3", got: "0", vary: true, differs: true},
		{name: "progress", want: "148 of 398 rows (37%) · 123 ok\nend", got: "end"},
		{name: "exit codes", want: "3", got: "0", differs: true},
	} {
		_, problem := match(split(tt.want), split(tt.got), tt.vary)
		if got := problem != ""; got != tt.differs {
			t.Errorf("%s: got %q, want a difference: %t", tt.name, problem, tt.differs)
		}
	}
}
