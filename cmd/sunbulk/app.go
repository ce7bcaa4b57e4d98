package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/sunco"
)

// appTime bounds all calls of app together.
const appTime = 2 * time.Minute

// shownApp is what app prints as JSON. What the API did not tell is empty.
type shownApp struct {
	App               string             `json:"app"` // id
	Name              string             `json:"name,omitempty"`
	MultiConversation *bool              `json:"multiConversation,omitempty"` // may a user have several conversations?
	Integrations      []shownIntegration `json:"integrations"`
}

type shownIntegration struct {
	ID     string `json:"id"`
	Type   string `json:"type,omitempty"`
	Name   string `json:"name,omitempty"`
	Number string `json:"number,omitempty"` // in E.164
	Status string `json:"status,omitempty"` // active, inactive or error
}

func (p *program) appCommand() *cobra.Command {
	var access accessFlags
	var app string
	cmd := &cobra.Command{
		Use:   "app",
		Short: "The app and its integrations, with the ids that rows need",
		Long: `App asks the API whether the credentials are taken, which app it is, and which integrations the app has: id,
type, name, phone number and status. It changes nothing. A key of app or account scope is needed.`,
		Example: `  sunbulk app --app 5e4af71a81966cfff3ef6550
  sunbulk app --app 5e4af71a81966cfff3ef6550 --json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			api, done, err := access.connect(access.app(app))
			if err != nil {
				return err
			}
			defer done()
			ctx, cancel := context.WithTimeout(p.drain, appTime)
			defer cancel()
			if err = access.ask(ctx, api); err == nil {
				err = p.app(ctx, api, access.app(app))
			}
			return p.orInterrupted(err)
		},
	}
	f := cmd.Flags()
	access.register(f, &p.allowHTTP)
	simulateFlag(f, &access.simulate)
	f.StringVar(&app, "app", "", "app id")
	return cmd
}

func (p *program) app(ctx context.Context, api *sunco.API, id string) error {
	details, err := api.AppDetails(ctx)
	if err != nil {
		return ofApp(err)
	}
	shown := shownApp{App: id, Name: details.DisplayName, MultiConversation: details.MultiConversation, Integrations: []shownIntegration{}}
	for pages := api.Integrations(sunco.ListQuery{}); pages.More(); {
		page, err := pages.Next(ctx)
		if err != nil {
			return ofApp(fmt.Errorf("the app's integrations: %w", err))
		}
		for _, in := range page {
			shown.Integrations = append(shown.Integrations, shownIntegration{in.ID, in.Type, in.DisplayName, in.Number(), in.Status})
		}
	}
	if p.json {
		return p.writeJSON(shown)
	}
	printf(p.stdout, "the API takes the credentials\napp %s", shown.App)
	if shown.Name != "" {
		printf(p.stdout, " %q", shown.Name)
	}
	fmt.Fprintln(p.stdout)
	if several := shown.MultiConversation; several != nil && !*several {
		fmt.Fprintln(p.stdout, "a user has one conversation at most")
	}
	if len(shown.Integrations) == 0 {
		fmt.Fprintln(p.stdout, "no integrations")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "INTEGRATION\tTYPE\tSTATUS\tNUMBER\tNAME")
	for _, in := range shown.Integrations {
		printf(w, "%s\t%s\t%s\t%s\t%s\n", in.ID, in.Type, in.Status, in.Number, in.Name)
	}
	return w.Flush()
}

// ofApp says what to do about an error of the API's.
func ofApp(err error) error {
	hint := "start it again in a moment"
	switch e, ok := sunco.AsError(err); {
	case errors.Is(err, context.DeadlineExceeded):
		hint = fmt.Sprintf("the API did not answer all calls within %s: start it again", appTime)
	case ok && e.Status == 403:
		hint = "use a key of app or account scope: one of an integration may not ask, though its jobs may run"
	}
	return cannotRun(err, hint)
}
