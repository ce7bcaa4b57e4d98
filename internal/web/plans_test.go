package web_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/internal/web"
	"github.com/sunbulk/sunbulk/jobs"
)

// planned is a plan as the API shows it.
type planned struct {
	Plan, Digest, Job string
	State             plans.State
	NeedsApproval     bool
	Changes           int64
	Counts            plan.Plan
	FirstRows         []plan.First
	Decided           *plans.Act
}

const contacts = "Customer;Mobile\ncustomer-1;+12125550130\ncustomer-2;+12125550131\ncustomer-3;none\n"

// order is a plan's order for an upload of contacts.
func order(upload string) string {
	return fmt.Sprintf(`{"upload": %q, "app": %q, "op": "create", "map": {"Mobile": "phoneNumber", "Customer": "user"}, "options": {"rate": "0", "batch": "10"},
		"set": {"matchCriteria.type": "twilio", "integrationId": "5f1a0c52d8b7e4000c3a9e01", "confirmation.type": "immediate", "target.conversationId": "64b2c5b7fcb94022dedcf6c1"}}`, upload, app)
}

// upload sends a file.
func (b *bench) upload(text string, change ...func(*http.Request)) (id string) {
	b.Helper()
	var u struct{ Upload string }
	change = append(change, header("Content-Type", "text/csv"))
	b.json(&u, 201, "POST", "/v1/uploads?name=contacts.csv", text, change...)
	return u.Upload
}

// TestMakingAJob uploads, maps, plans and starts, with every answer held to the document; and the same again makes nothing twice (I2).
func TestMakingAJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := readContract(b)
	c.asks(b, 201, "POST", "/v1/uploads?name=contacts.csv", contacts, header("Content-Type", "text/csv"))
	id := b.upload(contacts)
	var u struct {
		Name, Format string
		Columns      []struct{ Name, Path, Near string }
	}
	b.json(&u, 200, "GET", "/v1/uploads/"+id, "")
	if u.Name != "contacts.csv" || u.Format != "csv" || len(u.Columns) != 2 || u.Columns[0].Near != "user" || u.Columns[1].Near != "matchCriteria.phoneNumber" {
		t.Fatalf("got %+v", u)
	}
	c.asks(b, 200, "GET", "/v1/uploads/"+id, "")
	key := header("Idempotency-Key", "plan-1")
	c.asks(b, 201, "POST", "/v1/plans", order(id), key)
	var p, again planned
	b.json(&p, 201, "POST", "/v1/plans", order(id), key)
	b.json(&again, 201, "POST", "/v1/plans", order(id), key)
	if p.Plan != again.Plan || p.Counts.Rows != 3 || p.Counts.Rejected != 1 || p.Changes != 2 || p.State != plans.Planned {
		t.Fatalf("got %+v, then %s", p, again.Plan)
	}
	c.asks(b, 422, "POST", "/v1/plans", strings.Replace(order(id), "immediate", "prompt", 1), key)
	b.json(&p, 200, "GET", "/v1/plans/"+p.Plan+"?rows=2", "")
	if len(p.FirstRows) != 2 || p.FirstRows[0].Values["matchCriteria.phoneNumber"] != "+12125550130" {
		t.Errorf("the first rows are %+v", p.FirstRows)
	}
	for _, path := range []string{"/v1/plans/" + p.Plan + "?rows=3", "/v1/plans", "/v1/plans?state=planned", "/v1/approvals"} {
		c.asks(b, 200, "GET", path, "")
	}
	start := fmt.Sprintf(`{"plan": %q}`, p.Plan)
	var first, second struct{ Job string }
	b.json(&first, 202, "POST", "/v1/jobs", start, header("Idempotency-Key", "job-1"))
	b.json(&second, 202, "POST", "/v1/jobs", start, header("Idempotency-Key", "job-1"))
	if first.Job == "" || first != second {
		t.Errorf("got %+v and %+v", first, second)
	}
	c.asks(b, 202, "POST", "/v1/jobs", start)
	c.asks(b, 422, "POST", "/v1/jobs", `{"plan": "20200101-000000-aaaaaaa"}`, header("Idempotency-Key", "job-1"))
	waitSealed(b, first.Job)
	// The same rows under another plan are the same work.
	var other planned
	b.json(&other, 201, "POST", "/v1/plans", order(id))
	var taken problem
	b.json(&taken, 409, "POST", "/v1/jobs", fmt.Sprintf(`{"plan": %q}`, other.Plan))
	if taken.Job != first.Job {
		t.Errorf("got %+v, want the job %s", taken, first.Job)
	}
	if all, _, err := b.s.Jobs(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("there are %d jobs, %v", len(all), err)
	}
	job := b.work(must(b.s.Job(t.Context(), first.Job)))
	if job.Tally.OK != 2 || job.Tally.Rejected != 1 || job.Inputs[0].Name != "contacts.csv" {
		t.Errorf("got %+v of %+v", job.Tally, job.Inputs)
	}
	if e := job.Events[0]; len(job.Events) != 1 || e.What != jobs.EventStart || e.Who != "ann@test" {
		t.Errorf("events: %+v (I13)", job.Events)
	}
	for path, status := range map[string]int{"/v1/uploads/none": 404, "/v1/plans/" + job.ID: 404, "/v1/plans/none": 404, "/v1/plans?state=odd": 400} {
		b.text(status, "GET", path, "")
	}
	for body, status := range map[string]int{
		`{"upload": "none", "app": "a"}`: 404, `{"upload": "` + id + `"}`: 400, `{"upload": "` + id + `", "app": "a", "options": {"odd": "1"}}`: 400,
		`{"upload": "` + id + `", "app": "a", "options": {"rate": "fast"}}`: 400, `{"upload": "` + id + `", "app": "a", "op": "odd"}`: 422, `{"upload": "` + id + `", "app": "a", "op": "list", "check": true}`: 400,
	} {
		b.text(status, "POST", "/v1/plans", body)
	}
}

