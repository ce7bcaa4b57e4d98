package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/runbooks"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// books are runbooks of a folder: one of two steps with variables, one of another app, one that is none.
var books = map[string]string{
	"move.yaml": "name: move\napp: " + app + "\ninput: 's3://bucket/secret-key'\nvars: {new: null, tag: vip}\nsteps:\n" +
		"  - {op: ensure-user, name: people}\n  - {op: remove, name: old, set: {clientId: '${row.columns[\"old\"]}'}, where: 'row.columns[\"tag\"] == vars.tag || vars.new == \"all\"'}\n",
	"clean.yaml":  "name: clean\nrate: 0\nsteps: [{op: list}, {op: remove, where: 'client.status == \"blocked\"'}]\n",
	"other.json":  `{"name": "theirs", "app": "other", "steps": [{"op": "list"}]}`,
	"broken.yml":  "name: [\n",
	"capped.yaml": "name: capped\napp: " + app + "\nsteps: [{op: list}]\ncaps: {max_rows: 1}\n",
}

const people = "user,old,tag\ncustomer-1,64b2c5b7fcb94022dedcf6d1,vip\ncustomer-2,64b2c5b7fcb94022dedcf6d2,\n"

func withBooks(t *testing.T) func(*web.Config) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range books {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := runbooks.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *web.Config) { c.Runbooks = folder }
}

// plannedBook is a plan of a runbook.
type plannedBook struct {
	Plan, Digest, Run, State string
	NeedsApproval            bool
	Runbook                  struct {
		Name, Caps               string
		Text                     map[string]any
		Vars                     map[string]string
		Changes, Removes, People int64
		Unknown                  bool
	}
}

// waitQueued waits until the first step of a run is queued.
func waitQueued(b *bench, run string) service.RunView {
	b.Helper()
	for {
		if v := must(b.s.Run(b.Context(), run)); len(v.Jobs) > 0 && v.Jobs[0].Sealed {
			return v
		}
		b.text(200, "GET", "/healthz", "")
	}
}

