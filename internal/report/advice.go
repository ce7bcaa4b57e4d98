package report

import (
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// advice says what to do about rows that ended for one cause.
type advice struct {
	text  string
	final bool // retry does nothing about them: all are in doubt, or another job has them
}

// advices are by error code: the API's own, of the vendor's document, and those of the worker.
var advices = map[string]advice{
	"bad_request":            {text: "The API refuses the rows as they are. Its message says why: mend them in failed.csv and run that file."},
	"user_not_found":         {text: "The app knows no such user. Check the user column and brandId, or have the users made, then retry."},
	"client_not_found":       {text: "The user has no such client. List the user's clients and take the ids from there."},
	"conversation_not_found": {text: "The user has no such conversation. Check target.conversationId in failed.csv and run that file."},
	"no_conversation":        {text: "The users have no conversation to link to. Run ensure-conversation for them first, then retry."},
	"several_conversations":  {text: "The users have several conversations. Name one in failed.csv, or put latest or default in place of only, and run that file."},
	"integration_not_found":  {text: "The app has no such integration. Check matchCriteria.integrationId and the app, then run failed.csv."},
	"app_not_found":          {text: "The API knows no such app under these credentials. Check --app and --base-url, then retry."},
	"not_found":              {text: "The API did not find what the rows name. Check their ids in failed.csv and run that file."},
	"unauthorized":           {text: "The credentials were refused. Check or renew the key, then retry."},
	"forbidden":              {text: "The key may not do this. Give it the scope of the app, or take another, then retry."},
	"payment_required":       {text: "The account does not cover this. Have its plan looked at, then retry."},
	"conflict":               {text: "Something else was changing the same users each time. Retry when it is done, or at a lower rate."},
	"locked":                 {text: "The users were locked at each attempt. Retry later, or at a lower rate."},
	"invalid":                {text: "The rows could not be put into a call. Mend them in failed.csv and run that file."},
	"not_reached":            {text: "The API could not be reached. Check the network, the proxy and --base-url, then retry."},
	"no_answer":              {text: "Calls were sent, and no answer came. Check the network and --timeout, then retry what failed; look at the clients of rows in in_doubt.csv first."},
	"unreadable_answer":      {text: "Something answered that is not the API. Check --base-url and what lies between, then retry."},
	"link_failed":            {text: "The clients are gone: their links failed, or somebody removed them. Check the numbers and addresses of the rows that made them, and create them again."},
	"still_pending":          {text: "The clients were pending until the time was over. Retry later, or with a longer --within; a link that waits for the user may wait for ever."},
	"not_active":             {text: "The clients are there and get no messages: their users have unsubscribed, or the channel has given them up. results.csv has their status."},
	"new_client_not_active":  {text: "The clients that were to take their place are not active by now, so these were kept. Mend what is wrong with the links of these users, and run the runbook for them again.", final: true},
	"rerun_elsewhere":        {text: "Another job has run these rows again, and they were not sent a second time. The error names that job and row; use the files of its report.", final: true},
	"several_candidates":     {text: "More than one client may be the one that was made. Look at the users of in_doubt.csv and decide by hand.", final: true},
	"ended_unseen":           {text: "An event says that a link of the user has ended or moved since the answer was lost, and it may be the one that was asked for. Look at the users of in_doubt.csv and decide by hand.", final: true},
	"not_sent_again":         {text: "The answer was lost, and a second try might message people twice. Look at the users of in_doubt.csv; where nothing arrived, empty the rerun cell, and run the file.", final: true},
}

// adviceOn returns what to do about a cause of any code.
func adviceOn(code string) advice {
	if a, known := advices[code]; known {
		return a
	}
	if strings.HasPrefix(code, "http_5") {
		return advice{text: "The API, or something in front of it, was in trouble at every attempt. Retry when it is well again."}
	}
	return advice{text: "The API's message says what is wrong. Mend the rows in failed.csv and run that file, or retry if the cause is gone."}
}

// Advice says what to do about rows that ended for a cause.
func Advice(code string) string { return adviceOn(code).text }

// Mends tells whether the advice is to run failed.csv, mended, rather than Retry, which runs the rows as they are.
func (c Cause) Mends() bool { return strings.Contains(c.Advice, "failed.csv") }

// plainCode is the form of codes that no shell reads as anything else.
var plainCode = lazyregexp.New(`^[a-z0-9_][a-z0-9_.-]*$`)

// RetryLine is the command that runs the failed rows of a cause again; empty where there is none: a
// job must have ended before it is retried, and rows in doubt are not. It needs the job on a Redis.
func RetryLine(s Summary, code string) string {
	if !s.State.Ended() || s.Rows.Failed == 0 || adviceOn(code).final || !plainCode().MatchString(code) {
		return ""
	}
	return "sunbulk retry " + s.Job + " --cause " + code
}
