// Package zendesk asks Zendesk's own API which messaging users its users have. It is another API than the one that jobs call, with other
// credentials and another rate limit.
package zendesk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

const (
	// Most is how many users a call may ask for.
	Most = 100

	callTime   = 30 * time.Second
	mostAnswer = 16 << 20 // bytes
	mostPages  = 100
	mostTries  = 5  // of a call that fails
	mostWaits  = 30 // for answers 429 to one call
	defaultGap = 10 * time.Second
	mostGap    = time.Hour
)

// Auth is what a call sends as its Authorization.
type Auth struct{ Email, Token string } // an API token and whose it is, or an OAuth token without Email

// Client calls one account.
type Client struct {
	base  *url.URL
	auth  Auth
	pace  *rate.Limiter
	http  http.Client
	agent string
	sleep func(context.Context, time.Duration) error

	// Waits hears why nothing is called for a while.
	Waits func(reason string, wait time.Duration)
	// Calls is how many were made.
	Calls int
}

// New returns a client of the account at a URL such as https://example.zendesk.com, which makes so many calls per second.
func New(base *url.URL, auth Auth, perSecond float64, agent string) *Client {
	return &Client{
		base: base, auth: auth, pace: rate.NewLimiter(rate.Limit(perSecond), 1), agent: agent, sleep: sleep,
		http:  http.Client{Timeout: callTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Waits: func(string, time.Duration) {},
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Error is an answer that is no list of users. Its text has no credentials and names nobody.
type Error struct {
	Status int // 0 = there was no answer
	Cause  string
	Err    error
}

func (e *Error) Error() string {
	if e.Status == 0 {
		return "Zendesk: " + e.Cause
	}
	return fmt.Sprintf("Zendesk: %d: %s", e.Status, e.Cause)
}

// Unwrap returns what the network said.
func (e *Error) Unwrap() error { return e.Err }

// page is an answer of show_many.
type page struct {
	Users []struct {
		ID int64 `json:"id"`
	} `json:"users"`
	Identities []struct {
		UserID int64  `json:"user_id"`
		Type   string `json:"type"`
		Value  string `json:"value"`
	} `json:"identities"`
	NextPage string `json:"next_page"`
}

// Messaging returns the ids of the messaging users of so many users; one that Zendesk does not know, or has deleted, is not in it.
//
// https://developer.zendesk.com/api-reference/ticketing/users/users/#show-many-users
func (c *Client) Messaging(ctx context.Context, ids []int64) (map[int64][]string, error) {
	if len(ids) > Most {
		return nil, fmt.Errorf("%d users, and %d at most in a call", len(ids), Most)
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	at := c.base.JoinPath("api/v2/users/show_many.json")
	at.RawQuery = "ids=" + strings.Join(texts, ",") + "&include=identities"
	found := map[int64][]string{}
	for n := 0; ; n++ {
		var p page
		if err := c.patiently(ctx, at, &p); err != nil {
			return nil, err
		}
		for _, u := range p.Users {
			if found[u.ID] == nil {
				found[u.ID] = []string{}
			}
		}
		for _, i := range p.Identities {
			if i.Type == "messaging" && i.Value != "" {
				found[i.UserID] = append(found[i.UserID], i.Value)
			}
		}
		if p.NextPage == "" {
			return found, nil
		}
		next, err := url.Parse(p.NextPage)
		if err != nil || next.Scheme != at.Scheme || next.Host != at.Host || n == mostPages {
			return nil, &Error{Cause: "the next page of an answer cannot be followed"}
		}
		at = next
	}
}

// patiently makes a call until it is answered: a 429 is waited out, and what may pass is tried a few times more.
func (c *Client) patiently(ctx context.Context, at *url.URL, into *page) error {
	for failed, waited := 0, 0; ; {
		wait, err := c.call(ctx, at, into)
		e, known := errors.AsType[*Error](err)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !known:
			return err
		case e.Status == http.StatusTooManyRequests && waited < mostWaits:
			waited++
			wait = cmp.Or(wait, defaultGap)
			c.Waits("Zendesk's rate limit", wait)
		case (e.Status == 0 || e.Status >= 500) && failed < mostTries-1:
			failed++
			wait = max(wait, time.Second<<failed)
			c.Waits(e.Error(), wait)
		default:
			return err
		}
		if err := c.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// call makes one call at the pace. Wait is what a refusal asks for.
func (c *Client) call(ctx context.Context, at *url.URL, into *page) (wait time.Duration, err error) {
	if err := c.pace.Wait(ctx); err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	if c.auth.Email == "" {
		req.Header.Set("Authorization", "Bearer "+c.auth.Token)
	} else {
		req.SetBasicAuth(c.auth.Email+"/token", c.auth.Token)
	}
	c.Calls++
	resp, err := c.http.Do(req)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok { // its text has the ids
			err = inner.Err
		}
		return 0, &Error{Cause: "no answer: " + err.Error(), Err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return gap(resp.Header, time.Now()), &Error{Status: resp.StatusCode, Cause: http.StatusText(resp.StatusCode)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	switch {
	case err != nil:
		return 0, &Error{Cause: "the answer was cut off", Err: err}
	case len(body) > mostAnswer:
		return 0, &Error{Status: resp.StatusCode, Cause: "the answer is too large"}
	}
	if err := json.Unmarshal(body, into); err != nil || into.Users == nil {
		return 0, &Error{Status: resp.StatusCode, Cause: "the answer is no list of users: is the URL that of the Zendesk account?"}
	}
	return 0, nil
}

// gap is how long an answer asks to wait; 0 = it asks nothing.
func gap(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil && seconds >= 0 {
		return min(time.Duration(max(seconds, 1))*time.Second, mostGap)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), time.Second), mostGap)
	}
	return 0
}
