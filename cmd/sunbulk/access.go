package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	simulate  string
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

// simulated tells whether the API is the simulated one.
func (a *accessFlags) simulated() bool { return simulated(a.simulate) }

// app returns the app that is called: a simulation needs none to be given.
func (a *accessFlags) app(given string) string {
	if a.simulated() {
		return cmp.Or(given, simulatedApp)
	}
	return given
}

// connect returns the API that the flags name, the simulated one with --simulate, and how to let go
// of it. It makes no call.
func (a *accessFlags) connect(app string) (*sunco.API, func(), error) {
	switch {
	case a.simulated():
		return startSimulation(a.simulate, app)
	case app == "":
		return nil, nil, usage("no app id", "give --app, or set SUNBULK_APP; or try the file with --simulate")
	}
	api, err := a.api(app, credentials.Environment())
	return api, func() {}, err
}

// ask asks a real API about the app before anything is called for a row.
func (a *accessFlags) ask(ctx context.Context, api *sunco.API) error {
	if a.simulated() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return credentials.Judge(api.App(ctx), a.baseURL)
}

// keyFlags say for which apps a process holds credentials.
type keyFlags struct {
	access accessFlags
	app    string
	file   string
}

func (k *keyFlags) register(f *pflag.FlagSet, allowHTTP *bool) {
	k.access.register(f, allowHTTP)
	f.StringVar(&k.app, "app", "", "app id of the credentials in the environment")
	f.StringVar(&k.file, "credentials", "", "JSON file with the credentials of several apps, mode 0600")
}

// read returns the credentials by app; those in the environment, even where there are none, if an app is given for them.
func (k *keyFlags) read(ctx context.Context) (map[string]credentials.Credentials, error) {
	all := map[string]credentials.Credentials{}
	if k.file != "" {
		apps, err := credentials.ReadFile(ctx, k.file)
		if credentials.IsInterrupted(ctx, err) {
			return nil, endWith(exitInterrupted, errors.New("interrupted"), "")
		}
		if err != nil {
			return nil, err
		}
		all = apps
	}
	if _, listed := all[k.app]; k.app != "" && !listed {
		all[k.app] = credentials.Environment()
	}
	return all, nil
}

// apis returns the APIs of apps. It makes no call.
func (k *keyFlags) apis(all map[string]credentials.Credentials) (map[string]*sunco.API, error) {
	apis := map[string]*sunco.API{}
	for _, app := range slices.Sorted(maps.Keys(all)) {
		api, err := k.access.api(app, all[app])
		if err != nil {
			where := "app " + app
			if file := all[app].File; file != "" {
				where = file + ": " + where
			}
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		apis[app] = api
	}
	return apis, nil
}
