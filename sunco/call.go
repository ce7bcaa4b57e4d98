package sunco

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"
)

// MaxBodySize is the largest request body in bytes. The vendor says 100 kB; this is the stricter reading of it.
const MaxBodySize = 100_000

// call is one HTTP request to the API.
type call struct {
	method  string
	target  string        // path and query, escaped
	body    []byte        // nil for none
	timeout time.Duration // of the whole call; 0 for none
	private []string      // what may not show in an error
}

// request is a call as it goes out.
type request struct {
	call
	authorization string
}

// sender sends a request, once. After an error it tells whether the request can have reached the API. The answer's Body must be read
// to its end and closed.
type sender func(context.Context, request) (res *http.Response, sent bool, err error)

// answer is a 2xx answer that was read in full. done is called when its body is no longer needed.
type answer struct {
	status int
	body   []byte
	done   func()
}

func (a answer) unreadable(expected string) error {
	return a.broken("answer has an unreadable body: " + expected)
}

func (a answer) broken(title string) error {
	return &Error{Status: a.status, Title: title, Sent: true}
}

// endless is about an answer, or a list of which it is a part, that is larger than any may be.
func (a answer) endless(title string) error {
	return &Error{Status: a.status, Title: title, Sent: true, Err: ErrTooLarge}
}

// do makes the call, once. Its errors are of type *Error.
func (a *API) do(ctx context.Context, c call) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, a.failure(c, "", context.Cause(ctx), false)
	}
	authorization, err := a.auth()
	if err != nil {
		return answer{}, &Error{Title: "credentials: " + a.clean(err.Error(), c, ""), Err: err}
	}
	if strings.ContainsAny(authorization, "\r\n") {
		return answer{}, &Error{Title: "credentials: they contain a line break", Err: ErrInvalid}
	}
	res, sent, err := a.send(ctx, request{c, authorization})
	if err != nil {
		return answer{}, a.failure(c, authorization, err, sent)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return answer{}, a.refusal(c, authorization, res)
	}
	body, release, err := a.readBody(ctx, res)
	if err != nil {
		release()
		lost := a.failure(c, authorization, err, true)
		lost.Status, lost.Title = res.StatusCode, "answer has an unreadable body: "+lost.Title
		return answer{}, lost
	}
	return answer{status: res.StatusCode, body: bytes.TrimSpace(a.secretsOf(authorization).blank(body)), done: release}, nil
}
