package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/transit"
	"github.com/sunbulk/sunbulk/sunco"
)

// webhookOptions are the flags of the commands on the vendor's webhook.
type webhookOptions struct {
	access      accessFlags
	app, target string
	secretFile  string
	redis       string           // whose audit log has who installed and removed; empty = none
	audit       *service.Service // of that
}

// webhookResult is what they print as JSON.
type webhookResult struct {
	App      string            `json:"app"`
	Target   string            `json:"target"`
	State    string            `json:"state"`            // made, mended, unchanged; ok, wrong, none; removed
	Secret   string            `json:"secret,omitempty"` // of check: known or unknown to receive; empty = there is none to compare with
	Webhooks []service.Webhook `json:"webhooks"`
}

func (p *program) webhookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "The vendor's webhook whose events 'receive' takes",
		Long: `Webhook makes, checks and removes the webhook that sends an app's events about links to 'sunbulk receive'.
It is known by the URL that it calls, so that a second install finds the first. A key of app scope is needed.`,
		Example: `  sunbulk webhook install --app 5e4af71a81966cfff3ef6550 --target https://hooks.example.org/sunbulk --secret-file webhook.secret
  sunbulk webhook check --app 5e4af71a81966cfff3ef6550 --target https://hooks.example.org/sunbulk --secret-file webhook.secret`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.webhookInstallCommand(), p.webhookCheckCommand(), p.webhookRemoveCommand())
	return cmd
}

func (p *program) webhookInstallCommand() *cobra.Command {
	return p.onWebhook(&cobra.Command{
		Use:   "install",
		Short: "Make the webhook, or add the triggers that it lacks",
		Long: `Install makes a custom integration named sunbulk with a webhook that calls --target when a client is added,
updated or removed and when users are merged. Where a webhook calls --target already, none is made: it keeps its
triggers and gets those that it lacks. The webhook's secret is added to --secret-file, which 'sunbulk receive' reads
and which is made with mode 0600 where there is none. The secret is printed nowhere.`,
		Example: `  sunbulk webhook install --app 5e4af71a81966cfff3ef6550 --target https://hooks.example.org/sunbulk --secret-file webhook.secret`,
	}, "file of the webhooks' secrets, to which its secret is added, mode 0600", p.installWebhook)
}

func (p *program) webhookCheckCommand() *cobra.Command {
	return p.onWebhook(&cobra.Command{
		Use:   "check",
		Short: "Tell whether the webhook is there and as 'receive' needs it",
		Long: `Check looks for the webhook that calls --target, at its triggers and at the version of its payloads. With
--secret-file or SUNBULK_WEBHOOK_SECRET it also tells whether its secret is among those that 'receive' would take.
It changes nothing, and does not call --target. The exit code is 3 when the webhook is not there or not as needed.`,
		Example: `  sunbulk webhook check --app 5e4af71a81966cfff3ef6550 --target https://hooks.example.org/sunbulk --secret-file webhook.secret`,
	}, "file of the secrets that receive takes, one a line, mode 0600", p.checkWebhook)
}

func (p *program) webhookRemoveCommand() *cobra.Command {
	return p.onWebhook(&cobra.Command{
		Use:   "remove",
		Short: "Remove the webhook",
		Long: `Remove removes the webhooks that call --target. Their integration stays, and the next install uses it again.
Files of secrets stay as they are. Where there is no such webhook, there is nothing to do and the exit code is 0.`,
		Example: `  sunbulk webhook remove --app 5e4af71a81966cfff3ef6550 --target https://hooks.example.org/sunbulk`,
	}, "", p.removeWebhook)
}

// onWebhook completes a command; secretFile is what --secret-file is for, empty where there is none.
func (p *program) onWebhook(cmd *cobra.Command, secretFile string, do func(context.Context, *sunco.API, webhookOptions) error) *cobra.Command {
	var o webhookOptions
	cmd.Args = noArguments
	cmd.RunE = func(_ *cobra.Command, _ []string) error {
		if err := o.check(p.allowHTTP); err != nil {
			return err
		}
		api, done, err := o.access.connect(o.app)
		if err != nil {
			return err
		}
		defer done()
		ctx, cancel := context.WithTimeout(p.drain, 2*time.Minute)
		defer cancel()
		if o.redis != "" { // first, so that nothing is done that cannot be recorded
			if o.audit, err = p.open(ctx, o.redis); err != nil {
				return err
			}
			defer o.audit.Close()
		}
		if err = o.access.ask(ctx, api); err == nil {
			err = do(ctx, api, o)
		}
		if err != nil && p.drain.Err() != nil {
			return endWith(exitInterrupted, errors.New("interrupted"), againFinds)
		}
		return err
	}
	f := cmd.Flags()
	o.access.register(f, &p.allowHTTP)
	f.StringVar(&o.app, "app", "", "app id")
	f.StringVar(&o.target, "target", "", "URL of 'sunbulk receive' as the vendor reaches it")
	if cmd.Use != "check" {
		redisFlag(f, &o.redis, "Redis URL: keep in its audit log who did this (default: nowhere)")
	}
	if secretFile != "" {
		f.StringVar(&o.secretFile, "secret-file", "", secretFile)
	}
	return cmd
}

func (o webhookOptions) check(allowHTTP bool) error {
	if o.app == "" {
		return usage("no app id", "give --app, or set SUNBULK_APP")
	}
	if o.target == "" {
		return usage("no target", "give --target, e.g. --target https://hooks.example.org/sunbulk")
	}
	u, err := url.Parse(o.target)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return usage("--target is not a URL", "e.g. --target https://hooks.example.org/sunbulk")
	case u.User != nil || u.Fragment != "":
		return usage("--target: a user, a password or a fragment cannot be part of it", "the webhook's secret proves where a call comes from")
	case !allowHTTP && !transit.Private(u):
		return usage("--target: over http the secret would come unencrypted", "give an https URL, or --allow-http")
	}
	return nil
}

