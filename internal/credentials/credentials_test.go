package credentials

import (
	"errors"
	"strings"
	"testing"
)

// A file that could be read in two ways is read in none, and no value of it is shown (I7).
func TestParseIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		`{"apps": {"a": {"keyId": "SECRET", "key_secret": "SECRET"}}}`: `f:1:36: unknown name "key_secret"`,
		`{"apps": {"a": {"BaseURL": "https://SECRET"}}}`:               `f:1:17: unknown name "BaseURL"`,
		"{\"app\":\n{}}": `f:1:2: unknown name "app"`,
		`{"apps": {}, "apps": {"a": {"token": "SECRET"}}}`:                            `f:1:14: "apps" stands there twice`,
		`{"apps": {"a": {"baseUrl": "https://x", "baseUrl": "https://SECRET"}}}`:      `f:1:41: "baseUrl" stands there twice`,
		`{"apps": {"a": {"baseUrl": "https://x", "base\u0055rl": "https://SECRET"}}}`: `f:1:41: "baseUrl" stands there twice`,
		`{"apps": {"a": {"baseUrl": null, "token": "SECRET"}}}`:                       "f:1:28: a text in quotes is expected here",
		`{"apps": {"a": {"token": ["SECRET"]}}}`:                                      "f:1:26: a text in quotes is expected here",
		`{"apps": {"a": {"token": SECRET}}}`:                                          "f:1:26: is not JSON from here on",
		`{"apps": {"a": null}}`:                                                       "f:1:16: an object is expected here",
		`{"apps": {"a": "SECRET"}}`:                                                   "f:1:16: an object is expected here",
		`{"apps": null}`:                                                              "f:1:10: an object is expected here",
		`"SECRET"`:                                                                    "f:1:1: an object is expected here",
		`null`:                                                                        "f holds no credentials",
		`{"apps": {}}`:                                                                "f holds no credentials",
		`{"apps": {"a": {"token": "SECRET"}}}{}`:                                      "f:1:37: is not JSON from here on",
		"\ufeff":                                                                      "f is empty",
		"{\"apps\": {\"a\": {\"token\": \"SECRET\xff\"}}}":                            "f:1:33: is not valid UTF-8",
		`{"apps": {"a": {"token": "SECRET"}, "b": {"token": "SECRE`:                   "f:1:58: is not JSON: it ends here, and too soon",
		"SUNBULK_KEY_ID=SECRET":                                                       "f:1:1: is not JSON from here on",
	} {
		_, err := parse("f", []byte(text))
		if e, ok := errors.AsType[*Error](err); !ok || e.Cause != want || e.Hint == "" || strings.Contains(e.Cause+e.Hint, "SECRET") && !strings.Contains(e.Hint, "keySecret") {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestParseTakesWhatIsMeant(t *testing.T) {
	apps, err := parse("f", []byte("\ufeff{\"apps\": {\"a/b\": {\"token\": \"t\", \"auth\": \"token\"},\r\n \"c\": {\"keyId\": \"\\u0069\", \"keySecret\": \"s\", \"baseUrl\": \"https://x\"}}}\n"))
	if err != nil || len(apps) != 2 || apps["a/b"].Token != "t" || apps["c"].KeyID != "i" || apps["c"].BaseURL != "https://x" {
		t.Errorf("got %d apps, %v", len(apps), err)
	}
}

// Credentials and rows go unencrypted to this machine only, unless that is meant.
func TestBaseURLsMustBePrivate(t *testing.T) {
	for base, ok := range map[string]bool{
		"":                               true,
		"https://example.zendesk.com/sc": true,
		"HTTPS://example.zendesk.com/sc": true,
		"http://localhost:8090":          true,
		"http://127.8.0.1:8090":          true,
		"http://[::1]:8090":              true,
		"http://[::ffff:127.0.0.1]":      true,
		"http://example.zendesk.com/sc":  false,
		"HTTP://example.zendesk.com/sc":  false,
		"http://10.1.2.3":                false,
		"http://localhost.example.com":   false,
		"http://127.0.0.1.nip.io":        false,
		"http://simulator:8090":          false,
		"http://[fe80::1]:80":            false,
		"http://2130706433":              false,
		"http://0.0.0.0:80":              false,
	} {
		for _, file := range []string{"", "apps.json"} {
			c := Credentials{Token: "t", File: file}
			a := Access{BaseURL: base}
			if file != "" {
				c.BaseURL, a.BaseURL = base, "https://api.example.com"
			}
			_, err := c.API("app", a)
			if e, refused := errors.AsType[*Error](err); refused == ok || refused && !strings.Contains(e.Hint, "--allow-http") {
				t.Errorf("%q: got %v", base, err)
			}
			a.AllowHTTP = true
			if _, err := c.API("app", a); err != nil {
				t.Errorf("%q with AllowHTTP: %v", base, err)
			}
		}
	}
}
