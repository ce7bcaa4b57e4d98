package suncotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"
)

// authenticator checks Authorization headers. Without credentials of its own it takes any.
type authenticator struct {
	keyID, secret string
	basic, bearer string              // the whole headers; empty = not taken
	last          atomic.Pointer[jot] // the JWT that was checked last
}

// jot is a checked JWT; end 0 = it does not expire.
type jot struct {
	header string
	end    int64 // Unix time in seconds
}

func newAuthenticator(cfg Config) *authenticator {
	a := &authenticator{keyID: cfg.KeyID, secret: cfg.KeySecret}
	if cfg.KeyID != "" || cfg.KeySecret != "" {
		a.basic = "Basic " + base64.StdEncoding.EncodeToString([]byte(cfg.KeyID+":"+cfg.KeySecret))
	}
	if cfg.Token != "" {
		a.bearer = "Bearer " + cfg.Token
	}
	return a
}

func (a *authenticator) accepts(header string) bool {
	scheme, credentials, _ := strings.Cut(header, " ")
	if credentials == "" || scheme != "Basic" && scheme != "Bearer" {
		return false
	}
	if a.basic == "" && a.bearer == "" {
		return true
	}
	if scheme == "Basic" {
		return header == a.basic
	}
	return header == a.bearer || a.basic != "" && a.acceptsJWT(header, credentials)
}

func (a *authenticator) acceptsJWT(header, token string) bool {
	if last := a.last.Load(); last != nil && last.header == header {
		return last.end == 0 || time.Now().Unix() < last.end
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	mac := hmac.New(sha256.New, []byte(a.secret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(signature, mac.Sum(nil)) {
		return false
	}
	var head struct{ Alg, Kid string }
	var claims struct {
		Scope string
		Exp   float64
	}
	if !decodePart(parts[0], &head) || !decodePart(parts[1], &claims) {
		return false
	}
	if head.Alg != "HS256" || head.Kid != a.keyID || !a.hasScope(claims.Scope) {
		return false
	}
	end := int64(claims.Exp)
	if end != 0 && time.Now().Unix() >= end {
		return false
	}
	a.last.Store(&jot{header: header, end: end})
	return true
}

// hasScope tells whether the key may sign for the scope.
func (a *authenticator) hasScope(scope string) bool {
	switch prefix, _, _ := strings.Cut(a.keyID, "_"); prefix {
	case "app":
		return scope == "app"
	case "act", "svc":
		return scope == "account"
	}
	return scope == "app" || scope == "account"
}

func decodePart(part string, into any) bool {
	decoded, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(decoded, into) == nil
}
