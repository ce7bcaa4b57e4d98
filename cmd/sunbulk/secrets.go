package main

import (
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/terminal"
	"github.com/sunbulk/sunbulk/sunco"
)

// Everything that sunbulk prints goes through terminal.Output, and each value of a text for people through printf: a value of a file, the
// API, Redis or a flag can neither move the cursor nor begin a line of its own.

// printf is terminal.Printf.
func printf(w io.Writer, format string, values ...any) { terminal.Printf(w, format, values...) }

// secretVariables are those whose values are secrets, some of which are read by libraries.
var secretVariables = []string{"SUNBULK_KEY_SECRET", "SUNBULK_TOKEN", "SUNBULK_NOTIFY_SECRET", "SUNBULK_WEBHOOK_SECRET", "SUNBULK_OIDC_CLIENT_SECRET", "SUNBULK_ZENDESK_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}

// hideSecrets takes note of the secrets that environment and flags hold. Short ones are words, which would be missing in each
// text; where foreign text comes from, those are kept out, too.
func (p *program) hideSecrets(f *pflag.FlagSet) {
	var all []string
	for _, name := range secretVariables {
		all = append(all, os.Getenv(name))
	}
	for _, name := range []string{"redis", "notify"} {
		if flag := f.Lookup(name); flag != nil {
			all = append(all, secretsOfURL(flag.Value.String(), name == "notify")...)
		}
	}
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"} {
		all = append(all, secretsOfURL(os.Getenv(name), false)...)
	}
	const least = 8
	var long []string
	for _, s := range all {
		if len(s) >= least {
			long = append(long, s)
		}
	}
	p.secrets.Store(sunco.NewRedactor(long...))
}

// secretsOfURL are the password and, where the path is one, each part of it and of the query.
func secretsOfURL(raw string, path bool) []string {
	u, err := url.Parse(raw)
	if err != nil {
		return nil
	}
	var all []string
	if password, ok := u.User.Password(); ok {
		all = append(all, password)
	}
	if path {
		all = append(all, strings.Split(u.Path, "/")...)
		for _, values := range u.Query() {
			all = append(all, values...)
		}
	}
	return all
}
