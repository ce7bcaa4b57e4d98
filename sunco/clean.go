package sunco

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

const (
	// maxTitle bounds a Title, in characters.
	maxTitle = 200
	// maxForeign is how much of a text is looked at, in bytes: far more than a Title can show.
	maxForeign = 2000
)

// keptSecrets are the secrets of an authorization, kept for the calls that have the same.
type keptSecrets struct {
	authorization string
	*Redactor
}

// redactor returns what knows the credentials of a call.
func (a *API) redactor(authorization string) *Redactor {
	if kept := a.kept.Load(); kept != nil && (kept.authorization == authorization || authorization == "") {
		return kept.Redactor
	}
	r := NewRedactor(append(credentialsIn(authorization), a.secrets...)...)
	a.kept.Store(&keptSecrets{authorization, r})
	return r
}

// credentialsIn returns all that an Authorization header tells: its value, key id and secret, the key id in a JWT.
func credentialsIn(authorization string) []string {
	scheme, value, _ := strings.Cut(authorization, " ")
	all := []string{value}
	if pair, err := base64.StdEncoding.DecodeString(value); err == nil && scheme == "Basic" {
		id, secret, _ := strings.Cut(string(pair), ":")
		return append(all, string(pair), id, secret)
	}
	head, _, _ := strings.Cut(value, ".")
	var claims struct {
		KeyID string `json:"kid"`
	}
	if data, err := base64.RawURLEncoding.DecodeString(head); err == nil && json.Unmarshal(data, &claims) == nil {
		all = append(all, claims.KeyID)
	}
	return all
}

// proxySecrets are user and password of the proxy through which calls go.
func proxySecrets(base *url.URL) []string {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: base})
	if err != nil || proxy == nil || proxy.User == nil {
		return nil
	}
	password, _ := proxy.User.Password()
	return []string{password, proxy.User.Username() + ":" + password}
}

// clean makes one short line of foreign text, without credentials, the host, and the people of the call. It cuts last: a secret
// that is cut in two is harder to see.
func (a *API) clean(text string, c call, authorization string) string {
	text = text[:min(len(text), maxForeign)]
	known := a.redactor(authorization)
	private := NewRedactor()
	var phones [][]byte
	for _, p := range append(c.private, a.base.Host, a.base.Hostname()) {
		private.addWhole(p)
		if digits := phoneDigits(p); digits != nil {
			phones = append(phones, digits)
		}
		if local, domain, isAddress := strings.Cut(p, "@"); isAddress && domain != "" {
			private.addWhole(local)
		}
	}
	marks := newMarks(text)
	for layer := range layers(text) {
		known.mark(layer, marks)
		private.mark(layer, marks)
		for _, found := range personForm.FindAllIndex(layer.text, -1) {
			marks.mark(layer, found[0], found[1])
		}
		for _, phone := range phones {
			markPhone(layer, phone, marks)
		}
	}
	return line(marks.blanked())
}

// line makes one line of text that can be shown, cut to the length of a Title.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxTitle {
		runes = append(runes[:maxTitle-1], '…')
	}
	return string(runes)
}
