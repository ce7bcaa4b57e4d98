package sunco

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
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
	long *Redactor // of the secrets that are too long to be a word of an answer
}

// secretsOf returns what knows the credentials of a call.
func (a *API) secretsOf(authorization string) *keptSecrets {
	if kept := a.kept.Load(); kept != nil && (kept.authorization == authorization || authorization == "") {
		return kept
	}
	all := append(credentialsIn(authorization), a.secrets...)
	long := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return len(s) < minSecret })
	kept := &keptSecrets{authorization, NewRedactor(all...), NewRedactor(long...)}
	a.kept.Store(kept)
	return kept
}

// blank returns the body of an answer with "…" in place of each secret. Most bodies hold no escape, and are only searched
// for each form of the secrets.
func (k *keptSecrets) blank(body []byte) []byte {
	if !bytes.Contains(body, []byte(`\u`)) && !bytes.Contains(body, []byte("&#")) && bytes.IndexByte(body, '%') < 0 {
		var few [1024]byte // most bodies are no longer, and cost no allocation
		if !k.long.in(appendCanonical(few[:0], body)) {
			return body
		}
	}
	return []byte(k.long.Redact(string(body)))
}

// in tells whether a canonical text holds a secret as a whole.
func (r *Redactor) in(text []byte) bool {
	for _, secret := range r.whole {
		if bytes.Contains(text, secret) {
			return true
		}
	}
	return false
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
	known := a.secretsOf(authorization)
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
		for _, found := range personForm().FindAllIndex(layer.text, -1) {
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
