package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// OIDC signs people in at an OpenID provider. Their groups give them a role.
type OIDC struct {
	Issuer   string // URL
	ClientID string
	Secret   string        // of the client; empty = it has none, and PKCE alone protects the code
	Scopes   []string      // asked for besides openid
	Name     string        // claim that names a person, such as email
	Groups   string        // claim that holds their groups
	Grants   []Grant       // the first one that fits holds
	Lasts    time.Duration // of a session; 0 = as long as its ID token

	asking singleflight.Group
	mu     sync.Mutex
	known  *provider // nil = it has not answered yet
}

// provider is what an OpenID provider says about itself.
type provider struct {
	*oidc.Provider
	EndSession string `json:"end_session_endpoint"` // ends the session there; empty = not offered
}

const (
	providerPatience = 10 * time.Second
	maxProviderBody  = 1 << 20
)

// providerClient asks the provider. It reads only so much, and waits only so long.
var providerClient = &http.Client{Timeout: providerPatience, Transport: bounded{}}

type bounded struct{}

func (bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxProviderBody)
	}
	return resp, err
}

// away says that the provider does not answer, or not as one.
type away struct{ err error }

func (e *away) Error() string {
	return "the sign-in service does not answer as it should: " + e.err.Error()
}

func (e *away) Unwrap() error { return e.err }

// discover returns what the provider says about itself, which is asked for until there is an answer. Its error is *away.
func (o *OIDC) discover(ctx context.Context) (*provider, error) {
	o.mu.Lock()
	known := o.known
	o.mu.Unlock()
	if known != nil {
		return known, nil
	}
	answer := o.asking.DoChan("", func() (any, error) {
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), providerClient), o.Issuer)
		if err != nil {
			return nil, &away{err}
		}
		known := &provider{Provider: p}
		if err := p.Claims(known); err != nil {
			return nil, &away{err}
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.known = known
		return known, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-answer:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*provider), nil
	}
}

// client is the console as the provider knows it.
func (o *OIDC) client(p *provider, callback string) *oauth2.Config {
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.Secret, Endpoint: p.Endpoint(), RedirectURL: callback, Scopes: append([]string{oidc.ScopeOpenID}, o.Scopes...)}
}

// untrusted says why a provider's answer lets nobody in.
type untrusted struct{ text, hint string }

func (e *untrusted) Error() string { return e.text }

// redeem turns the code of a callback into who has signed in. Its errors: *away, *untrusted.
func (o *OIDC) redeem(ctx context.Context, callback, code, verifier, nonce string) (*person, time.Time, error) {
	p, err := o.discover(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	ctx = oidc.ClientContext(ctx, providerClient)
	answer, err := o.client(p, callback).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.Response.StatusCode < http.StatusInternalServerError {
		return nil, time.Time{}, &untrusted{"the sign-in service does not take its own code back (" + oauthCode(e.ErrorCode) + ")", "sign in again; if that does not help, an admin should compare the client id and its secret with those of the sign-in service"}
	}
	if err != nil {
		return nil, time.Time{}, &away{err}
	}
	raw, _ := answer.Extra("id_token").(string)
	if raw == "" {
		return nil, time.Time{}, &untrusted{"the sign-in service gave no ID token", "an admin should check that it is an OpenID provider, with the scope openid"}
	}
	token, err := p.VerifierContext(ctx, &oidc.Config{ClientID: o.ClientID}).Verify(ctx, raw)
	if err == nil && (nonce == "" || token.Nonce != nonce) {
		err = errors.New("its nonce is that of another sign-in")
	}
	if err != nil {
		return nil, time.Time{}, &untrusted{"the ID token is not valid: " + err.Error(), "sign in again; if that does not help, an admin should check the clocks, and --oidc-issuer and --oidc-client-id"}
	}
	who, err := o.person(token)
	if err != nil {
		return nil, time.Time{}, err
	}
	who.idToken = raw
	if o.Lasts > 0 {
		return who, time.Now().Add(o.Lasts), nil
	}
	return who, token.Expiry, nil
}

// person is whom an ID token is about, with the role of their groups.
func (o *OIDC) person(token *oidc.IDToken) (*person, error) {
	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil {
		return nil, &untrusted{"the claims of the ID token cannot be read", ""}
	}
	var name string
	switch err := json.Unmarshal(claims[o.Name], &name); {
	case err != nil || name == "":
		return nil, &untrusted{"the ID token has no claim " + o.Name + ", which names people here", "an admin can ask for another scope by --oidc-scopes, or take another claim by --oidc-name-claim"}
	case o.Name == "email" && string(claims["email_verified"]) == "false":
		return nil, &untrusted{"the sign-in service has not verified the address " + name, "have it verified there"}
	case !signedIn().MatchString(name):
		return nil, &untrusted{"the claim " + o.Name + " is no name that can stand in the audit log", "an admin can take another claim by --oidc-name-claim"}
	}
	var groups []string
	var one string
	switch {
	case json.Unmarshal(claims[o.Groups], &one) == nil:
		groups = []string{one}
	case claims[o.Groups] != nil && json.Unmarshal(claims[o.Groups], &groups) != nil:
		return nil, &untrusted{"the claim " + o.Groups + " holds no list of groups", "an admin can take another claim by --oidc-groups-claim"}
	}
	who := &person{name: name, claims: claims[o.Groups] != nil}
	who.role, who.apps = granted(o.Grants, groups)
	return who, nil
}

// logout is where the session at the provider is ended; empty = that is not offered.
func (o *OIDC) logout(who *person, back string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil || o.known.EndSession == "" {
		return ""
	}
	u, err := url.Parse(o.known.EndSession)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	q := u.Query()
	q.Set("id_token_hint", who.idToken)
	q.Set("client_id", o.ClientID)
	q.Set("post_logout_redirect_uri", back)
	u.RawQuery = q.Encode()
	return u.String()
}

// title is the provider's name for people.
func (o *OIDC) title() string {
	if u, err := url.Parse(o.Issuer); err == nil && u.Host != "" {
		return u.Host
	}
	return o.Issuer
}

// oauthCode is an error's code, if it is one: what else comes from elsewhere is not shown.
func oauthCode(text string) string {
	if len(text) > 40 || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") != "" || text == "" {
		return "no reason is given"
	}
	return text
}
