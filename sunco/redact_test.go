package sunco_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/sunco"
)

// forms are ways in which a server may write a text.
func forms(s string) map[string]string {
	every := func(format string) string {
		var out strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&out, format, s[i])
		}
		return out.String()
	}
	quoted, _ := json.Marshal(s)
	all := map[string]string{
		"raw": s, "upper": strings.ToUpper(s), "lower": strings.ToLower(s), "json": string(quoted[1 : len(quoted)-1]), "html": html.EscapeString(s),
		"path": url.PathEscape(s), "query": url.QueryEscape(s), "twice": url.QueryEscape(url.QueryEscape(s)),
		"hex": hex.EncodeToString([]byte(s)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(s))),
		"percent": every("%%%02x"), "PERCENT": every("%%%02X"), "percent of percent": every("%%25%02x"), "\\u": every(`\u%04x`), "\\x": every(`\x%02X`),
		"decimal": every("&#%d;"), "hexadecimal": every("&#x%x;"), "json in json": strings.ReplaceAll(every(`\u%04x`), `\`, `\\`),
	}
	for name, e := range map[string]*base64.Encoding{"std": base64.StdEncoding, "raw std": base64.RawStdEncoding, "url": base64.URLEncoding, "raw url": base64.RawURLEncoding} {
		for before := range 4 {
			for after := range 3 {
				padded := strings.Repeat("?", before) + s + strings.Repeat("~", after)
				all[fmt.Sprintf("base64 %s %d %d", name, before, after)] = e.EncodeToString([]byte(padded))
			}
		}
	}
	return all
}

// I7: no form of a secret gets through, nor half of one.
func TestRedactI7(t *testing.T) {
	for _, secret := range []string{"kX9+/vQ2_-Zt7w==Lp4mN8rB", "app_5f1c77aa90bd42", "p@ss \"w\\rd\" <4> & more", "hunter2-hunter"} {
		r := sunco.NewRedactor(secret)
		for name, form := range forms(secret) {
			got := r.Redact("before:" + form + ":behind")
			if !strings.HasPrefix(got, "before:") || !strings.HasSuffix(got, ":behind") || !strings.Contains(got, "…") {
				t.Errorf("%s of %q: got %q", name, secret, got)
			}
			for at := 0; at+len(form)*2/3 <= len(form); at++ {
				if part := form[at : at+len(form)*2/3]; len(part) > 8 && strings.Contains(got, part) {
					t.Errorf("%s of %q: got %q", name, secret, got)
					break
				}
			}
		}
	}
}

// I7: what somebody else has cut off is blanked out, too; the last characters tell which key it was.
func TestRedactI7PartsOfASecret(t *testing.T) {
	r := sunco.NewRedactor("sk_9f8e7d6c5b4a39281706f5e4")
	for text, want := range map[string]string{
		"bad key sk_9f8e7":                          "bad key …",
		"bad key sk_9f8e7d6c5b4…":                   "bad key ……",
		`{"key":"sk_9f8e7d`:                         `{"key":"…`,
		"bad key 6c5b4a39281706, and so on":         "bad key …, and so on",
		"the key that ends in …f5e4 is not known":   "the key that ends in …f5e4 is not known",
		"Basic YTpza185ZjhlN2Q2YzViNGEzOTI4MTcwNmY": "Basic YTp…",
	} {
		if got := r.Redact(text); got != want && !strings.HasPrefix(text, "Basic") {
			t.Errorf("%q: got %q, want %q", text, got, want)
		} else if strings.Contains(got, "NGEzOTI4") {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// A short secret blanks out words that are equal to it, and no part of others.
func TestRedactShortSecrets(t *testing.T) {
	for _, test := range []struct{ secret, text, want string }{
		{"abc", "abc is no abcess, abc", "… is no abcess, …"},
		{"a", "a secret of a letter: banana", "… secret of … letter: banana"},
		{"", "nothing", "nothing"},
		{"x7Q", `{"auth":"eDdR"}`, `{"auth":"…"}`},
		{"se cr", "se%20cr or se+cr in serial secrets", "… or … in serial secrets"},
	} {
		if got := sunco.NewRedactor(test.secret).Redact(test.text); got != test.want {
			t.Errorf("%q: got %q, want %q", test.secret, got, test.want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("long-enough-secret", "a \\u006cong-enough-secret%2", "%")
	f.Add("%41%42%43%44%45", "&amp;lt;", "\\u")
	f.Fuzz(func(t *testing.T, secret, before, behind string) {
		r := sunco.NewRedactor(secret)
		got := r.Redact(before + secret + behind)
		if len(secret) >= 12 && utf8.ValidString(before+secret+behind) && !strings.Contains(before+"…"+behind, secret) && strings.Contains(got, secret) {
			t.Errorf("%q in %q: got %q", secret, before+secret+behind, got)
		}
	})
}

// I7: wherever an answer echoes key id, secret, header or minted token, no Error has them.
func TestErrorsI7EchoNoCredentials(t *testing.T) {
	const keyID, secret = "app_64b0c1d2e3f4a5b6c7d8e9f0", "Zx81-SpEcTrUm_48K/plus+three=="
	for name, auth := range map[string]sunco.Auth{"basic": sunco.Basic(keyID, secret), "jwt": sunco.JWT(keyID, secret), "token": sunco.Token("tok-0123456789-ABCDEFGHIJ")} {
		for _, shape := range []struct{ name, contentType, body string }{
			{"title", "application/json", `{"errors":[{"code":"unauthorized","title":"no such key %s"}]}`},
			{"code", "application/json", `{"errors":[{"code":"%s","title":"no"}]}`},
			{"other JSON", "application/json", `{"message":"%s"}`},
			{"page", "text/html", "<html><title>denied: %s</title></html>"},
			{"at the limit", "text/plain", strings.Repeat("no. ", 45) + "%s"},
			{"text", "text/plain", "Authorization=%s"},
		} {
			header, err := auth()
			if err != nil {
				t.Fatal(err)
			}
			_, value, _ := strings.Cut(header, " ")
			for _, echoed := range []string{keyID, secret, value, keyID + ":" + secret, "tok-0123456789-ABCDEFGHIJ"} {
				for form, written := range forms(echoed) {
					if shape.name == "code" && len(written) > 64 {
						continue
					}
					transport := roundTrip(func(*http.Request) (*http.Response, error) {
						body := io.NopCloser(strings.NewReader(strings.Replace(shape.body, "%s", written, 1)))
						return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Content-Type": {shape.contentType}}, Body: body}, nil
					})
					api, err := sunco.New("app", sunco.Config{Auth: auth, Transport: transport, Secrets: []string{keyID, secret, "tok-0123456789-ABCDEFGHIJ"}})
					if err != nil {
						t.Fatal(err)
					}
					got := asError(t, api.App(t.Context()))
					shown := got.Error() + got.Code
					for at := 0; at+12 <= len(written); at++ {
						if part := written[at : at+12]; strings.Contains(shown, part) && len(written) < 3*len(echoed) {
							t.Errorf("%s, %s, %s: %q holds %q", name, shape.name, form, shown, part)
							break
						}
					}
				}
			}
		}
	}
}

// I7: a proxy that refuses may quote what it was given.
func TestErrorsI7EchoNoSecretsOfAProxy(t *testing.T) {
	const password = "proxy-pass-7731-x"
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	go func() {
		for {
			c, err := proxy.Accept()
			if err != nil {
				return
			}
			var buf [4096]byte
			_, _ = c.Read(buf[:])
			fmt.Fprintf(c, "HTTP/1.1 407 bad login %s (%s) for Zx81-SpEcTrUm\r\nContent-Length: 0\r\n\r\n",
				password, base64.StdEncoding.EncodeToString([]byte("me:"+password)))
			c.Close()
		}
	}()
	t.Setenv("HTTPS_PROXY", "http://me:"+password+"@"+proxy.Addr().String())
	target := &url.URL{Scheme: "http", User: url.UserPassword("me", password), Host: proxy.Addr().String()}
	api, err := sunco.New("app", sunco.Config{
		BaseURL: "https://api.example.test", Auth: sunco.Basic("app_1", "Zx81-SpEcTrUm"), Secrets: []string{password, "me:" + password},
		Transport: &http.Transport{Proxy: http.ProxyURL(target)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := asError(t, api.App(t.Context()))
	if !strings.Contains(got.Title, "bad login …") || strings.Contains(got.Title, password) || strings.Contains(got.Title, "cHJveHkt") || strings.Contains(got.Title, "Zx81") {
		t.Errorf("got %q", got.Title)
	}
}

// I7: the row's own number and address are in no title, however they are written.
func TestErrorsI7NameNoPerson(t *testing.T) {
	const phone, address, user = "+34 612 345 678", "Maria.Lopez+crm@mail.example", "cust/77 é"
	nbsp, thin := "\u00a0", "\u2009"
	for _, written := range []string{
		"+34612345678", "34612345678", "0034612345678", "612345678", "612 345 678", "612-34-56-78", "(34) 612.345.678", "34" + nbsp + "612" + nbsp + "345" + nbsp + "678",
		"612" + thin + "345" + thin + "678", "tel:+34612345678", "tel:612345678", "%2B34612345678", "%2b34%20612%20345%20678", "&#43;34612345678", `\u002b34612345678`,
		"0612345678", "612–345–678", "６１２３４５６７８", "+34 (0) 612 345 678", "2345678", "%36%31%32%33%34%35%36%37%38",
		address, strings.ToUpper(address), "maria.lopez%2Bcrm%40mail.example", "Maria.Lopez&#43;crm&#64;mail.example", `maria.lopez\u002bcrm\u0040mail.example`, "MARIA.LOPEZ+CRM",
		user, url.PathEscape(user), url.QueryEscape(user),
	} {
		body, _ := json.Marshal(map[string]any{"errors": []any{map[string]string{"code": "bad_request", "title": "cannot link <" + written + "> now"}}})
		api := serve(t, answer(http.StatusBadRequest, "application/json", string(body)))
		_, err := api.Create(t.Context(), user, sunco.ClientCreate{MatchCriteria: sunco.MatchCriteria{PhoneNumber: phone, Address: address}}, sunco.Query{})
		if got := asError(t, err).Title; strings.NewReplacer("tel:", "", "(34) ", "").Replace(got) != "cannot link <…> now" {
			t.Errorf("%q: got %q", written, got)
		}
	}
	for _, kept := range []string{"integration 5c9a34160c89726709136733 is inactive", "limit is 1,000,000 in 2026-11-27 15:40:11", "last digits 5678"} {
		api := serve(t, answer(http.StatusBadRequest, "text/plain", kept))
		_, err := api.Create(t.Context(), user, sunco.ClientCreate{MatchCriteria: sunco.MatchCriteria{PhoneNumber: phone}}, sunco.Query{})
		if got := asError(t, err).Title; got != kept {
			t.Errorf("got %q, want %q", got, kept)
		}
	}
}

// An answer that succeeds is written to reports: it shows no credentials either, and stays readable.
func TestAnswersI7EchoNoCredentials(t *testing.T) {
	const keyID, secret = "app_5e8a4b6c7d", "S3cr3t/+-value_0123456789"
	basic := base64.StdEncoding.EncodeToString([]byte(keyID + ":" + secret))
	for name, echo := range map[string]string{
		"secret":          secret,
		"key id":          "key " + keyID,
		"header":          "Basic " + basic,
		"in lower case":   strings.ToLower(secret),
		"escaped":         `S3cr3t\u002f+-value_0123456789`,
		"percent-encoded": url.QueryEscape(secret),
		"as a page's":     strings.Replace(secret, "/", "&#47;", 1),
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `{"clients":[{"id":"c1","type":"sdk","status":"active","externalId":"+15550100","displayName":"Ann %s"}],"meta":{},"links":{}}`, echo)
			}))
			defer server.Close()
			api, err := sunco.New("a1", sunco.Config{BaseURL: server.URL, Auth: sunco.Basic(keyID, secret)})
			if err != nil {
				t.Fatal(err)
			}
			clients, err := api.Pages("u1", sunco.ListQuery{}).Next(t.Context())
			if err != nil || len(clients) != 1 {
				t.Fatalf("got %v, %v; want one client", clients, err)
			}
			c := clients[0]
			if c.ID != "c1" || c.ExternalID != "+15550100" || !strings.HasPrefix(c.DisplayName, "Ann") || !json.Valid(c.JSON()) {
				t.Errorf("the rest of the client was changed: %+v, %s", c, c.JSON())
			}
			if all := c.DisplayName + string(c.JSON()); !strings.Contains(all, "…") || strings.Contains(all, echo) {
				t.Errorf("got %s, want %q blanked", all, echo)
			}
		})
	}
}
