package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Everything that sunbulk prints goes through output, and each value of a text for people through printf: a value of a file, the
// API, Redis or a flag can neither move the cursor nor begin a line of its own.

// printf prints a text for people. Line breaks are those of the format. Errors of writing are the outlet's to keep.
func printf(w io.Writer, format string, values ...any) {
	shown := make([]any, len(values))
	for i, v := range values {
		switch x := v.(type) {
		case error:
			v = jobs.Line(x.Error())
		case fmt.Stringer:
			v = jobs.Line(x.String())
		default:
			if s := reflect.ValueOf(v); s.Kind() == reflect.String {
				v = jobs.Line(s.String())
			}
		}
		shown[i] = v
	}
	fmt.Fprintf(w, format, shown...)
}

// output is stdout or stderr without control characters and without the process's own secrets. What is written at once must hold
// whole characters.
type output struct {
	to      io.Writer
	secrets *secretsShown
}

// secretsShown are the secrets that no output may show.
type secretsShown struct{ atomic.Pointer[sunco.Redactor] }

func (o output) Write(p []byte) (int, error) {
	if _, err := io.WriteString(o.to, o.clean(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (o output) clean(text string) string {
	if r := o.secrets.Load(); r != nil {
		text = r.Redact(text)
	}
	return jobs.Text(text)
}

// secretVariables are those whose values are secrets, some of which are read by libraries.
var secretVariables = []string{"SUNBULK_KEY_SECRET", "SUNBULK_TOKEN", "SUNBULK_NOTIFY_SECRET", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}

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