// TestRunsOfRunbooks: a runbook is listed, planned for an upload and started, with every answer held to the document; started again it is the
// same run (I2), and neither its input's address nor a file outside of the folder is shown.
func TestRunsOfRunbooks(t *testing.T) {
	t.Parallel()
	b := newBench(t, withBooks(t))
	c := readContract(b)
	c.asks(b, 200, "GET", "/v1/runbooks", "")
	c.asks(b, 200, "GET", "/v1/runbooks/move.yaml", "")
	c.asks(b, 200, "GET", "/v1/runbooks/broken.yml", "")
	if list := b.text(200, "GET", "/v1/runbooks", ""); strings.Contains(list, "secret-key") || strings.Count(list, `"file"`) != len(books) {
		t.Errorf("got %s", list)
	}
	for _, name := range []string{"none.yaml", "..%2fsecret.yaml", "%2fetc%2fpasswd", "."} {
		if got := b.asks("GET", "/v1/runbooks/"+name, "").StatusCode; got != 404 && got != 307 && got != 301 {
			t.Errorf("%s: got %d", name, got)
		}
	}
	id := b.upload(people)
	order := fmt.Sprintf(`{"upload": %q, "runbook": "move.yaml", "vars": {"new": "all"}}`, id)
	key := header("Idempotency-Key", "one")
	c.asks(b, 201, "POST", "/v1/plans", order, key)
	var p, again plannedBook
	b.json(&p, 201, "POST", "/v1/plans", order, key)
	b.json(&again, 201, "POST", "/v1/plans", order, key)
	if p.Plan != again.Plan || p.Runbook.Name != "move" || p.Runbook.Changes != 4 || p.Runbook.Removes != 2 || p.Runbook.Unknown || p.Runbook.Vars["tag"] != "vip" || p.Runbook.Text["input"] != nil {
		t.Errorf("got %+v", p)
	}
	c.asks(b, 422, "POST", "/v1/plans", strings.Replace(order, "all", "some", 1), key)
	for body, field := range map[string]string{
		strings.Replace(order, `"new": "all"`, "", 1):                         "vars.new",
		strings.Replace(order, `"new"`, `"odd": "x", "new"`, 1):               "vars",
		strings.Replace(order, `"upload"`, `"op": "list", "upload"`, 1):       "runbook",
		strings.Replace(order, `"upload"`, `"app": "elsewhere", "upload"`, 1): "app",
		strings.Replace(order, `"upload"`, `"check": true, "upload"`, 1):      "check",
	} {
		var wrong problem
		if b.json(&wrong, 400, "POST", "/v1/plans", body); wrong.Field != field {
			t.Errorf("%s: got %+v, want the field %s", body, wrong, field)
		}
	}
	b.text(422, "POST", "/v1/plans", strings.Replace(order, "move.yaml", "broken.yml", 1))
	b.text(404, "POST", "/v1/plans", strings.Replace(order, "move.yaml", "none.yaml", 1))
	b.text(400, "POST", "/v1/plans", fmt.Sprintf(`{"upload": %q, "runbook": "clean.yaml"}`, id)) // no app
	b.text(400, "POST", "/v1/jobs", fmt.Sprintf(`{"plan": %q}`, p.Plan))
	c.asks(b, 200, "GET", "/v1/plans/"+p.Plan+"?rows=3", "")

	start := fmt.Sprintf(`{"plan": %q, "reason": "weekly"}`, p.Plan)
	c.asks(b, 202, "POST", "/v1/runs", start)
	var first, second struct{ Run string }
	b.json(&first, 202, "POST", "/v1/runs", start, header("Idempotency-Key", "run-1"))
	v := waitQueued(b, first.Run)
	b.json(&second, 202, "POST", "/v1/runs", start)
	if first.Run == "" || first != second || v.Jobs[0].Tally.Read != 2 {
		t.Errorf("got %+v and %+v, %+v", first, second, v.Jobs[0].Tally)
	}
	c.asks(b, 200, "GET", "/v1/plans/"+p.Plan, "")
	c.asks(b, 200, "GET", "/v1/runs/"+first.Run, "")
	if log := b.text(200, "GET", "/v1/audit?job="+first.Run, ""); !strings.Contains(log, `"what":"start"`) || !strings.Contains(log, "weekly") || !strings.Contains(log, p.Plan) {
		t.Errorf("the audit log has not the start (I13): %s", log)
	}
	var other plannedBook
	b.json(&other, 201, "POST", "/v1/plans", order)
	var taken problem
	if b.json(&taken, 409, "POST", "/v1/runs", fmt.Sprintf(`{"plan": %q}`, other.Plan)); taken.Code != "duplicate_run" || taken.Run != first.Run {
		t.Errorf("the same runbook and file: got %+v", taken)
	}
	var capped plannedBook
	b.json(&capped, 201, "POST", "/v1/plans", fmt.Sprintf(`{"upload": %q, "runbook": "capped.yaml"}`, id))
	if b.json(&taken, 409, "POST", "/v1/runs", fmt.Sprintf(`{"plan": %q}`, capped.Plan)); capped.Runbook.Caps == "" || taken.Code != "caps_refuse" {
		t.Errorf("above a cap: got %+v, %+v", capped, taken)
	}
	b.text(404, "GET", "/v1/runs/"+taken.Run, "")
	var job planned
	b.json(&job, 201, "POST", "/v1/plans", `{"upload": "`+id+`", "app": "`+app+`", "op": "list"}`)
	b.text(400, "POST", "/v1/runs", fmt.Sprintf(`{"plan": %q}`, job.Plan))
}

