package sunco

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Auth returns the value of a request's Authorization header. It is called for every request and must be safe for
// concurrent use. Printing an Auth shows no secret.
type Auth func() (string, error)

const (
	jwtLifetime = 15 * time.Minute
	// jwtMargin is how long before its end a JWT is replaced; it covers slow calls and clocks that differ.
	jwtMargin = 3 * time.Minute
)

// Basic authenticates with an API key's id and secret.
func Basic(keyID, secret string) Auth {
	return fixed(checkKey(keyID, secret), "Basic "+base64.StdEncoding.EncodeToString([]byte(keyID+":"+secret)))
}

// Token authenticates with a ready-made bearer token: a JWT or an OAuth access token.
func Token(token string) Auth {
	return fixed(checkToken(token), "Bearer "+token)
}

// JWT authenticates with tokens that it signs itself (HS256) with an API key and replaces before they expire. Their scope
// is app for a key id that begins with app_, account for act_ and svc_; another key id is an error.
func JWT(keyID, secret string) Auth {
	scope, err := scopeOf(keyID)
	if err == nil {
		err = checkKey(keyID, secret)
	}
	if err != nil {
		return fixed(err, "")
	}
	m := &minter{keyID: keyID, secret: []byte(secret), scope: scope}
	return m.authorization
}

func fixed(err error, authorization string) Auth {
	if err != nil {
		return func() (string, error) { return "", err }
	}
	return func() (string, error) { return authorization, nil }
}

func checkKey(keyID, secret string) error {
	switch {
	case keyID == "":
		return errors.New("key id is empty")
	case secret == "":
		return errors.New("key secret is empty")
	case strings.Contains(keyID, ":"):
		return errors.New("key id contains a colon (hint: give id and secret apart)")
	}
	return nil
}

func checkToken(token string) error {
	if token == "" {
		return errors.New("token is empty")
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return errors.New("token contains a character that no token has (hint: look for spaces and line breaks)")
		}
	}
	return nil
}

func scopeOf(keyID string) (string, error) {
	switch prefix, _, _ := strings.Cut(keyID, "_"); prefix {
	case "app":
		return "app", nil
	case "act", "svc":
		return "account", nil
	}
	return "", errors.New("key id begins with none of app_, act_ and svc_ (hint: use basic authentication)")
}

// minter signs JWTs and keeps the newest.
type minter struct {
	keyID  string
	secret []byte
	scope  string

	mu      sync.Mutex
	current string
	renewAt time.Time
}

func (m *minter) authorization() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Before(m.renewAt) {
		return m.current, nil
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"scope": m.scope, "iat": now.Unix(), "exp": now.Add(jwtLifetime).Unix(),
	})
	token.Header["kid"] = m.keyID
	signed, err := token.SignedString(m.secret)
	if err != nil {
		return "", errors.New("JWT could not be signed")
	}
	m.current, m.renewAt = "Bearer "+signed, now.Add(jwtLifetime-jwtMargin)
	return m.current, nil
}
