package sunco

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// MaxBodySize is the largest request body in bytes. The vendor says 100 kB; this is the stricter reading of it.
const MaxBodySize = 100_000

const (
	// maxAnswer bounds the body of an answer, in bytes after decompression.
	maxAnswer = 10_000_000
	// maxErrorAnswer is how much of the body of an error is read to find its cause.
	maxErrorAnswer = 64_000
)

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

// answer is a 2xx answer that was read in full.
type answer struct {
	status int
	body   []byte
}

func (a answer) unreadable(expected string) error {
	return a.broken("answer has an unreadable body: " + expected)
}

func (a answer) broken(title string) error {
	return &Error{Status: a.status, Title: title, Sent: true}
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
	body, err := readBody(res)
	got := answer{status: res.StatusCode, body: bytes.TrimSpace(body)}
	if err != nil {
		lost := a.failure(c, authorization, err, true)
		lost.Status, lost.Title = res.StatusCode, "answer has an unreadable body: "+lost.Title
		return answer{}, lost
	}
	if len(body) > maxAnswer {
		return answer{}, got.unreadable("it is larger than 10 MB")
	}
	return got, nil
}

// readBody reads at most a byte more than maxAnswer. It believes a length only where it is small, as a rule.
func readBody(res *http.Response) ([]byte, error) {
	const small = 16_000
	if n := res.ContentLength; n > 0 && n <= small {
		body := make([]byte, n)
		read, err := io.ReadFull(res.Body, body)
		return body[:read], err
	}
	return io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
}