// TestRunbooksAndFourEyes: a runbook that changes something behind a list needs an approval whatever the threshold, of the plan as it was shown;
// who may not see people sees neither its text nor its variables, and who has other apps sees it not at all.
func TestRunbooksAndFourEyes(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	crm, err := web.AddToken(file, web.Token{Name: "crm", Role: service.Operator, Apps: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, guarded(t, file), withBooks(t), func(c *web.Config) { c.Approval = above(1000) })
	operator, approver := bearer(secrets[service.Operator]), bearer(secrets[service.Approver])
	id := b.upload(people, operator)
	made := func(body string) (p plannedBook) {
		b.json(&p, 201, "POST", "/v1/plans", fmt.Sprintf(body, id), operator)
		return p
	}
	if small := made(`{"upload": %q, "runbook": "move.yaml", "vars": {"new": "secret-value"}}`); small.NeedsApproval {
		t.Error("a runbook below the threshold needs an approval")
	} else if text := b.text(200, "GET", "/v1/plans/"+small.Plan, "", bearer(secrets[service.Viewer])); strings.Contains(text, "secret-value") || strings.Contains(text, "row.columns") {
		t.Errorf("a viewer sees the runbook: %s", text)
	} else if page := b.text(200, "GET", "/plans/"+small.Plan, "", bearer(secrets[service.Viewer])); strings.Contains(page, "secret-value") || strings.Contains(page, "row.columns") {
		t.Errorf("a viewer's page has the runbook: %s", page)
	}
	p := made(`{"upload": %q, "app": "` + app + `", "runbook": "clean.yaml"}`)
	start := fmt.Sprintf(`{"plan": %q}`, p.Plan)
	var refused problem
	if b.json(&refused, 409, "POST", "/v1/runs", start, operator); !p.NeedsApproval || !p.Runbook.Unknown || refused.Code != "needs_approval" {
		t.Errorf("got %+v, %+v", p, refused)
	}
	b.text(409, "POST", "/v1/approvals", fmt.Sprintf(`{"plan": %q, "digest": "00"}`, p.Plan), approver)
	b.text(200, "POST", "/v1/approvals", fmt.Sprintf(`{"plan": %q, "digest": %q}`, p.Plan, p.Digest), approver)
	var run struct{ Run string }
	b.json(&run, 202, "POST", "/v1/runs", start, operator)
	waitQueued(b, run.Run)

	if list := b.text(200, "GET", "/v1/runbooks", "", bearer(crm)); strings.Contains(list, "move.yaml") || strings.Contains(list, "broken") || !strings.Contains(list, "theirs") || !strings.Contains(list, "clean") {
		t.Errorf("one of another app sees %s", list)
	}
	b.text(404, "GET", "/v1/runbooks/move.yaml", "", bearer(crm))
	b.text(404, "POST", "/v1/runs", start, bearer(crm))
	theirs := b.upload(people, bearer(crm))
	b.text(404, "POST", "/v1/plans", fmt.Sprintf(`{"upload": %q, "app": %q, "runbook": "clean.yaml"}`, theirs, app), bearer(crm))
	b.text(404, "POST", "/v1/plans", fmt.Sprintf(`{"upload": %q, "runbook": "move.yaml", "vars": {"new": "x"}}`, theirs), bearer(crm))
}

// TestPagesOfRunbooks goes from the list to a run by the forms alone.
func TestPagesOfRunbooks(t *testing.T) {
	t.Parallel()
	b := newBench(t, withBooks(t))
	if page := b.text(200, "GET", "/runbooks", ""); !strings.Contains(page, `href="/runbooks/move.yaml"`) || !strings.Contains(page, "cannot be read") {
		t.Errorf("the list is %s", page)
	}
	b.text(200, "GET", "/runbooks/broken.yml", "")
	b.text(200, "GET", "/runbooks/clean.yaml", "")
	at := b.sendTo("/runbooks/move.yaml", "a.csv", people)
	page := b.text(200, "GET", at, "")
	for _, want := range []string{`name="var.new" value="" autocomplete="off" required`, `name="var.tag" value="vip"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the form has no %s", want)
		}
	}
	if page := b.text(400, "POST", at, "var.tag=%3Cb%3E&var.new="); !strings.Contains(page, "vars.new") || !strings.Contains(page, `value="&lt;b&gt;"`) {
		t.Errorf("without a value: %s", page)
	}
	plan := b.asks("POST", at, "var.new=all&var.tag=vip&key=k").Header.Get("Location")
	page = b.text(200, "GET", plan, "")
	for _, want := range []string{"the number of clients that are removed, 2", "Start the run", "== vars.tag", "2 at most"} {
		if !strings.Contains(page, want) {
			t.Errorf("the plan's page has no %q: %s", want, page)
		}
	}
	b.text(400, "POST", plan+"/start", "confirm=1")
	run := b.asks("POST", plan+"/start", "confirm=2").Header.Get("Location")
	if !regexp.MustCompile(`^/runs/[0-9a-z-]+$`).MatchString(run) {
		t.Fatalf("the start leads to %q", run)
	}
	waitQueued(b, strings.TrimPrefix(run, "/runs/"))
	b.text(200, "GET", run, "")
	if page := b.text(200, "GET", "/plans", ""); !strings.Contains(page, run) || !strings.Contains(page, "by runbook move") {
		t.Error("the list of plans does not lead to the run")
	}
	open := b.asks("POST", b.sendTo("/runbooks/clean.yaml", "b.csv", people), "app="+app).Header.Get("Location")
	if page := b.text(200, "GET", open, ""); !strings.Contains(page, "the name of the runbook, clean") || !strings.Contains(page, "not known") {
		t.Errorf("a runbook with a list: %s", page)
	}
	b.text(400, "POST", open+"/start", "confirm=2")
	b.text(303, "POST", open+"/start", "confirm=clean")
}
