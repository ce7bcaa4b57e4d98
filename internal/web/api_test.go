package web_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
	"github.com/sunbulk/sunbulk/jobs"
)

// contract is the API's own document, to which answers are held.
type contract struct {
	router routers.Router
	seen   map[string]bool // operations and statuses
}

func readContract(b *bench) *contract {
	b.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(b.text(200, "GET", "/v1/openapi.yaml", "")))
	if err != nil {
		b.Fatal(err)
	}
	if err := doc.Validate(b.Context()); err != nil {
		b.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		b.Fatal(err)
	}
	return &contract{router, map[string]bool{}}
}

// asks makes a request of the API and holds its answer to the contract; what is sent, too, where it is to be taken.
func (c *contract) asks(b *bench, status int, method, path, body string, change ...func(*http.Request)) []byte {
	b.Helper()
	resp := b.asks(method, path, body, change...)
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	if resp.StatusCode != status {
		b.Fatalf("%s %s: got %d, want %d: %.800s", method, path, resp.StatusCode, status, data)
	}
	req, _ := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	req.Header = resp.Request.Header
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		b.Fatalf("%s %s is not in the document: %v", method, path, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true}}
	if status < 400 {
		if err := openapi3filter.ValidateRequest(b.Context(), in); err != nil {
			b.Errorf("%s %s: the document does not allow the request: %v", method, path, err)
		}
	}
	kind := resp.Header.Get("Content-Type")
	for _, text := range []string{"text/csv", "text/html", "application/x-ndjson", "text/event-stream", "application/yaml"} {
		if strings.HasPrefix(kind, text) {
			in.Options.ExcludeResponseBody = true
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(data)), Options: in.Options}
	if err := openapi3filter.ValidateResponse(b.Context(), out); err != nil {
		b.Errorf("%s %s: the answer is not what the document says: %v\n%.800s", method, path, err, data)
	}
	c.seen[route.Operation.OperationID] = true
	return data
}

// TestAPI asks for everything that there is, and holds each answer to the document; and the document to the routes.
func TestAPI(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := readContract(b)
	c.asks(b, 200, "GET", "/v1/openapi.yaml", "")
	c.asks(b, 200, "GET", "/v1/jobs", "")
	done, waiting := b.creates(), b.lists(app)
	at, waits := "/v1/jobs/"+done.ID, "/v1/jobs/"+waiting.ID
	for _, path := range []string{
		"/v1/jobs", "/v1/jobs?state=finished&limit=1", at, waits, at + "/rows", at + "/rows?outcome=failed&limit=2", at + "/rows?outcome=rejected", at + "/rows/1", at + "/rows/8", at + "/rows/2",
		waits + "/rows", waits + "/rows/1", at + "/report", at + "/report/summary.json", at + "/report/results.csv", at + "/report/report.html", at + "/events",
		"/v1/apps/" + app + "/rate", "/v1/runs", "/v1/schedules", "/v1/workers",
	} {
		c.asks(b, 200, "GET", path, "")
	}
	c.asks(b, 200, "POST", waits+"/pause", `{"reason": "lunch"}`)
	c.asks(b, 200, "POST", waits+"/pause", `{}`)
	c.asks(b, 200, "GET", waits, "")
	c.asks(b, 200, "POST", waits+"/resume", `{}`)
	c.asks(b, 200, "PUT", "/v1/apps/"+app+"/rate", `{"rate": "40", "keep": true, "reason": "the limit was raised"}`)
	c.asks(b, 200, "GET", "/v1/apps/"+app+"/rate", "")
	c.asks(b, 202, "POST", at+"/retry", `{"cause": "user_not_found"}`)
	c.asks(b, 409, "POST", at+"/retry", `{"cause": "user_not_found"}`)
	c.asks(b, 200, "POST", waits+"/cancel", `{"reason": "wrong file"}`)
	for path, status := range map[string]int{
		"/v1/jobs?state=odd": 400, "/v1/jobs?limit=0": 400, "/v1/jobs?limit=201": 400, at + "/rows?outcome=odd": 400, at + "/rows?limit=x": 400, at + "/rows?after=x": 400,
		"/v1/jobs/20200101-000000-aaaa": 404, at + "/rows/31": 404, at + "/report/passwd": 404, "/v1/runs/20200101-000000-aaaa": 404, "/v1/runs/" + done.ID: 404, "/v1/schedules/none": 404,
	} {
		c.asks(b, status, "GET", path, "")
	}
	for body, status := range map[string]int{`{"odd": 1}`: 400, `{} {}`: 400, `{`: 400, `{"reason": "` + strings.Repeat("x", 501) + `"}`: 400, `{"reason": "` + strings.Repeat("x", 70_000) + `"}`: 413, "reason=form": 415, "": 415} {
		c.asks(b, status, "POST", waits+"/pause", body)
	}
	c.asks(b, 409, "POST", waits+"/resume", `{}`)
	c.asks(b, 400, "PUT", "/v1/apps/"+app+"/rate", `{"rate": "fast"}`)
	c.seen["showRun"], c.seen["showSchedule"] = true, true // TestRunsAndSchedules
	for _, elsewhere := range []string{"addUpload", "showUpload", "addPlan", "listPlans", "showPlan", "askApproval", "listApprovals", "addApproval", "addJob", "listAudit", "listMappings", "showMapping", "saveMapping", "removeMapping", "listRunbooks", "showRunbook", "addRun"} {
		c.seen[elsewhere] = true // TestMakingAJob, TestFourEyes, TestAuditOfAConsole, TestMappings and TestRunsOfRunbooks
	}
	for _, r := range web.Routes() {
		if !strings.HasPrefix(r.Path, "/v1/") {
			continue
		}
		req, _ := http.NewRequest(r.Method, "http://localhost"+strings.NewReplacer("{job}", done.ID, "{row}", "1", "{run}", done.ID).Replace(r.Path), nil)
		route, _, err := c.router.FindRoute(req)
		if err != nil {
			t.Errorf("%s %s is not in the document", r.Method, r.Path)
		} else if !c.seen[route.Operation.OperationID] {
			t.Errorf("%s was not asked for", route.Operation.OperationID)
		}
	}
}

