package web_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
	"github.com/sunbulk/sunbulk/jobs"
)

// send uploads a file by the form of the page, and returns the path of the page that comes next.
func (b *bench) send(name, text string, change ...func(*http.Request)) string {
	b.Helper()
	return b.sendTo("/new", name, text, change...)
}

// sendTo is send for the form of another page.
func (b *bench) sendTo(path, name, text string, change ...func(*http.Request)) string {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.WriteString(part, text)
	form.Close()
	change = append(change, header("Content-Type", form.FormDataContentType()))
	resp := b.asks("POST", path, body.String(), change...)
	if resp.StatusCode != 303 {
		b.Fatalf("got %d", resp.StatusCode)
	}
	return resp.Header.Get("Location")
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// mapping is what the page of an upload sends.
func mapping(page string, more ...string) string {
	v := url.Values{
		"key": {keyField.FindStringSubmatch(page)[1]}, "app": {app}, "op": {"create"}, "option.rate": {"0"}, "column.0": {"user"}, "column.1": {"matchCriteria.phoneNumber"}, "set.matchCriteria.type": {"twilio"},
		"set.matchCriteria.integrationId": {"5f1a0c52d8b7e4000c3a9e01"}, "set.confirmation.type": {"immediate"}, "set.target.conversationId": {"64b2c5b7fcb94022dedcf6c1"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v.Encode()
}

// TestPagesOfAPlan goes from a file to a job by pages alone, without any script, with the approval of somebody else.
func TestPagesOfAPlan(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	b := newBench(t, guarded(t, file), func(c *web.Config) { c.Approval = above(0) })
	operator, approver, viewer := bearer(secrets[service.Operator]), bearer(secrets[service.Approver]), bearer(secrets[service.Viewer])
	text := strings.ReplaceAll(contacts, "customer-2", `<script>alert(1)</script>`)
	at := b.send(`"><script>alert(1)</script>.csv`, text, operator)
	page := b.text(200, "GET", at, "", operator)
	for _, want := range []string{`<option selected>user</option>`, `<option selected>matchCriteria.phoneNumber</option>`, "suggested"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the columns has no %s", want)
		}
	}
	wrong := b.text(400, "POST", at, mapping(page, "option.rate", "fast"), operator)
	if !strings.Contains(wrong, `role="alert"`) || !strings.Contains(wrong, `value="fast"`) || strings.Contains(wrong, "<script>") {
		t.Errorf("a wrong rate: %s", wrong)
	}
	made := b.asks("POST", at, mapping(page), operator)
	again := b.asks("POST", at, mapping(page), operator)
	plan := made.Header.Get("Location")
	if plan == "" || plan != again.Header.Get("Location") {
		t.Fatalf("got %q, and pressed again %q", plan, again.Header.Get("Location"))
	}
	page = b.text(200, "GET", plan, "", operator)
	for _, want := range []string{"12125550130", "Ask for approval", "rejected", "&lt;script&gt;alert(1)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the plan has no %q", want)
		}
	}
	if strings.Contains(page, "<script>") || strings.Contains(page, "Start the job") {
		t.Error("the plan has a script, or can be started")
	}
	if text := b.text(200, "GET", plan, "", viewer); strings.Contains(text, "1212555") || strings.Contains(text, "<button>Ask") {
		t.Error("a viewer sees people, or may ask")
	}
	form := "reason=migration&digest=" + regexp.MustCompile(`name="digest" value="([^"]+)"`).FindStringSubmatch(page)[1]
	b.text(409, "POST", plan+"/start", "confirm=2", operator)
	b.text(303, "POST", plan+"/ask", form, operator)
	if text := b.text(200, "GET", plan, "", approver); !strings.Contains(text, "<button>Approve") {
		t.Error("an approver cannot approve")
	}
	b.text(303, "POST", plan+"/approve", form, approver)
	if people := regexp.MustCompile(`Type the number of people who get a message, (\d+)`).FindStringSubmatch(b.text(200, "GET", plan, "", operator)); people != nil {
		b.text(400, "POST", plan+"/start", "confirm=77", operator)
		b.text(303, "POST", plan+"/start", "confirm="+people[1], operator)
	} else {
		b.text(303, "POST", plan+"/start", "reason=go", operator)
	}
	all, _, err := b.s.Jobs(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("there are %d jobs, %v", len(all), err)
	}
	waitSealed(b, all[0].Job)
	job := b.work(must(b.s.Job(t.Context(), all[0].Job)))
	if job.Tally.Read != 3 || job.Tally.Rejected != 1 || job.State != jobs.Finished {
		t.Errorf("got %s %+v", job.State, job.Tally)
	}
	for path, want := range map[string]string{"/plans": "started", plan: "Approved by my-approver@", "/jobs/" + job.ID: "approve"} {
		if text := b.text(200, "GET", path, "", operator); !strings.Contains(text, want) || strings.Contains(text, "<script>") {
			t.Errorf("%s has no %q, or a script", path, want)
		}
	}
}

// TestPagesOfBadFiles: whatever is sent, the next page says what is wrong with it.
func TestPagesOfBadFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, tt := range map[string]struct{ text, want string }{
		"empty": {"", "cannot be read"}, "latin1": {"user;stra\xdfe\na;b\n", "cannot be read"}, "no operation": {"user\na\n", ""},
	} {
		at := b.send(name, tt.text)
		page := b.text(200, "GET", at, "")
		if tt.want != "" && !strings.Contains(page, tt.want) {
			t.Errorf("%s: the page does not say so", name)
		}
		if text := b.text(422, "POST", at, mapping(page, "op", "")); !strings.Contains(text, `role="alert"`) {
			t.Errorf("%s: nothing is reported", name)
		}
	}
	b.text(200, "GET", b.send("latin1.csv", "user;stra\xdfe\na;b\n")+"?encoding=windows-1252", "")
	b.text(415, "POST", "/new", "file=x")
	b.text(400, "POST", "/new", "--x--\r\n", header("Content-Type", "multipart/form-data; boundary=x"))
	b.text(404, "GET", fmt.Sprintf("/new/%s", strings.Repeat("a", 26)), "")
}
