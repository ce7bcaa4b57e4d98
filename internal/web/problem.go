package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/jobs"
)

// problem is an error as the API tells it (RFC 9457), with what to do about it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
	Field  string `json:"field,omitempty"` // that is wrong
	Job    string `json:"job,omitempty"`   // that is in the way
	Run    string `json:"run,omitempty"`   // that is in the way
	Plan   string `json:"plan,omitempty"`  // that it is about
}

// refusal is an error of the console itself.
type refusal struct {
	status           int
	code, text, hint string
}

func (e *refusal) Error() string { return e.text }

// elsewhere sends a browser to a path of the console.
type elsewhere struct{ path string }

func (e *elsewhere) Error() string { return "see " + e.path }

func noSuchPage(x *exchange) error {
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		return &refusal{http.StatusNotFound, "not_found", "there is nothing here that takes " + jobs.Line(x.r.Method), "/v1/openapi.yaml has all of the API"}
	}
	return &refusal{http.StatusNotFound, "not_found", "there is no such page", "/v1/openapi.yaml has all of the API"}
}

// problemOf is the one place where errors become statuses.
func problemOf(err error) problem {
	p := problem{Type: "about:blank", Status: http.StatusInternalServerError, Code: "internal", Detail: err.Error()}
	if e, ok := errors.AsType[*refusal](err); ok {
		p.Status, p.Code, p.Hint = e.status, e.code, e.hint
	} else if e, ok := errors.AsType[*service.Forbidden](err); ok {
		p.Status, p.Code, p.Hint = http.StatusForbidden, "forbidden", hintOfForbidden(e)
		if e.ReadOnly() {
			p.Code = "read_only"
		}
	} else if e, ok := errors.AsType[*service.NotFound](err); ok {
		p.Status, p.Code, p.Hint = http.StatusNotFound, "not_found", "the list of "+e.Kind+"s has all that there are"
	} else if e, ok := errors.AsType[*service.NoRow](err); ok {
		p.Status, p.Code, p.Job = http.StatusNotFound, "no_row", e.Job
		if e.Growing {
			p.Hint = "more rows are being added"
		}
	} else if e, ok := errors.AsType[*service.Conflict](err); ok {
		p.Status, p.Code, p.Job, p.Hint = http.StatusConflict, string(e.Kind), e.ID, hintOf(e)
		switch e.Kind {
		case service.KeyReused:
			p.Status = http.StatusUnprocessableEntity
		case service.DuplicateRun, service.CreatesTwice, service.CapsRefuse, service.OtherRunInput, service.WrongRunState:
			p.Job, p.Run = "", e.ID
		case service.NeedsApproval, service.OwnPlan, service.PlanRefused, service.PlanChanged, service.PlanDecided, service.OtherInput:
			p.Job, p.Plan = "", e.ID
		}
	} else if e, ok := errors.AsType[*service.Invalid](err); ok {
		p.Status, p.Code, p.Field = http.StatusBadRequest, "invalid", e.Field
	} else if e, ok := errors.AsType[*jobs.OptionError](err); ok {
		p.Status, p.Code, p.Field, p.Hint = http.StatusBadRequest, "invalid", e.Option, e.Hint
	} else if e, ok := errors.AsType[*input.Error](err); ok {
		p.Status, p.Code, p.Hint = http.StatusUnprocessableEntity, "input", e.Hint
	} else if errors.As(err, new(*runbook.Error)) {
		p.Status, p.Code, p.Hint = http.StatusUnprocessableEntity, "runbook", "mend the runbook in its folder, or what was given for its variables"
	} else if e, ok := errors.AsType[*service.Interrupted](err); ok {
		p.Status, p.Code, p.Job, p.Hint = http.StatusServiceUnavailable, "interrupted", e.Job, "ask for the same again: it goes on"
	} else if errors.As(err, new(*service.Unrecorded)) {
		p.Status, p.Code, p.Hint = http.StatusServiceUnavailable, "unrecorded", "ask for the same again: it changes nothing more, and is recorded"
	} else if e, ok := errors.AsType[*service.Unreadable](err); ok {
		p.Status, p.Code, p.Job, p.Hint = http.StatusInternalServerError, "unreadable", e.ID, "a newer release may read it"
	} else if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		p.Status, p.Code, p.Detail, p.Hint = http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("the body has more than %d bytes", e.Limit), "send less"
	} else if errors.Is(err, uploads.ErrTooLarge) {
		p.Status, p.Code, p.Hint = http.StatusRequestEntityTooLarge, "too_large", "compress it (.gz, .zst), or split it"
	} else if errors.Is(err, uploads.ErrFull) {
		p.Status, p.Code, p.Hint = http.StatusInsufficientStorage, "full", "wait until older uploads are removed, or ask an admin for room"
	} else if errors.As(err, new(*away)) {
		p.Status, p.Code, p.Detail, p.Hint = http.StatusServiceUnavailable, "sign_in_unavailable", "the sign-in service does not answer as it should", "try again soon; the console's log has the error"
	} else if errors.As(err, new(*service.ReportError)) {
		p.Code, p.Hint = "report", "check the space on the console's disk"
	} else {
		p.Status, p.Code, p.Detail, p.Hint = http.StatusServiceUnavailable, "unavailable", "Redis does not answer as it should", "the console's log has the error"
	}
	p.Title, p.Detail = http.StatusText(p.Status), jobs.Line(p.Detail)
	return p
}

