package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/sunco"
)

// secrets are the credentials of one app.
type secrets struct {
	KeyID     string
	KeySecret string
	Token     string
	BaseURL   string // empty = --base-url
	Auth      string // empty = --auth

	file string // that holds them; empty = the environment does
}

func environmentSecrets() secrets {
	return secrets{KeyID: os.Getenv("SUNBULK_KEY_ID"), KeySecret: os.Getenv("SUNBULK_KEY_SECRET"), Token: os.Getenv("SUNBULK_TOKEN")}
}

// method returns how calls prove who makes them. Its error says what is missing, and where it belongs.
func (s secrets) method() (sunco.Auth, error) {
	method := s.Auth
	if method == "" {
		method = "basic"
		if s.Token != "" {
			method = "token"
		}
	}
	switch {
	case method != "basic" && method != "jwt" && method != "token":
		return nil, usage(fmt.Sprintf("%s %s is not one of basic, jwt, token", s.name("--auth", "auth"), method), "")
	case method == "token" && s.Token == "":
		return nil, usage("no token", s.give("token"))
	case method == "token":
		return sunco.Token(s.Token), nil
	case s.KeyID == "" && s.KeySecret == "":
		return nil, usage("no credentials", s.give("keyId", "keySecret")+", or "+s.name("SUNBULK_TOKEN", "token"))
	case s.KeySecret == "":
		return nil, usage("a key id without its secret", s.give("keySecret"))
	case s.KeyID == "":
		return nil, usage("a key secret without its id", s.give("keyId"))
	case method == "jwt":
		return sunco.JWT(s.KeyID, s.KeySecret), nil
	}
	return sunco.Basic(s.KeyID, s.KeySecret), nil
}

// name returns what a value is called in the place from which the secrets come.
func (s secrets) name(outside, inFile string) string {
	if s.file == "" {
		return outside
	}
	return inFile
}

// give is a hint to complete the secrets where they come from; names are those of a file.
func (s secrets) give(names ...string) string {
	twins := map[string]string{"keyId": "SUNBULK_KEY_ID", "keySecret": "SUNBULK_KEY_SECRET", "token": "SUNBULK_TOKEN"}
	all := s.name(twins[names[0]], names[0])
	for _, n := range names[1:] {
		all += " and " + s.name(twins[n], n)
	}
	if s.file == "" {
		return "set " + all
	}
	return "give the app " + all + " in " + s.file
}

// fields are the names that an app may have in a file, and where their values go.
func (s *secrets) fields() map[string]*string {
	return map[string]*string{"keyId": &s.KeyID, "keySecret": &s.KeySecret, "token": &s.Token, "baseUrl": &s.BaseURL, "auth": &s.Auth}
}

const credentialsForm = `it is JSON: {"apps": {"APP_ID": {"keyId": "…", "keySecret": "…", "baseUrl": "…"}}}`

// readCredentials reads a file {"apps": {"APP": {"keyId": …, "keySecret": …}}}, which nobody but its owner may be
// able to read. A pipe is taken as it is: what one process reads from it no other can.
func readCredentials(name string) (map[string]secrets, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("open credentials: %w", err)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, usage("--credentials "+name+" is a folder", "name the file in it")
	case !mode.IsRegular() && mode.Type() != os.ModeNamedPipe:
		return nil, usage("--credentials "+name+" is neither a file nor a pipe", credentialsForm)
	case mode.IsRegular() && mode.Perm()&0o077 != 0:
		return nil, usage(fmt.Sprintf("others can read %s (mode %04o)", name, mode.Perm()), "chmod 600 "+name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	return parseCredentials(name, data)
}

// parseCredentials takes nothing on trust: a name that it passed over could be the one that says to which host the
// secrets go. Its errors tell places and names, and never a value.
func parseCredentials(name string, data []byte) (map[string]secrets, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	c := &credentials{name: name, data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	if err := c.sound(); err != nil {
		return nil, err
	}
	apps := map[string]secrets{}
	err := c.object([]string{"apps"}, func(string) error {
		return c.object(nil, func(app string) error {
			s := secrets{file: name}
			fields := s.fields()
			err := c.object(slices.Sorted(maps.Keys(fields)), func(field string) error { return c.text(fields[field]) })
			apps[app] = s
			return err
		})
	})
	if err == nil && len(apps) == 0 {
		err = usage(name+" holds no credentials", credentialsForm)
	}
	return apps, err
}

// credentials reads a file of sound JSON token by token.
type credentials struct {
	name string
	data []byte
	dec  *json.Decoder
}

// sound tells where the file is no JSON. The decoder's own words would quote it.
func (c *credentials) sound() error {
	if len(bytes.TrimSpace(c.data)) == 0 {
		return usage(c.name+" is empty", credentialsForm)
	}
	err := json.Unmarshal(c.data, new(json.RawMessage))
	if errors.Is(json.NewDecoder(bytes.NewReader(c.data)).Decode(new(json.RawMessage)), io.ErrUnexpectedEOF) {
		return c.wrong(len(c.data), "is not JSON: it ends here, and too soon", credentialsForm)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return c.wrong(int(e.Offset)-1, "is not JSON from here on", credentialsForm)
	}
	if !utf8.Valid(c.data) {
		return usage(c.name+" is not valid UTF-8", "save it as UTF-8")
	}
	return nil
}

// next returns the next token, and at which byte it begins.
func (c *credentials) next() (json.Token, int, error) {
	behind := c.data[c.dec.InputOffset():]
	at := len(c.data) - len(bytes.TrimLeft(behind, " \t\r\n,:"))
	token, err := c.dec.Token()
	if err != nil {
		return nil, at, c.wrong(at, "is not JSON from here on", credentialsForm)
	}
	return token, at, nil
}

// object reads an object whose names are among known, each once; known nil means any. Value reads what stands behind a name.
func (c *credentials) object(known []string, value func(name string) error) error {
	token, at, err := c.next()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return c.wrong(at, "an object is expected here", credentialsForm)
	}
	seen := map[string]bool{}
	for {
		token, at, err := c.next()
		if err != nil || token == json.Delim('}') {
			return err
		}
		name, _ := token.(string) // what stands there in sound JSON
		switch {
		case known != nil && !slices.Contains(known, name):
			return c.wrong(at, fmt.Sprintf("unknown name %q", name), meant(name, known))
		case seen[name]:
			return c.wrong(at, fmt.Sprintf("%q stands there twice", name), "keep the one that is meant")
		}
		seen[name] = true
		if err := value(name); err != nil {
			return err
		}
	}
}

func (c *credentials) text(value *string) error {
	token, at, err := c.next()
	if err != nil {
		return err
	}
	s, ok := token.(string)
	if !ok {
		return c.wrong(at, "a text in quotes is expected here", credentialsForm)
	}
	*value = s
	return nil
}

// wrong says what is wrong at a byte of the file, by line and column.
func (c *credentials) wrong(at int, cause, hint string) error {
	before := c.data[:max(0, min(at, len(c.data)))]
	line, column := bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n')
	return usage(fmt.Sprintf("%s:%d:%d: %s", c.name, line, column, cause), hint)
}

// meant is a hint for a name that is none of those that are known.
func meant(name string, known []string) string {
	list := "it is one of " + strings.Join(known, ", ")
	if near := spelling.Nearest(name, known); near != "" {
		return "did you mean " + near + "? " + list
	}
	return list
}
