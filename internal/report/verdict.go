package report

import (
	"fmt"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// verdict says in words what became of a job: the first that a reader of the page sees.
type verdict struct {
	Title string
	Tone  string // good, open or alarm: the class of its colour
	Rest  string // what became of the rows that are not done; empty when all are
}

// stateNames begin the first line.
var stateNames = map[jobs.State]string{
	jobs.Enqueuing: "Enqueuing", jobs.Running: "Running", jobs.Paused: "Paused", jobs.Finished: "Finished", jobs.Cancelled: "Cancelled",
}

func verdictOn(s Summary) verdict {
	t := s.Rows
	done := t.OK + t.Noop
	v := verdict{Title: fmt.Sprintf("%s: %s of %s done", stateNames[s.State], jobs.Group(done), jobs.Count(t.Read, "row")), Tone: "open"}
	switch {
	case !s.AddsUp:
		v.Title, v.Tone = "The rows do not add up", "alarm"
	case t.Read == 0:
		v.Title = stateNames[s.State] + ": no rows read"
	case s.State == jobs.Finished && done == t.Read && s.Links.Active+s.Links.Merged == s.Links.Total():
		v.Tone = "good"
	}
	if s.AddsUp && s.Links.Total() > 0 { // an answer is no link yet
		v.Title = fmt.Sprintf("%s: %s; %s of %s done", stateNames[s.State], linksInWords(s.Links), jobs.Group(done), jobs.Count(t.Read, "row"))
	}
	var rest []string
	for _, k := range kinds(t) {
		if k.Count > 0 && k.Kind != jobs.OK && k.Kind != jobs.Noop {
			rest = append(rest, jobs.Group(k.Count)+" "+string(k.Kind))
		}
	}
	if len(rest) > 0 {
		v.Rest = "Not done: " + strings.Join(rest, ", ") + "."
	}
	return v
}

// linksInWords counts links, the active ones first.
func linksInWords(l jobs.Links) string {
	text := fmt.Sprintf("%s of %s active", jobs.Group(l.Active), jobs.Count(l.Total(), "link"))
	for _, c := range l.Counts() {
		if c.Count != 0 && c.State != jobs.LinkActive {
			text += fmt.Sprintf(", %s %s", jobs.Group(c.Count), c.State)
		}
	}
	return text
}

// step is what is left to do about the rows of one kind, or about links that are pending.
type step struct {
	Kind    jobs.Kind
	Count   int64
	Text    string
	Command string // empty when there is none to give
}

// steps are the most urgent first: a row in doubt may have reached somebody.
func steps(s Summary, job jobs.Job) []step {
	all := []step{
		{Kind: jobs.InDoubt, Count: s.Rows.InDoubt, Text: "Sent, and the answer never came. Look at the users of in_doubt.csv; where nothing arrived, empty the row's rerun cell, and run the file."},
		{Kind: jobs.Failed, Count: s.Rows.Failed, Text: "failed.csv holds them. Each cause below says what to do about it."},
		{Kind: jobs.Rejected, Count: s.Rows.Rejected - s.Duplicates, Text: "Invalid, and never sent. rejected.csv tells line, column and cause: mend it and run it."},
		{Kind: jobs.Rejected, Count: s.Duplicates, Text: "An earlier row does the same, so nothing is left to do about these. duplicates.csv lists them, and is no input."},
		waiting(s, job),
		following(s),
		{Kind: jobs.Failed, Count: s.Links.Failed + s.Links.Cancelled + s.Links.Taken, Text: "The API took these links, and they came to nothing: results.csv has link and linkError. Mend the numbers or addresses of those that failed, and create them again; one that the person cancelled is their answer."},
	}
	var left []step
	for _, st := range all {
		if st.Count > 0 {
			left = append(left, st)
		}
	}
	return left
}

// following is the step about links that are pending. The next step of a runbook looks at those by itself, and a
// simulated API has forgotten them.
func following(s Summary) step {
	st := step{Kind: jobs.Kind(jobs.LinkPending), Count: s.Links.Pending, Text: "The API took these links, and each may still fail. verify.csv asks what became of them."}
	switch {
	case s.Simulated:
		st.Text = "The simulated API took these links. A real one may take minutes to settle them, and verify.csv is how to ask what became of them."
	case s.Origin.Run != "":
		st.Text = "The API took these links, and each may still fail. A verify step in the runbook, or verify.csv, asks what became of them."
	default:
		st.Command = "sunbulk run verify.csv --within 2h --max-failures 100% --out verified"
	}
	return st
}

// waiting is the step about rows without an outcome.
func waiting(s Summary, job jobs.Job) step {
	st := step{Kind: jobs.Unprocessed, Count: s.Rows.Unprocessed, Text: "unprocessed.csv holds them, as input for one other run."}
	_, retried := job.Retry()
	switch {
	case job.WaitsForWindow():
		st.Text = "The job goes on by itself when its window opens."
	case s.State == jobs.Paused:
		st.Text = "The job is paused. Once its reason is gone, let it go on; a run without --redis continues with its own command and the same --out."
		st.Command = "sunbulk resume " + s.Job
	case s.State == jobs.Finished && job.Fingerprint != "" && !job.Piped() && !retried:
		st.Text = "Redis has lost what became of them. This asks the API for them before anything is sent; give the files and flags of the job."
		st.Command = "sunbulk enqueue FILE… --resume " + s.Job
	case s.State == jobs.Finished:
		st.Text = "Redis has lost what became of them. Ask the API, by a list of these users, before anything is sent for them."
	case !s.State.Ended():
		st.Text = "The job was still at them when this was written. Write it again later."
		st.Command = "sunbulk report " + s.Job
	}
	return st
}
