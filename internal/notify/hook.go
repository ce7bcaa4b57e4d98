package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/transit"
	"github.com/sunbulk/sunbulk/jobs"
)

// Format is the form in which a Hook wants its notices.
type Format string

// The formats.
const (
	JSON  Format = "json"  // a Notice
	Slack Format = "slack" // as Slack's incoming webhooks take it
)

// Hook is where notices are posted. Its URL and its secret are in no error (I7).
type Hook struct {
	url     string
	format  Format
	secret  []byte
	agent   string
	client  *http.Client
	timeout time.Duration
}

// ErrClearText says that notices, and the key in the URL, would go unencrypted to another machine.
var ErrClearText = errors.New("http:// would send notices, and any key in the URL, unencrypted")

// Sender says how notices are posted. A zero field means the default that its comment states.
type Sender struct {
	Format    Format // default: JSON
	Secret    string // that signs notices; default: they are not signed
	Agent     string // the User-Agent; default: Go's
	AllowHTTP bool   // to any host; default: to this machine alone
}

// NewHook returns the Hook at an http or https URL.
func NewHook(address string, s Sender) (*Hook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("not a URL that begins with https:// or http://")
	}
	if !s.AllowHTTP && !transit.Private(u) {
		return nil, ErrClearText
	}
	format := cmp.Or(s.Format, JSON)
	if format != JSON && format != Slack {
		return nil, fmt.Errorf("%q is neither %s nor %s", format, JSON, Slack)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Hook{address, format, []byte(s.Secret), s.Agent, client, patience}, nil
}

// patience is how long a receiver may take.
const patience = 10 * time.Second

// rejection is the answer of a receiver that did not take a notice.
type rejection struct {
	status int
	after  time.Duration // that it asked to wait
}

func (r *rejection) Error() string { return "the receiver answered " + strconv.Itoa(r.status) }

// final tells whether another attempt would be in vain.
func (r *rejection) final() bool {
	return r.status < 500 && r.status != http.StatusTooManyRequests && r.status != http.StatusRequestTimeout
}

// post makes one attempt to deliver a notice. Its error is a *rejection when the receiver answered.
func (h *Hook) post(ctx context.Context, n Notice) error {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	body, err := h.body(n)
	if err != nil {
		return fmt.Errorf("encode notice: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", h.agent)
	req.Header.Set("Sunbulk-Notice-Id", n.ID)
	if len(h.secret) > 0 {
		req.Header.Set("Sunbulk-Signature", sign(h.secret, time.Now(), body))
	}
	res, err := h.client.Do(req)
	if err != nil {
		return errors.New(reason(err))
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 1<<16) // a connection that is read to its end is used again
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	seconds, _ := strconv.ParseUint(res.Header.Get("Retry-After"), 10, 16) // a date is not worth its trouble
	return &rejection{res.StatusCode, time.Duration(seconds) * time.Second}
}

func (h *Hook) body(n Notice) ([]byte, error) {
	if h.format == Slack {
		return json.Marshal(struct {
			Text   string `json:"text"`
			Mrkdwn bool   `json:"mrkdwn"` // false: neither bold nor links in what a reason says
		}{Text: text(n)})
	}
	return json.Marshal(n)
}

// sign returns t=UNIX,v1=HEX, the latter being the HMAC-SHA256 of UNIX, a full stop and the body.
func sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// text is a notice in a line or two for Slack, which gives a meaning to three characters.
func text(n Notice) string {
	is := "is"
	if n.Event == NotStarted {
		is = "has"
	}
	if n.Event == Paused && n.State != jobs.Paused {
		is = "was"
	}
	line := fmt.Sprintf("sunbulk %s (app %s) %s %s", n.subject(), n.App, is, strings.ReplaceAll(string(n.Event), "_", " "))
	if n.Simulated {
		line += ", simulated"
	}
	if n.Reason != "" {
		line += ": " + n.Reason
	}
	if n.Event == NotStarted {
		return lines(line, n.Hint)
	}
	t := n.Rows
	sum := fmt.Sprintf("%d of %s: %d ok, %d noop, %d failed, %d rejected, %d in doubt", t.Settled(), jobs.Count(t.Read, "row"), t.OK, t.Noop, t.Failed, t.Rejected, t.InDoubt)
	return lines(line, sum, n.Hint)
}

// lines joins lines without what Slack gives a meaning to; none of them can hold the beginning of another.
func lines(all ...string) string {
	for i, l := range all {
		all[i] = plain.Replace(jobs.Line(l))
	}
	return strings.Join(all, "\n")
}

// plain takes the meaning off the three characters. It never changes.
var plain = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// subject names what the notice is about.
func (n *Notice) subject() string {
	switch {
	case n.Job != "" && n.Run != "":
		return fmt.Sprintf("job %s (step %s of run %s of %s)", n.Job, n.Step, n.Run, n.Runbook)
	case n.Job != "":
		return "job " + n.Job
	case n.Run != "":
		return fmt.Sprintf("run %s of %s", n.Run, n.Runbook)
	}
	return "schedule " + n.Schedule
}

// reason tells what the network said without naming the host, which may be part of the secret.
func reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "host name lookup: " + dns.Err
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "timed out"
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Syscall + ": " + call.Err.Error()
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not valid"
	}
	return "connection lost"
}
