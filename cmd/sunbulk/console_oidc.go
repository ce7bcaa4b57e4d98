package main

import (
	"net/url"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/transit"
	"github.com/sunbulk/sunbulk/internal/web"
)

// oidcFlags say which OpenID provider signs people in.
type oidcFlags struct {
	issuer, client, secretFile, name, groups string
	scopes                                   []string
	lasts                                    time.Duration
}

func (o *oidcFlags) register(f *pflag.FlagSet) {
	f.StringVar(&o.issuer, "oidc-issuer", "", "URL of an OpenID provider that signs people in; needs --oidc-client-id and --groups")
	f.StringVar(&o.client, "oidc-client-id", "", "id of the console as a client of that; its secret is in SUNBULK_OIDC_CLIENT_SECRET or --oidc-secret-file")
	f.StringVar(&o.secretFile, "oidc-secret-file", "", "file with the client's secret, mode 0600")
	f.StringSliceVar(&o.scopes, "oidc-scopes", []string{"email", "profile"}, "scopes that are asked for besides openid, with commas; some providers give groups only for a scope")
	f.StringVar(&o.name, "oidc-name-claim", "email", "claim that names a person, in the audit log and for approvals; nobody may be able to change their own")
	f.StringVar(&o.groups, "oidc-groups-claim", "groups", "claim that holds a person's groups")
	f.DurationVar(&o.lasts, "oidc-session", 0, "how long a session lasts, e.g. 8h (default: as long as its ID token)")
}

// read returns the provider; nil where the flags name none.
func (o *oidcFlags) read(p *proxyFlags, allowHTTP bool) (*web.OIDC, error) {
	const example = "e.g. --oidc-issuer https://accounts.example --oidc-client-id sunbulk --groups groups.json"
	switch {
	case o.issuer == "" && o.client == "" && o.secretFile == "":
		return nil, nil
	case o.issuer == "" || o.client == "" || p.groups == "":
		return nil, usage("--oidc-issuer, --oidc-client-id and --groups go together", example)
	case o.name == "" || o.groups == "":
		return nil, usage("--oidc-name-claim and --oidc-groups-claim cannot be empty", "e.g. --oidc-name-claim email --oidc-groups-claim groups")
	case o.lasts < 0:
		return nil, usage("--oidc-session is negative", "e.g. --oidc-session 8h")
	}
	u, err := url.Parse(o.issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, usage("--oidc-issuer: it is no URL of an OpenID provider", example)
	}
	if !transit.Private(u) && !allowHTTP {
		return nil, usage("--oidc-issuer "+o.issuer+": who signs in would be decided unencrypted", transit.Hint)
	}
	c := &web.OIDC{Issuer: o.issuer, ClientID: o.client, Secret: os.Getenv("SUNBULK_OIDC_CLIENT_SECRET"), Scopes: o.scopes, Name: o.name, Groups: o.groups, Lasts: o.lasts}
	if o.secretFile != "" {
		secrets, err := readSecrets("--oidc-secret-file", o.secretFile, "put the client's secret in it, and nothing else")
		if err != nil {
			return nil, err
		}
		if len(secrets) > 1 {
			return nil, usage("--oidc-secret-file "+o.secretFile+": it has several lines", "put the client's secret in it, and nothing else")
		}
		c.Secret = secrets[0]
	}
	c.Grants, err = p.grants()
	return c, err
}
