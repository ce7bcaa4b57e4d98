package main

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/credentials"
	"github.com/sunbulk/sunbulk/sunco"
)

// accessFlags say how the API is reached. Secrets come from the environment or a file only (I7).
type accessFlags struct {
	baseURL   string
	auth      string
	allowHTTP *bool // of --allow-http, which is every command's
}

func (a *accessFlags) register(f *pflag.FlagSet, allowHTTP *bool) {
	a.allowHTTP = allowHTTP
	f.StringVar(&a.baseURL, "base-url", sunco.DefaultBaseURL, "API base; Zendesk customers: https://SUBDOMAIN.zendesk.com/sc")
	f.StringVar(&a.auth, "auth", "", "basic, jwt (minted from key id and secret) or token (default: basic, or token when SUNBULK_TOKEN is set)")
}

// api returns the API of an app with the given credentials.
func (a *accessFlags) api(app string, c credentials.Credentials) (*sunco.API, error) {
	return c.API(app, credentials.Access{BaseURL: a.baseURL, Auth: a.auth, UserAgent: "sunbulk/" + version(), AllowHTTP: *a.allowHTTP})
}

// checkAccess asks the API about the app before anything is called for a row.
func checkAccess(ctx context.Context, api *sunco.API, baseURL string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return credentials.Judge(api.App(ctx), baseURL)
}
