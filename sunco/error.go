package sunco

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// ErrInvalid is wrapped by an Error about an argument: the call was not made and would not do better later.
var ErrInvalid = errors.New("invalid argument")

// Error is what every failed call returns. Its text holds no credentials, host, user id, phone number or address.
type Error struct {
	Status     int           // of the answer; 0 = there was none; 2xx = the work was done, the answer is unreadable
	Code       string        // the API's own, such as user_not_found; empty = it gave none
	Title      string        // what went wrong, for people; 200 characters at most
	RetryAfter time.Duration // what the API asked to wait, by Retry-After or the reset of a RateLimit header, at most an hour; 0 = it asked nothing
	Sent       bool          // the request can have reached the API; false = surely no byte of it did
	Err        error         // what the network or the context said, or ErrInvalid; nil for a whole answer. Its text may name the host
}

// AsError returns the Error in err's chain.
func AsError(err error) (*Error, bool) { return errors.AsType[*Error](err) }

// Error tells status, code and title.
func (e *Error) Error() string {
	switch {
	case e.Status == 0 && !e.Sent:
		return "not sent: " + e.Title
	case e.Status == 0:
		return "no answer: " + e.Title
	case e.Code == "":
		return fmt.Sprintf("%d: %s", e.Status, e.Title)
	}
	return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Title)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func invalid(title string) error { return &Error{Title: title, Err: ErrInvalid} }

// failure is the Error of a call that ended without an answer.
func (a *API) failure(c call, authorization string, err error, sent bool) *Error {
	return &Error{Title: a.clean(reason(err), c, authorization), Sent: sent, Err: err}
}

// reason tells in short what the network said, without addresses.
func reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "host name lookup: " + dns.Err
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "timed out"
	}
	if errors.Is(err, context.Canceled) {
		return "cancelled"
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Syscall + ": " + call.Err.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "connection closed"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}