func hintOfForbidden(e *service.Forbidden) string {
	switch {
	case e.Actor.Role == "":
		return "an admin can give one of them a role in the file of --groups"
	case e.File != "":
		return "summary.json and report.html name none"
	case e.ReadOnly():
		return "use the command line, or a console without --read-only"
	}
	return "ask somebody with the role " + string(e.Right.Holder()) + " or admin"
}

// hintOf says what to do about a conflict.
func hintOf(e *service.Conflict) string {
	switch e.Kind {
	case service.WrongState, service.Ended:
		return "look at the job: it has moved on"
	case service.NotEnded:
		return "wait for its end, or cancel it: then its failed rows can be run again"
	case service.RowsTaken, service.RetryUnfinished:
		return "look at that job: it runs these rows"
	case service.NoFailedRows:
		return "the job's causes say which rows failed"
	case service.NeedsApproval:
		return "ask for one: somebody else with the role approver or admin gives it"
	case service.OwnPlan:
		return "ask somebody else with the role approver or admin"
	case service.PlanRefused, service.PlanChanged, service.PlanDecided:
		return "look at the plan, or make another"
	case service.KeyReused:
		return "use another Idempotency-Key for another request"
	case service.OtherInput:
		return "send the file again, and make another plan"
	case service.DuplicateRun, service.CreatesTwice:
		return "look at that run; a plan that allows duplicates makes another all the same"
	case service.CapsRefuse:
		return "look at the runbook's caps and at the file; 'sunbulk runbook start --exceed-caps' goes over them"
	case service.Duplicate, service.OtherOptions:
		return "the same input was queued before: look at that job"
	}
	return "look at what is in the way"
}

// fail answers with an error.
func (x *exchange) fail(err error) {
	if e, ok := errors.AsType[*elsewhere](err); ok {
		http.Redirect(x.w, x.r, x.Prefix+e.path, http.StatusSeeOther)
		return
	}
	if e, ok := errors.AsType[*service.Forbidden](err); ok {
		if err := x.Service.Refused(x.r.Context(), x.route, e); err != nil {
			x.Logger.Warn("refusal is not recorded", "who", x.actor.Who(), "error", err)
		}
	}
	p := problemOf(err)
	if p.Status >= 500 {
		x.Logger.Error("request failed", "method", x.r.Method, "path", x.r.URL.Path, "error", err)
	}
	if !x.page || x.show(p.Status, "problem", p.Title, map[string]any{"Problem": p}) != nil {
		writeJSON(x.w, p.Status, "application/problem+json", p)
	}
}

// answer writes a value as JSON.
func (x *exchange) answer(status int, v any) error {
	writeJSON(x.w, status, "application/json", v)
	return nil
}

func writeJSON(w http.ResponseWriter, status int, kind string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"status":500}`)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // the one who asked is gone
}
