package suncotest

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// response is what the API answers.
type response struct {
	status int
	body   []byte
	html   bool
	waits  [][2]string // header fields that say when to come back
}

func (r *response) wait(field, value string) { r.waits = append(r.waits, [2]string{field, value}) }

func ok(status int, body any) response {
	encoded, err := json.Marshal(body)
	if err != nil {
		return refusal(http.StatusInternalServerError, "internal_error", "Answer can't be encoded")
	}
	return response{status: status, body: encoded}
}

// refusal is an error; an empty code and title are those that go with the status.
func refusal(status int, code, title string) response {
	if code == "" {
		code = codeOf(status)
	}
	if title == "" {
		title = http.StatusText(status)
	}
	type cause struct {
		Code  string `json:"code"`
		Title string `json:"title"`
	}
	return ok(status, struct {
		Errors []cause `json:"errors"`
	}{[]cause{{code, title}}})
}

func badRequest(title string) response { return refusal(http.StatusBadRequest, "bad_request", title) }

func notFound(thing, title string) response {
	return refusal(http.StatusNotFound, thing+"_not_found", title+" not found")
}

// codeOf returns the code that goes with a status. Those of 413, 429 and 5xx are not documented.
func codeOf(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "bad_request"
	case http.StatusUnauthorized:
		return "unauthorized"
	case http.StatusPaymentRequired:
		return "payment_required"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusConflict:
		return "conflict"
	case http.StatusRequestEntityTooLarge:
		return "payload_too_large"
	case http.StatusLocked:
		return "locked"
	case http.StatusTooManyRequests:
		return "too_many_requests"
	}
	return "internal_error"
}

// writer sends one response and remembers its status; 0 = none was sent.
type writer struct {
	to     http.ResponseWriter
	status int
}

func (w *writer) send(r response) {
	w.head(r)
	// The caller may be gone; that is its own affair.
	_, _ = w.to.Write(r.body)
}

// sendHalf announces the whole body, sends half of it and cuts the connection.
func (w *writer) sendHalf(r response) {
	w.head(r)
	_, _ = w.to.Write(r.body[:len(r.body)/2])
	_ = http.NewResponseController(w.to).Flush()
	panic(http.ErrAbortHandler)
}

func (w *writer) head(r response) {
	header := w.to.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	if r.html {
		header.Set("Content-Type", "text/html; charset=utf-8")
	}
	header.Set("Content-Length", strconv.Itoa(len(r.body)))
	for _, field := range r.waits {
		header.Set(field[0], field[1])
	}
	w.status = r.status
	w.to.WriteHeader(r.status)
}