// above asks for approvals of plans that change more rows.
func above(rows int64) service.Approval {
	return service.Approval{Default: service.Thresholds{Rows: &rows}}
}

// TestFourEyes: a plan that needs an approval is started with one by somebody else, of that very plan, and not after a refusal.
func TestFourEyes(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	b := newBench(t, guarded(t, file), func(c *web.Config) { c.Approval = above(1) })
	operator, approver, admin := bearer(secrets[service.Operator]), bearer(secrets[service.Approver]), bearer(secrets[service.Admin])
	c := readContract(b)
	made := func(text string, by func(*http.Request)) (p planned) {
		b.json(&p, 201, "POST", "/v1/plans", order(b.upload(text, by)), by)
		return p
	}
	code := func(status int, path, body string, by func(*http.Request)) string {
		var p problem
		b.json(&p, status, "POST", path, body, by)
		return p.Code
	}
	p := made(contacts, operator)
	start := fmt.Sprintf(`{"plan": %q}`, p.Plan)
	decide := func(p planned, more string) string {
		return fmt.Sprintf(`{"plan": %q, "digest": %q%s}`, p.Plan, p.Digest, more)
	}
	if got := code(409, "/v1/jobs", start, operator); !p.NeedsApproval || got != "needs_approval" {
		t.Errorf("without an approval: %s, %+v", got, p)
	}
	c.asks(b, 200, "POST", "/v1/plans/"+p.Plan+"/ask", `{"digest": "`+p.Digest+`", "reason": "migration"}`, operator)
	c.asks(b, 200, "GET", "/v1/approvals", "", approver)
	if got := code(403, "/v1/approvals", decide(p, ""), operator); got != "forbidden" {
		t.Errorf("by an operator: %s", got)
	}
	if got := code(409, "/v1/approvals", fmt.Sprintf(`{"plan": %q, "digest": "00"}`, p.Plan), approver); got != "plan_changed" {
		t.Errorf("of another digest: %s", got)
	}
	c.asks(b, 200, "POST", "/v1/approvals", decide(p, `, "reason": "fine"`), approver)
	c.asks(b, 200, "POST", "/v1/approvals", decide(p, ""), approver)
	if got := code(409, "/v1/approvals", decide(p, `, "refuse": true`), admin); got != "plan_decided" {
		t.Errorf("a refusal afterwards: %s", got)
	}
	var job struct{ Job string }
	b.json(&job, 202, "POST", "/v1/jobs", start, operator)
	waitSealed(b, job.Job)
	if e := must(b.s.Job(t.Context(), job.Job)).Events; len(e) != 2 || e[0].What != jobs.EventApprove || e[0].Reason != "fine" || !strings.HasPrefix(e[0].Who, "my-approver@") {
		t.Errorf("events: %+v (I13)", e)
	}

	own := made(strings.ReplaceAll(contacts, "customer", "mine"), admin)
	if got := code(409, "/v1/approvals", decide(own, ""), admin); got != "own_plan" {
		t.Errorf("of one's own plan: %s", got)
	}
	refused := made(strings.ReplaceAll(contacts, "customer", "other"), operator)
	b.text(200, "POST", "/v1/approvals", decide(refused, `, "refuse": true`), approver)
	if got := code(409, "/v1/jobs", fmt.Sprintf(`{"plan": %q}`, refused.Plan), operator); got != "plan_refused" {
		t.Errorf("after a refusal: %s", got)
	}
	if small := made("Customer;Mobile\nfew-1;+12125550199\n", operator); small.NeedsApproval {
		t.Error("a plan below the threshold needs an approval")
	}
	// An upload is its sender's, and a plan that of those who see its app.
	secret, err := web.AddToken(file, web.Token{Name: "foreign", Role: service.Operator, Apps: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	b.text(404, "GET", "/v1/plans/"+p.Plan, "", bearer(secret))
	b.text(404, "POST", "/v1/jobs", start, bearer(secret))
	b.text(404, "POST", "/v1/plans", order(b.upload(contacts, operator)), bearer(secret))
	b.text(404, "POST", "/v1/plans", order(b.upload(contacts, bearer(secret))), bearer(secret))
	if text := b.text(200, "GET", "/v1/plans/"+p.Plan+"?rows=3", "", bearer(secrets[service.Viewer])); strings.Contains(text, "1212555") || strings.Contains(text, "customer-1") {
		t.Errorf("a viewer sees people: %s", text)
	}
}

// TestStartAtOnce: however many start a plan at the same time, there is one job, and every row is queued once.
func TestStartAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var p planned
	b.json(&p, 201, "POST", "/v1/plans", order(b.upload(contacts)))
	ids := make([]struct{ Job string }, 8)
	var asking sync.WaitGroup
	for i := range ids {
		asking.Go(func() { b.json(&ids[i], 202, "POST", "/v1/jobs", fmt.Sprintf(`{"plan": %q}`, p.Plan)) })
	}
	asking.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("got %s and %s", id, ids[0])
		}
	}
	waitSealed(b, ids[0].Job)
	if job := must(b.s.Job(t.Context(), ids[0].Job)); job.Tally.Read != 3 {
		t.Errorf("got %+v", job.Tally)
	}
}

