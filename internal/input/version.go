package input

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// version tells an object from what stands under its name later: by a strong ETag, or else by the time
// of its last change and its size (RFC 9110, 8.8). The zero version is not known.
type version struct {
	etag     string // with its quotes
	modified string // as the server writes it
	size     int64  // bytes; 0 = not known
}

// newVersion reads a version from the header of an answer.
func newVersion(h http.Header) version {
	v := version{modified: h.Get("Last-Modified")}
	if etag := h.Get("ETag"); strings.HasPrefix(etag, `"`) { // a weak one does not tell bytes apart
		v.etag = etag
	}
	size := h.Get("Content-Length")
	if _, total, ok := contentRange(h); ok {
		size = total
	}
	if n, err := strconv.ParseInt(size, 10, 64); err == nil && n > 0 {
		v.size = n
	}
	return v
}

func (v version) known() bool { return v.etag != "" || v.modified != "" && v.size > 0 }

// String is the version for reports and comparisons; empty when it is not known.
func (v version) String() string {
	switch {
	case v.etag != "":
		return "etag " + v.etag
	case v.known():
		return fmt.Sprintf("%d bytes of %s", v.size, v.modified)
	}
	return ""
}

// ask sets the conditions and the range under which the version is read from a byte.
func (v version) ask(from int64) http.Header {
	h := http.Header{}
	switch {
	case v.etag != "":
		h.Set("If-Match", v.etag)
	case v.known():
		h.Set("If-Unmodified-Since", v.modified)
	}
	if from > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	return h
}

var (
	errChanged = errors.New("it has changed while it was read")
	errNoRange = errors.New("the connection broke, and the server cannot go on in the middle")
)

// check returns an error unless the answer is the version, from that byte on. Servers may pass over
// conditions, so their answers are compared.
func (v version) check(h http.Header, from int64) error {
	now := newVersion(h)
	switch {
	case v.etag != "" && v.etag != now.etag,
		v.etag == "" && v.modified != now.modified,
		v.size > 0 && now.size > 0 && v.size != now.size:
		return errChanged
	}
	if first, _, ok := contentRange(h); from > 0 && (!ok || first != strconv.FormatInt(from, 10)) {
		return errNoRange
	}
	return nil
}

// contentRange splits a header such as "bytes 100-199/200".
func contentRange(h http.Header) (first, total string, ok bool) {
	span, ok := strings.CutPrefix(h.Get("Content-Range"), "bytes ")
	if !ok {
		return "", "", false
	}
	first, rest, _ := strings.Cut(span, "-")
	_, total, ok = strings.Cut(rest, "/")
	return first, total, ok
}
