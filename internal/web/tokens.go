package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/osfile"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/wholefile"
	"github.com/sunbulk/sunbulk/jobs"
)

// Token is what lets a program or a person in. Only the digest of its secret is kept: that has 130 random bits, so a fast
// hash is enough.
type Token struct {
	Name    string       `json:"name"`
	SHA256  string       `json:"sha256"` // of the secret, in hex
	Role    service.Role `json:"role"`
	Apps    []string     `json:"apps,omitempty"` // none = all
	Expires time.Time    `json:"expires,omitzero"`
	Owner   string       `json:"owner,omitempty"`   // the person whose it is, as a provider or proxy names them: what it plans they do not approve
	By      string       `json:"by,omitempty"`      // made it
	Revoked *Revoked     `json:"revoked,omitempty"` // nil = it is not
}

// Revoked says who took a token back, and when.
type Revoked struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

func (t Token) actor(from string) service.Actor {
	a := service.Actor{Name: t.Name, Owner: t.Owner, Role: t.Role, From: from}
	if len(t.Apps) > 0 {
		a.Apps = t.Apps
	}
	return a
}

var (
	tokenName   = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	tokenDigest = lazyregexp.New(`^[0-9a-f]{64}$`)
)

const mostOwner = 200 // bytes

func (t Token) check() error {
	switch {
	case !tokenName().MatchString(t.Name):
		return fmt.Errorf("token %q: a name has 1 to 64 letters, digits, dots, dashes and underscores", t.Name)
	case !slices.Contains(service.Roles(), t.Role):
		return fmt.Errorf("token %s: role %q is none of viewer, operator, approver, admin", t.Name, t.Role)
	case t.Owner != jobs.Line(t.Owner) || len(t.Owner) > mostOwner:
		return fmt.Errorf("token %s: its owner is no name of a person", t.Name)
	case !tokenDigest().MatchString(t.SHA256):
		return fmt.Errorf("token %s: sha256 is not 64 hex digits", t.Name)
	}
	return nil
}

// tokenFile is the form of a file of tokens.
type tokenFile struct {
	Tokens []Token `json:"tokens"`
}

// Tokens are those of a file, which is read again when it changes: a token that is taken out of it is refused at once.
type Tokens struct {
	name string

	mu   sync.Mutex
	seen os.FileInfo // of the file as it was read
	all  []Token
}

// TokensError says what is wrong with a file of tokens.
type TokensError struct {
	File string
	Err  error
	Hint string
}

func (e *TokensError) Error() string { return e.File + ": " + e.Err.Error() }

func (e *TokensError) Unwrap() error { return e.Err }

// ReadTokens reads a file of tokens. Its error is a *TokensError.
func ReadTokens(name string) (*Tokens, error) {
	t := &Tokens{name: name}
	return t, t.read()
}

// maxTokens bounds the size of the file, in bytes.
const maxTokens = 1 << 20

func (t *Tokens) read() error {
	info, err := os.Stat(t.name)
	if err != nil {
		return &TokensError{t.name, err, "'sunbulk console token NAME --tokens FILE' makes it"}
	}
	if info.Size() > maxTokens || !info.Mode().IsRegular() {
		return &TokensError{t.name, fmt.Errorf("it is no file of tokens"), "'sunbulk console token NAME --tokens FILE' makes one"}
	}
	switch others, err := osfile.OthersOf(t.name); {
	case err != nil:
		return &TokensError{t.name, err, "check who may read it"}
	case others.Read:
		return &TokensError{t.name, fmt.Errorf("others may read it (%s)", others.Who), osfile.KeepPrivate(t.name)}
	}
	if t.seen != nil && os.SameFile(info, t.seen) && info.ModTime().Equal(t.seen.ModTime()) && info.Size() == t.seen.Size() {
		return nil
	}
	all, err := parseTokens(t.name)
	if err != nil {
		return &TokensError{t.name, err, "'sunbulk console token' writes its lines"}
	}
	t.all, t.seen = all, info
	return nil
}

func parseTokens(name string) ([]Token, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var f tokenFile
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, token := range f.Tokens {
		if err := token.check(); err != nil {
			return nil, err
		}
		if names[token.Name] {
			return nil, fmt.Errorf("two tokens are named %s", token.Name)
		}
		names[token.Name] = true
	}
	return f.Tokens, nil
}

// find returns the token with a secret, unless it has expired.
func (t *Tokens) find(secret string) (Token, bool) {
	return t.byDigest(digestOf(secret))
}

// digestOf is what is kept of a secret, in hex.
func digestOf(secret string) string {
	digest := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(digest[:])
}

// byDigest is find for what a session keeps. While the file cannot be read, nobody comes in.
func (t *Tokens) byDigest(digest string) (Token, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.read(); err != nil {
		return Token{}, false
	}
	for _, token := range t.all { // digests of secrets tell nothing by the time it takes to compare them
		if token.SHA256 == digest {
			return token, token.Revoked == nil && (token.Expires.IsZero() || time.Now().Before(token.Expires))
		}
	}
	return Token{}, false
}

// AddToken makes a token and adds it to a file, which it makes where there is none. It returns the secret, which is kept nowhere.
// Its error is a *TokensError.
func AddToken(name string, token Token) (secret string, err error) {
	wrong := func(err error, hint string) (string, error) { return "", &TokensError{name, err, hint} }
	secret = "sunbulk_" + rand.Text()
	token.SHA256 = digestOf(secret)
	if err := token.check(); err != nil {
		return wrong(err, "e.g. sunbulk console token ci --role operator --tokens tokens.json")
	}
	var f tokenFile
	switch t, err := ReadTokens(name); {
	case err == nil:
		f.Tokens = t.all
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if slices.ContainsFunc(f.Tokens, func(t Token) bool { return t.Name == token.Name }) {
		return wrong(fmt.Errorf("it has a token %s", token.Name), "take that out first, or choose another name")
	}
	f.Tokens = append(f.Tokens, token)
	return secret, f.write(name)
}

// RevokeToken takes a token of a file back: its lines stay, and say who did so. Its error is a *TokensError.
func RevokeToken(name, token, by string) error {
	t, err := ReadTokens(name)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(t.all, func(one Token) bool { return one.Name == token })
	if i < 0 {
		return &TokensError{name, fmt.Errorf("it has no token %s", token), "its names are in the file"}
	}
	if t.all[i].Revoked == nil {
		t.all[i].Revoked = &Revoked{by, time.Now().UTC().Truncate(time.Second)}
	}
	return tokenFile{t.all}.write(name)
}

func (f tokenFile) write(name string) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = wholefile.Replace(name, func(w io.Writer) error {
			_, err := w.Write(append(data, '\n'))
			return err
		})
	}
	if err != nil {
		return &TokensError{name, err, "check the permissions of its folder"}
	}
	return nil
}

// list returns all tokens of the file.
func (t *Tokens) list() ([]Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.read()
	return slices.Clone(t.all), err
}