// TestRowsComeOnceEach pages through the rows of a job, whatever the size of a page: each row comes once, and what they are asked for holds (I1).
func TestRowsComeOnceEach(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := b.creates()
	want := map[string]int64{"": job.Tally.Read, "ok": job.Tally.OK, "failed": job.Tally.Failed, "rejected": job.Tally.Rejected, "in_doubt": 0}
	for outcome, want := range want {
		for _, limit := range []int{1, 7, 500} {
			seen, after := map[int64]bool{}, ""
			for {
				var page service.RowsPage
				q := url.Values{"outcome": {outcome}, "limit": {strconv.Itoa(limit)}, "after": {after}}
				b.json(&page, 200, "GET", "/v1/jobs/"+job.ID+"/rows?"+q.Encode(), "")
				for _, r := range page.Rows {
					if seen[r.Row] || outcome != "" && string(r.Outcome) != outcome {
						t.Fatalf("outcome %q, limit %d: row %d (%s) is wrong or came before", outcome, limit, r.Row, r.Outcome)
					}
					seen[r.Row] = true
				}
				if after = page.Next; after == "" {
					break
				}
			}
			if int64(len(seen)) != want {
				t.Errorf("outcome %q, limit %d: got %d rows, want %d", outcome, limit, len(seen), want)
			}
		}
	}
}

// TestActsAreKept: who did what to a job, and why, stands with the job, and in the log (I13).
func TestActsAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := b.creates()
	waiting := b.lists(app)
	b.text(200, "POST", "/v1/jobs/"+waiting.ID+"/pause", `{"reason": "lunch"}`)
	b.text(200, "POST", "/v1/jobs/"+waiting.ID+"/cancel", `{"reason": "wrong file"}`)
	var made struct{ Job, Of string }
	b.json(&made, 202, "POST", "/v1/jobs/"+job.ID+"/retry", `{"cause": "user_not_found", "reason": "they are there now"}`)
	kept := func(id string) (all []string) {
		var v struct{ Events []jobs.Event }
		b.json(&v, 200, "GET", "/v1/jobs/"+id, "")
		for _, e := range v.Events {
			all = append(all, e.Who+" "+e.What+": "+e.Reason)
		}
		return all
	}
	for id, want := range map[string]string{
		waiting.ID: "ann@test pause: lunch, ann@test cancel: wrong file",
		job.ID:     "ann@test retry: they are there now",
		made.Job:   "ann@test retry: they are there now",
	} {
		if got := strings.Join(kept(id), ", "); got != want {
			t.Errorf("job %s: got %q, want %q", id, got, want)
		}
	}
	var again problem
	b.json(&again, 409, "POST", "/v1/jobs/"+job.ID+"/retry", `{"cause": "user_not_found"}`)
	if again.Code != "rows_taken" || again.Job != made.Job || again.Hint == "" {
		t.Errorf("a second retry: got %+v", again)
	}
}

// TestEvents: a follower of a job is sent where it stands at once, each change, and its end; and nobody looks at it when none follows.
func TestEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := b.lists(app)
	resp := b.asks("GET", "/v1/jobs/"+job.ID+"/events", "")
	lines := bufio.NewScanner(resp.Body)
	next := func() (event string, p web.Progress) {
		for lines.Scan() {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				lines.Scan()
				if err := json.Unmarshal([]byte(strings.TrimPrefix(lines.Text(), "data: ")), &p); err != nil {
					t.Fatal(err)
				}
				return name, p
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return "", p
	}
	if _, p := next(); p.State != jobs.Running || p.Rows.Unprocessed != 3 {
		t.Fatalf("at once: got %+v", p)
	}
	b.text(200, "POST", "/v1/jobs/"+job.ID+"/cancel", `{}`)
	if _, p := next(); p.State != jobs.Cancelled {
		t.Errorf("after a cancel: got %+v", p)
	}
	if name, _ := next(); name != "end" {
		t.Errorf("got %q, want the end", name)
	}
}