// TestUploadBombs: what is too large, no text, a bomb, or named by somebody hostile does no harm.
func TestUploadBombs(t *testing.T) {
	t.Parallel()
	store, err := uploads.Open(filepath.Join(t.TempDir(), "uploads"), uploads.Config{MaxBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, func(c *web.Config) { c.Uploads = store })
	csv := header("Content-Type", "text/csv")
	var p problem
	b.json(&p, 413, "POST", "/v1/uploads", strings.Repeat("x", 1001), csv)
	if p.Code != "too_large" || p.Hint == "" {
		t.Errorf("got %+v", p)
	}
	b.text(415, "POST", "/v1/uploads", "file=x")
	for _, text := range []string{"", "\x00\x01\x02", "PK\x03\x04" + strings.Repeat("x", 100), "\x1f\x8b" + strings.Repeat("x", 100), "\x28\xb5\x2f\xfd" + strings.Repeat("x", 100)} {
		var u struct{ Upload, Unreadable string }
		b.json(&u, 201, "POST", "/v1/uploads?name=..%2F..%2Fetc%2F%3Cscript%3E", text, csv)
		if u.Unreadable == "" {
			t.Errorf("%q is read", text)
		}
		b.text(422, "POST", "/v1/plans", order(u.Upload))
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// waitSealed waits until all rows of a job are queued.
func waitSealed(b *bench, id string) {
	b.Helper()
	for !must(b.s.Job(b.Context(), id)).Sealed {
		b.text(200, "GET", "/healthz", "")
	}
}
