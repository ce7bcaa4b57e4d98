// Package credentials says who may call which app: it reads API keys and tokens from the environment, a file or a pipe,
// and makes the API of an app from them. Secrets are in none of its errors (I7).
package credentials

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/transit"
	"github.com/sunbulk/sunbulk/sunco"
)

// Error says what is wrong with credentials, or with how they are to be used, and what to do about it.
type Error struct {
	Cause string
	Hint  string // may be empty
}

func (e *Error) Error() string { return e.Cause }

// Credentials are those of one app.
type Credentials struct {
	KeyID     string
	KeySecret string
	Token     string
	BaseURL   string // empty = that of the Access
	Auth      string // basic, jwt or token; empty = that of the Access

	File string // that holds them; empty = the environment does
}

// Access says how the API is reached with any credentials. A zero field means the default that its comment states.
type Access struct {
	BaseURL   string // where credentials name none; default: sunco.DefaultBaseURL
	Auth      string // where credentials name none; default: token where there is one, else basic
	UserAgent string // default: sunco's
	AllowHTTP bool   // credentials and rows may go over http to any host; default: to this machine alone
}

// Environment returns the credentials in SUNBULK_KEY_ID and SUNBULK_KEY_SECRET, and in SUNBULK_TOKEN.
func Environment() Credentials {
	return Credentials{KeyID: os.Getenv("SUNBULK_KEY_ID"), KeySecret: os.Getenv("SUNBULK_KEY_SECRET"), Token: os.Getenv("SUNBULK_TOKEN")}
}

// API returns the API of an app. It makes no call; its errors are an *Error.
func (c Credentials) API(app string, a Access) (*sunco.API, error) {
	if c.BaseURL == "" {
		c.BaseURL = a.BaseURL
	}
	if c.Auth == "" {
		c.Auth = a.Auth
	}
	for _, part := range []struct{ name, text string }{
		{"app id", app}, {c.name("SUNBULK_KEY_ID", "keyId"), c.KeyID}, {c.name("SUNBULK_KEY_SECRET", "keySecret"), c.KeySecret}, {c.name("SUNBULK_TOKEN", "token"), c.Token},
	} {
		if cause := Stray(part.text); cause != "" {
			return nil, &Error{part.name + " " + cause, strayHint}
		}
	}
	auth, err := c.method()
	if err != nil {
		return nil, err
	}
	api, err := sunco.New(app, sunco.Config{BaseURL: c.BaseURL, Auth: auth, UserAgent: a.UserAgent, Secrets: []string{c.KeyID, c.KeySecret, c.Token}})
	if err != nil {
		cause, hint, _ := strings.Cut(err.Error(), " (hint: ")
		return nil, &Error{cause, strings.TrimSuffix(hint, ")")}
	}
	if u, err := url.Parse(c.BaseURL); err == nil && c.BaseURL != "" && !a.AllowHTTP && !transit.Private(u) {
		return nil, &Error{fmt.Sprintf("base URL: http://%s would send credentials and people's data unencrypted", u.Host), transit.Hint}
	}
	return api, nil
}

const strayHint = "take it off; it comes from files with Windows line ends, and from copying"

// Stray says which character of an id or secret cannot belong to it, such as a carriage return at its end, or "".
func Stray(text string) string {
	for i, r := range text {
		at := "holds"
		if i == len(text)-utf8.RuneLen(r) {
			at = "ends with"
		}
		switch {
		case r == '\r':
			return at + " a carriage return"
		case r == '\n':
			return at + " a line break"
		case unicode.IsSpace(r):
			return at + " white space"
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return at + " an invisible character"
		}
	}
	return ""
}

// method returns how calls prove who makes them.
func (c Credentials) method() (sunco.Auth, error) {
	method := c.Auth
	if method == "" {
		method = "basic"
		if c.Token != "" {
			method = "token"
		}
	}
	switch {
	case method != "basic" && method != "jwt" && method != "token":
		return nil, &Error{fmt.Sprintf("%s %s is not one of basic, jwt, token", c.name("--auth", "auth"), method), ""}
	case method == "token" && c.Token == "":
		return nil, &Error{"no token", c.give("token")}
	case method == "token":
		return sunco.Token(c.Token), nil
	case c.KeyID == "" && c.KeySecret == "":
		return nil, &Error{"no credentials", c.give("keyId", "keySecret") + ", or " + c.name("SUNBULK_TOKEN", "token")}
	case c.KeySecret == "":
		return nil, &Error{"a key id without its secret", c.give("keySecret")}
	case c.KeyID == "":
		return nil, &Error{"a key secret without its id", c.give("keyId")}
	case method == "jwt":
		return sunco.JWT(c.KeyID, c.KeySecret), nil
	}
	return sunco.Basic(c.KeyID, c.KeySecret), nil
}

// name returns what a value is called in the place from which the credentials come.
func (c Credentials) name(outside, inFile string) string {
	if c.File == "" {
		return outside
	}
	return inFile
}

// give is a hint to complete the credentials where they come from; names are those of a file.
func (c Credentials) give(names ...string) string {
	twins := map[string]string{"keyId": "SUNBULK_KEY_ID", "keySecret": "SUNBULK_KEY_SECRET", "token": "SUNBULK_TOKEN"}
	all := c.name(twins[names[0]], names[0])
	for _, n := range names[1:] {
		all += " and " + c.name(twins[n], n)
	}
	if c.File == "" {
		return "set " + all
	}
	return "give the app " + all + " in " + c.File
}

// Refusal says why the API cannot be used, when its answer about the app tells so.
type Refusal struct {
	Cause string
	Hint  string
	Err   error // of the API; may be nil
}

func (r *Refusal) Error() string {
	if r.Err == nil {
		return r.Cause
	}
	return r.Cause + ": " + r.Err.Error()
}

func (r *Refusal) Unwrap() error { return r.Err }

// Judge makes a *Refusal of the API's answer about the app, or nil: an API that is busy or down for a moment refuses
// nothing. Other errors than the API's are returned as they are.
func Judge(err error, baseURL string) error {
	if err == nil {
		return nil
	}
	e, ok := sunco.AsError(err)
	if !ok {
		return err
	}
	host := baseURL
	if u, err := url.Parse(baseURL); err == nil {
		host = u.Host
	}
	switch {
	case e.Status == 0 && !e.Sent:
		return &Refusal{host + " cannot be reached", "check --base-url and the network", errors.New(e.Title)}
	case e.Status == 401:
		return &Refusal{"the API refused the credentials", "check the key id and secret, and that they belong to the app", e}
	case e.Status == 402:
		return &Refusal{"the API refuses the account", "see the account's plan", e}
	case e.Code == "app_not_found":
		return &Refusal{"the API does not know the app", "check --app, and that --base-url is the app's region", e}
	case e.Status == 404 || e.Status >= 200 && e.Status < 400:
		return &Refusal{host + " does not answer like the API", "check --base-url (Zendesk's ends in /sc) and --app", e}
	}
	return nil // 403: a key of integration scope; others pass
}
