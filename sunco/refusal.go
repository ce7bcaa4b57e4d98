package sunco

import (
	"bytes"
	"cmp"
	"html"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// maxRetryAfter bounds what the API may ask a caller to wait.
const maxRetryAfter = time.Hour

var (
	codeForm = lazyregexp.New(`^[A-Za-z0-9_.-]{1,64}$`)
	titleTag = lazyregexp.New(`(?is)<title[^>]*>(.*?)</title>`)
)

// refusal is the Error of an answer that is not 2xx.
func (a *API) refusal(c call, authorization string, res *http.Response) *Error {
	// Reading the body lets the connection be used again. The status stands even where the rest was cut off.
	body, err := readError(res)
	e := &Error{Status: res.StatusCode, Sent: true, RetryAfter: retryAfter(res.Header), Err: err}
	if e.Status == http.StatusTooManyRequests && e.RetryAfter == 0 {
		e.RetryAfter = resetAfter(res.Header)
	}
	if res.StatusCode/100 == 3 {
		e.Title = "redirected, which is not followed (hint: check the base URL)"
		return e
	}
	code, title := cause(body, res.Header.Get("Content-Type"))
	if a.secretsOf(authorization).Redact(code) == code { // one that quotes a secret says nothing else
		e.Code = code
	}
	e.Title = cmp.Or(a.clean(title, c, authorization), http.StatusText(res.StatusCode), "no reason given")
	return e
}

// readError reads the beginning of the body of an error.
func readError(res *http.Response) ([]byte, error) {
	in, err := plain(res, maxErrorAnswer)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(in, maxErrorAnswer))
}

// cause finds code and title in the body of an error: the API's own JSON, the title of a page, or plain text.
func cause(body []byte, contentType string) (code, title string) {
	var reply struct {
		Errors []struct {
			Code  string `json:"code"`
			Title string `json:"title"`
		} `json:"errors"`
	}
	if decode(body, &reply) == nil && len(reply.Errors) > 0 {
		first := reply.Errors[0]
		if !codeForm().MatchString(first.Code) {
			return "", first.Title
		}
		return first.Code, first.Title
	}
	if strings.Contains(contentType, "html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		found := titleTag().FindSubmatch(body)
		if found == nil {
			return "", ""
		}
		return "", html.UnescapeString(string(found[1]))
	}
	return "", string(body)
}

// retryAfter reads Retry-After: seconds, or a date, which is taken relative to the answer's own Date if it has one.
// What is negative, past or unreadable is 0.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(dateOf(header)), 0), maxRetryAfter)
	}
	return seconds(value)
}
