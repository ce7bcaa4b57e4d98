package service

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/sunco"
)

// integrationName is the display name of the integrations that InstallWebhook makes.
const integrationName = "sunbulk"

// webhookVersion is that of the payloads in which events name their client.
const webhookVersion = "v2"

// Webhook is a webhook of the vendor's that calls a target.
type Webhook struct {
	ID          string   `json:"id"`
	Integration string   `json:"integration"` // id
	Version     string   `json:"version"`
	Triggers    []string `json:"triggers"`
	Missing     []string `json:"missing,omitempty"` // triggers by which links are followed
	Secret      string   `json:"-"`
}

// Old tells that its payloads are of a version that cannot be used. The version of a webhook never changes.
func (w Webhook) Old() bool { return w.Version != "" && w.Version != webhookVersion }

// InstalledWebhook says what InstallWebhook did.
type InstalledWebhook string

// What InstallWebhook did.
const (
	WebhookMade      InstalledWebhook = "made"
	WebhookMended    InstalledWebhook = "mended" // triggers were missing
	WebhookUnchanged InstalledWebhook = "unchanged"
)

// Webhooks returns the webhooks of the app's custom integrations that call the target. Errors are the API's.
func Webhooks(ctx context.Context, api *sunco.API, target string) ([]Webhook, error) {
	all, _, err := findWebhooks(ctx, api, target)
	return all, err
}

// findWebhooks also returns an integration that InstallWebhook made and that has no webhook any more, if there is one.
func findWebhooks(ctx context.Context, api *sunco.API, target string) (all []Webhook, free string, err error) {
	for pages := api.Integrations(sunco.ListQuery{}, sunco.TypeCustom); pages.More(); {
		integrations, err := pages.Next(ctx)
		if err != nil {
			return nil, "", err
		}
		for _, in := range integrations {
			hooks, err := api.Webhooks(ctx, in.ID)
			if isGone(err) {
				continue
			}
			if err != nil {
				return nil, "", err
			}
			if len(hooks) == 0 && in.DisplayName == integrationName {
				free = in.ID
			}
			for _, h := range hooks {
				if sameTarget(h.Target, target) {
					all = append(all, webhookOf(in.ID, h))
				}
			}
		}
	}
	return all, free, nil
}

func webhookOf(integration string, h sunco.Webhook) Webhook {
	w := Webhook{ID: h.ID, Integration: integration, Version: h.Version, Triggers: h.Triggers, Secret: h.Secret}
	for _, t := range webhook.Triggers() {
		if !slices.Contains(h.Triggers, t) {
			w.Missing = append(w.Missing, t)
		}
	}
	return w
}

// InstallWebhook makes a webhook that calls the target, unless there is one: then it only adds triggers that are missing.
// One that is Old is left as it is. Where an answer was lost, the next InstallWebhook finds what was made.
func InstallWebhook(ctx context.Context, api *sunco.API, target string) ([]Webhook, InstalledWebhook, error) {
	all, free, err := findWebhooks(ctx, api, target)
	if err != nil {
		return nil, "", err
	}
	if len(all) == 0 {
		all, err = makeWebhook(ctx, api, free, sunco.WebhookCreate{Target: target, Triggers: webhook.Triggers()})
		return all, WebhookMade, err
	}
	did := WebhookUnchanged
	for i, w := range all {
		if len(w.Missing) == 0 || w.Old() {
			continue
		}
		if _, err := api.SetTriggers(ctx, w.Integration, w.ID, slices.Concat(w.Triggers, w.Missing)); err != nil {
			return nil, "", err
		}
		all[i].Triggers, all[i].Missing, did = slices.Concat(w.Triggers, w.Missing), nil, WebhookMended
	}
	return all, did, nil
}

// makeWebhook makes one of an integration that has none, or of a new one where integration is empty.
func makeWebhook(ctx context.Context, api *sunco.API, integration string, create sunco.WebhookCreate) (all []Webhook, err error) {
	if integration != "" {
		_, err = api.CreateWebhook(ctx, integration, create)
	} else {
		var made sunco.Integration
		made, err = api.CreateCustomIntegration(ctx, integrationName, create)
		integration = made.ID
	}
	if err != nil {
		return nil, err
	}
	hooks, err := api.Webhooks(ctx, integration) // with the secret
	for _, h := range hooks {
		all = append(all, webhookOf(integration, h))
	}
	return all, err
}

// RemoveWebhook removes the webhooks that call the target, and returns them. Their integrations stay.
func RemoveWebhook(ctx context.Context, api *sunco.API, target string) ([]Webhook, error) {
	all, err := Webhooks(ctx, api, target)
	for i, w := range all {
		if err := api.DeleteWebhook(ctx, w.Integration, w.ID); err != nil && !isGone(err) {
			return all[:i], err
		}
	}
	return all, err
}

// isGone tells that somebody else removed it meanwhile.
func isGone(err error) bool {
	e, ok := sunco.AsError(err)
	return ok && e.Status == http.StatusNotFound && (e.Code == "integration_not_found" || e.Code == "not_found")
}

// sameTarget compares URLs as a client would resolve them.
func sameTarget(a, b string) bool { return canonicalTarget(a) == canonicalTarget(b) }

func canonicalTarget(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	for scheme, port := range map[string]string{"https": ":443", "http": ":80"} {
		if u.Scheme == scheme {
			u.Host = strings.TrimSuffix(u.Host, port)
		}
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}
