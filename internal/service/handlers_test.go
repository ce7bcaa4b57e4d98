package service_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// These handlers are an API for a test alone: what they need of a job, the service gives.

func submit(s *service.Service) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := order{Batch: jobs.Defaults().BatchSize}
		err := json.NewDecoder(r.Body).Decode(&body)
		o := service.Order{Read: input.Spec{Op: body.Op}, Options: jobs.Defaults()}
		o.Options.App, o.Options.BatchSize = body.App, body.Batch
		if err == nil {
			o.Files, err = input.Find(r.Context(), body.Files)
		}
		var job jobs.Job
		if err == nil {
			job, err = s.Submit(r.Context(), o)
		}
		answer(w, job.ID, err)
	}
}

// order is the body of a request for a job.
type order struct {
	App, Op string
	Files   []string
	Batch   int
}

func pause(s *service.Service) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		already, err := s.Pause(r.Context(), r.PathValue("job"), service.By{Who: "ann@console", Reason: r.FormValue("reason")})
		answer(w, already, err)
	}
}

func show(s *service.Service) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, _, err := s.Status(r.Context(), r.PathValue("job"))
		answer(w, status, err)
	}
}

func why(s *service.Service) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.ParseInt(r.PathValue("row"), 10, 64)
		var row service.Row
		if err == nil {
			row, err = s.Row(r.Context(), r.PathValue("job"), number)
		}
		answer(w, row, err)
	}
}

// answer writes what was asked for, or what an error is to an API.
func answer(w http.ResponseWriter, v any, err error) {
	code := http.StatusOK
	switch {
	case err == nil:
	case errors.As(err, new(*service.NotFound)), errors.As(err, new(*service.NoRow)):
		code, v = http.StatusNotFound, err.Error()
	case errors.As(err, new(*service.Conflict)):
		code, v = http.StatusConflict, err.Error()
	case errors.As(err, new(*service.Invalid)), errors.As(err, new(*jobs.OptionError)), errors.As(err, new(*input.Error)):
		code, v = http.StatusUnprocessableEntity, err.Error()
	default:
		code, v = http.StatusInternalServerError, "it went wrong"
	}
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

// A front end that is not the command line submits, pauses, shows and explains a job with a few lines each.
func TestAnHTTPFrontEndNeedsNothingElse(t *testing.T) {
	b := newBench(t)
	mux := http.NewServeMux()
	mux.Handle("POST /jobs", submit(b.Service))
	mux.Handle("POST /jobs/{job}/pause", pause(b.Service))
	mux.Handle("GET /jobs/{job}", show(b.Service))
	mux.Handle("GET /jobs/{job}/rows/{row}", why(b.Service))
	call := func(code int, method, path, body string, into any) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body)).WithContext(t.Context())
		r.Header.Set("Content-Type", map[bool]string{true: "application/json", false: "application/x-www-form-urlencoded"}[strings.HasPrefix(body, "{")])
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != code {
			t.Errorf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, code)
		} else if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
	}
	b.lists("users.csv", 12, "a,b")
	order := `{"app": "` + app + `", "op": "list", "files": ["` + b.dir + `/users.csv"]}`
	var id, text string
	call(200, "POST", "/jobs", order, &id)
	call(409, "POST", "/jobs", order, &text)
	if !strings.HasPrefix(text, "the same input is that of job "+id) {
		t.Errorf("got %q", text)
	}
	call(422, "POST", "/jobs", strings.Replace(order, "{", `{"batch": -1, `, 1), &text)
	call(422, "POST", "/jobs", strings.Replace(order, `"list"`, `"fly"`, 1), &text)

	call(200, "POST", "/jobs/"+id+"/pause", "reason=vendor+maintenance", new(service.Already))
	var status struct {
		State  jobs.State
		Reason string
		Rows   jobs.Tally
	}
	call(200, "GET", "/jobs/"+id, "", &status)
	if status.State != jobs.Paused || status.Reason != "vendor maintenance" || status.Rows.Read != 13 || status.Rows.Rejected != 1 {
		t.Errorf("got %s: %s with %+v", status.State, status.Reason, status.Rows)
	}
	var row service.Row
	call(200, "GET", "/jobs/"+id+"/rows/7", "", &row)
	if row.Line != 8 || row.Outcome != jobs.Unprocessed || row.Standing != "the job is paused: vendor maintenance" {
		t.Errorf("got %+v", row)
	}
	call(200, "GET", "/jobs/"+id+"/rows/13", "", &row)
	if row.Outcome != jobs.Rejected {
		t.Errorf("got %+v", row)
	}
	call(404, "GET", "/jobs/"+id+"/rows/14", "", &text)
	call(404, "GET", "/jobs/20260101-000000-aaaa", "", &text)
}
