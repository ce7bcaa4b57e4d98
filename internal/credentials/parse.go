package credentials

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/sunbulk/sunbulk/internal/spelling"
)

const form = `it is JSON: {"apps": {"APP_ID": {"keyId": "…", "keySecret": "…", "baseUrl": "…"}}}`

// document is a file of credentials. Its names are those of the README.
type document struct {
	Apps object[app] `json:"apps"`
}

type app struct {
	KeyID     text `json:"keyId"`
	KeySecret text `json:"keySecret"`
	Token     text `json:"token"`
	BaseURL   text `json:"baseUrl"`
	Auth      text `json:"auth"`
}

// namesOf are the names that may stand at the top, and in an app.
var namesOf = struct{ top, app []string }{[]string{"apps"}, []string{"auth", "baseUrl", "keyId", "keySecret", "token"}}

// UnmarshalJSONFrom takes an object only.
func (a *app) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return orSyntax(d, errNoObject)
	}
	type fields app
	return json.UnmarshalDecode(d, (*fields)(a))
}

// text is a string, and nothing that could be taken for one: a null would be no value.
type text string

var (
	errNoText   = errors.New("a text in quotes is expected here")
	errNoObject = errors.New("an object is expected here")
)

// UnmarshalJSONFrom takes a string only.
func (t *text) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '"' {
		return orSyntax(d, errNoText)
	}
	token, err := d.ReadToken()
	*t = text(token.String())
	return err
}

// object is a JSON object, and no null.
type object[T any] map[string]T

// UnmarshalJSONFrom takes an object only.
func (o *object[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return orSyntax(d, errNoObject)
	}
	return json.UnmarshalDecode(d, (*map[string]T)(o))
}

// orSyntax returns why no value stands here at all, or else err.
func orSyntax(d *jsontext.Decoder, err error) error {
	if d.PeekKind() > 0 {
		return err
	}
	_, syntax := d.ReadToken()
	return syntax
}

// parse takes nothing on trust: a name that it passed over could be the one that says to which host the secrets go. Its
// errors tell places and names, and never a value.
func parse(name string, data []byte) (map[string]Credentials, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &Error{name + " is empty", form}
	}
	var d document
	if err := json.Unmarshal(data, &d, json.RejectUnknownMembers(true)); err != nil {
		return nil, explain(name, data, err)
	}
	if len(d.Apps) == 0 {
		return nil, &Error{name + " holds no credentials", form}
	}
	apps := make(map[string]Credentials, len(d.Apps))
	for id, a := range d.Apps {
		apps[id] = Credentials{string(a.KeyID), string(a.KeySecret), string(a.Token), string(a.BaseURL), string(a.Auth), name}
	}
	return apps, nil
}

// explain says what is wrong and where. The decoder's own words would quote the file.
func explain(name string, data []byte, err error) error {
	wrong := func(at int64, cause, hint string) error {
		before := data[:max(0, min(int(at), len(data)))]
		line, column := bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n')
		return &Error{fmt.Sprintf("%s:%d:%d: %s", name, line, column, cause), hint}
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		switch {
		case errors.Is(e.Err, jsontext.ErrDuplicateName):
			return wrong(e.ByteOffset, fmt.Sprintf("%q stands there twice", e.JSONPointer.LastToken()), "keep the one that is meant")
		case errors.Is(e.Err, io.ErrUnexpectedEOF):
			return wrong(int64(len(data)), "is not JSON: it ends here, and too soon", form)
		}
		if !utf8.Valid(data) {
			return wrong(e.ByteOffset, "is not valid UTF-8", "save it as UTF-8")
		}
		return wrong(e.ByteOffset, "is not JSON from here on", form)
	}
	e, ok := errors.AsType[*json.SemanticError](err)
	switch {
	case !ok:
		return &Error{name + " is not JSON", form}
	case errors.Is(err, json.ErrUnknownName):
		found, names := e.JSONPointer.LastToken(), namesOf.top
		if strings.Count(string(e.JSONPointer), "/") > 1 {
			names = namesOf.app
		}
		return wrong(e.ByteOffset, fmt.Sprintf("unknown name %q", found), meant(found, names))
	case errors.Is(err, errNoText):
		return wrong(e.ByteOffset, errNoText.Error(), form)
	}
	return wrong(e.ByteOffset, errNoObject.Error(), form)
}

// meant is a hint for a name that is none of those that are known.
func meant(name string, known []string) string {
	list := "it is one of " + strings.Join(known, ", ")
	if near := spelling.Nearest(name, known); near != "" {
		return "did you mean " + near + "? " + list
	}
	return list
}