func (p *program) installWebhook(ctx context.Context, api *sunco.API, o webhookOptions) error {
	if o.secretFile == "" {
		return usage("no file for the webhook's secret", "give --secret-file, which 'sunbulk receive' reads, too")
	}
	secrets, err := openSecretFile(o.secretFile)
	if err != nil {
		return err
	}
	defer secrets.close()
	all, did, err := service.InstallWebhook(ctx, api, o.target)
	if err != nil {
		return ofWebhooks(err)
	}
	if old := slices.IndexFunc(all, service.Webhook.Old); old >= 0 {
		return cannotRun(fmt.Errorf("webhook %s calls the target with payloads of version %s, which never changes", all[old].ID, all[old].Version), "'sunbulk webhook remove' removes it; then install it")
	}
	if len(all) == 0 {
		return cannotRun(errors.New("the webhook was made, and the API does not list it yet"), "start it again in a moment: it finds the webhook and fetches its secret")
	}
	for _, w := range all {
		if err := secrets.add(w.Secret); err != nil {
			return err
		}
	}
	if did != service.WebhookUnchanged {
		if err := o.record(ctx, audit.Install, string(did), all); err != nil {
			return err
		}
	}
	if !p.quiet {
		for _, w := range all {
			printf(p.screen, "%s: webhook %s of integration %s\n", string(did), w.ID, w.Integration)
		}
		printf(p.screen, "its secret is in %s; 'sunbulk receive --secret-file %s' takes its calls\n", o.secretFile, o.secretFile)
	}
	return p.showWebhooks(o, string(did), "", all)
}

// record keeps what was done to webhooks, and who did it (I13).
func (o webhookOptions) record(ctx context.Context, what audit.What, did string, all []service.Webhook) error {
	if o.audit == nil {
		return nil
	}
	for _, w := range all {
		if err := o.audit.Record(ctx, asked(""), audit.Entry{What: what, App: o.app, Detail: fmt.Sprintf("webhook %s of integration %s, %s", w.ID, w.Integration, did)}); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) checkWebhook(ctx context.Context, api *sunco.API, o webhookOptions) error {
	known := []string{os.Getenv("SUNBULK_WEBHOOK_SECRET")}
	if o.secretFile != "" {
		var err error
		if known, err = readSecrets("--secret-file", o.secretFile, perLine); err != nil {
			return err
		}
	}
	all, err := service.Webhooks(ctx, api, o.target)
	if err != nil {
		return ofWebhooks(err)
	}
	state, secret, problems := "ok", "", []string(nil)
	if known[0] != "" {
		secret = "known"
	}
	for _, w := range all {
		if w.Old() {
			problems = append(problems, fmt.Sprintf("webhook %s sends payloads of version %s, not v2: remove it, and install it", w.ID, w.Version))
		}
		if len(w.Missing) > 0 {
			problems = append(problems, fmt.Sprintf("webhook %s lacks the triggers %s", w.ID, strings.Join(w.Missing, ", ")))
		}
		if secret != "" && !slices.Contains(known, w.Secret) {
			secret = "unknown"
			problems = append(problems, fmt.Sprintf("the secret of webhook %s is not among those that receive takes: its calls are answered 401", w.ID))
		}
	}
	switch {
	case len(all) == 0:
		state, secret, problems = "none", "", []string{"no webhook of a custom integration calls the target"}
	case len(problems) > 0:
		state = "wrong"
	}
	if err := p.showWebhooks(o, state, secret, all); err != nil {
		return err
	}
	if len(problems) > 0 {
		return endWith(exitNotAllOK, errors.New(strings.Join(problems, "; ")), "'sunbulk webhook install' makes it, adds triggers that are missing, and fetches its secret")
	}
	if !p.quiet {
		for _, w := range all {
			printf(p.screen, "ok: webhook %s of integration %s\n", w.ID, w.Integration)
		}
	}
	return nil
}

func (p *program) removeWebhook(ctx context.Context, api *sunco.API, o webhookOptions) error {
	all, err := service.RemoveWebhook(ctx, api, o.target)
	if recorded := o.record(ctx, audit.Remove, "removed", all); err == nil && recorded != nil {
		return recorded
	}
	if err != nil {
		return ofWebhooks(err)
	}
	state := "removed"
	if len(all) == 0 {
		state = "none"
	}
	if !p.quiet {
		for _, w := range all {
			printf(p.screen, "removed: webhook %s of integration %s\n", w.ID, w.Integration)
		}
		if len(all) == 0 {
			printf(p.screen, "no webhook of a custom integration calls the target: nothing to remove\n")
		}
	}
	return p.showWebhooks(o, state, "", all)
}

func (p *program) showWebhooks(o webhookOptions, state, secret string, all []service.Webhook) error {
	if !p.json {
		return nil
	}
	return p.writeJSON(webhookResult{o.app, o.target, state, secret, append([]service.Webhook{}, all...)})
}

const againFinds = "start it again: it finds what is there already"

// ofWebhooks says what to do about an error of the API's.
func ofWebhooks(err error) error {
	hint := againFinds
	if e, ok := sunco.AsError(err); ok {
		switch e.Status {
		case 400:
			hint = "the vendor calls public https URLs only, and an app has 10 webhooks at most: check --target and the app's integrations"
		case 403:
			hint = "use a key of the app: one of an integration or of the account may not do this"
		}
	}
	return cannotRun(fmt.Errorf("the app's webhooks: %w", err), hint)
}
