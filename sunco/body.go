package sunco

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	// maxAnswer bounds the body of an answer, in bytes, before and after decompression. A page of a hundred clients has some 50 kB.
	maxAnswer = 2 << 20
	// maxErrorAnswer is how much of the body of an error is read to find its cause, likewise.
	maxErrorAnswer = 64_000
	// smallAnswer is what each call may hold at any time. Of larger answers few are held at once.
	smallAnswer = 128 << 10
	// largeAnswers is how many.
	largeAnswers = 2
)

// ErrTooLarge is wrapped by an Error about an answer that is larger than an answer may be, or about a list that does not end. Asking again does
// not help.
var ErrTooLarge = errors.New("answer is too large")

// plain returns the body without its compression, at most a byte more than most bytes of it. None is asked for, but what
// stands before the API may compress all the same.
func plain(res *http.Response, most int64) (io.Reader, error) {
	var body io.Reader = res.Body
	var err error
	switch encoding := strings.ToLower(strings.TrimSpace(strings.Join(res.Header.Values("Content-Encoding"), ","))); encoding {
	case "", "identity":
		return io.LimitReader(body, most+1), nil
	case "gzip", "x-gzip":
		body, err = gzip.NewReader(io.LimitReader(body, most))
	case "deflate":
		body, err = inflate(io.LimitReader(body, most))
	default:
		return nil, fmt.Errorf("compressed as %q, which was not asked for", encoding)
	}
	if errors.Is(err, io.EOF) { // nothing was sent, and so not compressed
		return bytes.NewReader(nil), nil
	}
	if err != nil {
		return nil, err
	}
	return io.LimitReader(body, most+1), nil
}

// inflate reads deflate as it should be, which is with a zlib header, and as it often is.
func inflate(body io.Reader) (io.Reader, error) {
	in := bufio.NewReader(body)
	head, err := in.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(in)
	}
	return flate.NewReader(in), nil
}

// readBody reads a body of at most maxAnswer bytes. Where it is large, release must be called when it is no longer needed.
func (a *API) readBody(ctx context.Context, res *http.Response) (body []byte, release func(), err error) {
	const exact = 16_000 // a length is believed only where it is small
	release = func() {}
	if n := res.ContentLength; n > 0 && n <= exact && res.Header.Get("Content-Encoding") == "" {
		body := make([]byte, n)
		read, err := io.ReadFull(res.Body, body)
		return body[:read], release, err
	}
	in, err := plain(res, maxAnswer)
	if err != nil {
		return nil, release, err
	}
	if body, err = io.ReadAll(io.LimitReader(in, smallAnswer)); err != nil || len(body) < smallAnswer {
		return body, release, err
	}
	select {
	case a.large <- struct{}{}:
		release = func() { <-a.large }
	case <-ctx.Done():
		return nil, release, context.Cause(ctx)
	}
	rest, err := io.ReadAll(in)
	if body = append(body, rest...); err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("%w: more than %d MB", ErrTooLarge, maxAnswer>>20)
	}
	return body, release, err
}
