package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/sunco"
)

// accessFlags say how the API is reached. Secrets come from the environment or a file only (I7).
type accessFlags struct {
	baseURL string
	auth    string
}

func (a *accessFlags) register(f *pflag.FlagSet) {
	f.StringVar(&a.baseURL, "base-url", sunco.DefaultBaseURL, "API base; Zendesk customers: https://SUBDOMAIN.zendesk.com/sc")
	f.StringVar(&a.auth, "auth", "", "basic, jwt (minted from key id and secret) or token (default: basic, or token when SUNBULK_TOKEN is set)")
}

// api returns the API of an app with the given secrets.
func (a *accessFlags) api(app string, s secrets) (*sunco.API, error) {
	if s.BaseURL == "" {
		s.BaseURL = a.baseURL
	}
	if s.Auth == "" {
		s.Auth = a.auth
	}
	auth, err := s.method()
	if err != nil {
		return nil, err
	}
	api, err := sunco.New(app, sunco.Config{BaseURL: s.BaseURL, Auth: auth, UserAgent: "sunbulk/" + version(), Secrets: []string{s.KeyID, s.KeySecret, s.Token}})
	if err != nil {
		message, hint, _ := strings.Cut(err.Error(), " (hint: ")
		return nil, usage(message, strings.TrimSuffix(hint, ")"))
	}
	return api, nil
}

// checkAccess asks the API about the app before anything is called for a row. An API that is busy
// or down for a moment is none of its concerns.
func checkAccess(ctx context.Context, api *sunco.API, baseURL string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return refusal(api.App(ctx), baseURL)
}

// refusal says why the API cannot be used, when its answer about the app tells so.
func refusal(err error, baseURL string) error {
	if err == nil {
		return nil
	}
	e, ok := sunco.AsError(err)
	if !ok {
		return err
	}
	host := baseURL
	if u, err := url.Parse(baseURL); err == nil {
		host = u.Host
	}
	switch {
	case e.Status == 0 && !e.Sent:
		return cannotRun(fmt.Errorf("%s cannot be reached: %s", host, e.Title), "check --base-url and the network")
	case e.Status == 401:
		return cannotRun(fmt.Errorf("the API refused the credentials: %w", e), "check the key id and secret, and that they belong to the app")
	case e.Status == 402:
		return cannotRun(fmt.Errorf("the API refuses the account: %w", e), "see the account's plan")
	case e.Code == "app_not_found":
		return cannotRun(fmt.Errorf("the API does not know the app: %w", e), "check --app, and that --base-url is the app's region")
	case e.Status == 404 || e.Status >= 200 && e.Status < 400:
		return cannotRun(fmt.Errorf("%s does not answer like the API: %w", host, e), "check --base-url (Zendesk's ends in /sc) and --app")
	}
	return nil // 403: a key of integration scope; others pass
}
