package sunco

import (
	"context"
	"net/http"
)

// Webhook is where the vendor sends the events of an app. What the API did not tell is empty.
type Webhook struct {
	ID       string
	Version  string // of its payloads: v1, v1.1 or v2; it never changes
	Target   string // URL
	Triggers []string
	Secret   string // comes with each payload as X-API-Key; print and log it nowhere
}

// WebhookCreate is the body of a new webhook.
type WebhookCreate struct {
	Target            string   `json:"target"`   // URL
	Triggers          []string `json:"triggers"` // types of events, in their case
	IncludeFullUser   bool     `json:"includeFullUser"`
	IncludeFullSource bool     `json:"includeFullSource"`
}

// CustomIntegrationCreate is the body of a new integration of TypeCustom, which has exactly one webhook.
type CustomIntegrationCreate struct {
	Type        string          `json:"type"`                  // TypeCustom
	DisplayName string          `json:"displayName,omitempty"` // 100 characters at most
	Webhooks    []WebhookCreate `json:"webhooks"`
}

// webhookReply is a webhook in an answer.
type webhookReply struct {
	ID       field   `json:"id"`
	Version  field   `json:"version"`
	Target   field   `json:"target"`
	Triggers []field `json:"triggers"`
	Secret   field   `json:"secret"`
}

func (w webhookReply) webhook() Webhook {
	read := Webhook{ID: string(w.ID), Version: string(w.Version), Target: string(w.Target), Secret: string(w.Secret)}
	for _, t := range w.Triggers {
		read.Triggers = append(read.Triggers, string(t))
	}
	return read
}

// CreateCustomIntegration makes an integration of TypeCustom with its webhook, whose secret Webhooks tells. It is not idempotent:
// after an error with Sent set, look for the target among the webhooks before creating again.
//
// https://docs.smooch.io/rest/#operation/CreateIntegration
func (a *API) CreateCustomIntegration(ctx context.Context, displayName string, webhook WebhookCreate) (Integration, error) {
	body, err := encodeBody(CustomIntegrationCreate{Type: TypeCustom, DisplayName: displayName, Webhooks: []WebhookCreate{webhook}}, "webhook")
	if err != nil {
		return Integration{}, err
	}
	return a.integration(ctx, call{method: http.MethodPost, target: a.target("", "integrations"), body: body})
}

// Webhooks lists the webhooks of an integration, with their secrets. The list has no pages.
//
// https://docs.smooch.io/rest/#operation/ListWebhooks
func (a *API) Webhooks(ctx context.Context, integration string) ([]Webhook, error) {
	if err := checkIdentifier("integration id", integration); err != nil {
		return nil, err
	}
	got, err := a.do(ctx, call{method: http.MethodGet, target: a.target("", "integrations", integration, "webhooks")})
	if err != nil {
		return nil, err
	}
	defer got.done()
	var reply struct {
		Webhooks *[]webhookReply `json:"webhooks"`
	}
	// An answer without the list must not pass for an empty one: a second webhook would be made because of it.
	if decode(got.body, &reply) != nil || reply.Webhooks == nil {
		return nil, got.unreadable("webhooks were expected")
	}
	var all []Webhook
	for _, w := range *reply.Webhooks {
		all = append(all, w.webhook())
	}
	return all, nil
}

// CreateWebhook makes a webhook of an integration of TypeCustom that has none. It is not idempotent, as CreateCustomIntegration.
//
// https://docs.smooch.io/rest/#operation/CreateWebhook
func (a *API) CreateWebhook(ctx context.Context, integration string, create WebhookCreate) (Webhook, error) {
	if err := checkIdentifier("integration id", integration); err != nil {
		return Webhook{}, err
	}
	body, err := encodeBody(create, "webhook")
	if err != nil {
		return Webhook{}, err
	}
	return a.webhook(ctx, call{method: http.MethodPost, target: a.target("", "integrations", integration, "webhooks"), body: body})
}

// SetTriggers makes the webhook's triggers those. One that is gone is an Error with Status 404.
//
// https://docs.smooch.io/rest/#operation/UpdateWebhook
func (a *API) SetTriggers(ctx context.Context, integration, webhook string, triggers []string) (Webhook, error) {
	target, err := a.webhookTarget(integration, webhook)
	if err != nil {
		return Webhook{}, err
	}
	body, err := encodeBody(map[string][]string{"triggers": triggers}, "triggers")
	if err != nil {
		return Webhook{}, err
	}
	return a.webhook(ctx, call{method: http.MethodPatch, target: target, body: body})
}

// DeleteWebhook removes a webhook and leaves its integration. One that is gone is an Error with Status 404.
//
// https://docs.smooch.io/rest/#operation/DeleteWebhook
func (a *API) DeleteWebhook(ctx context.Context, integration, webhook string) error {
	target, err := a.webhookTarget(integration, webhook)
	if err != nil {
		return err
	}
	return a.delete(ctx, call{method: http.MethodDelete, target: target})
}

func (a *API) webhookTarget(integration, webhook string) (string, error) {
	if err := checkIdentifier("integration id", integration); err != nil {
		return "", err
	}
	if err := checkIdentifier("webhook id", webhook); err != nil {
		return "", err
	}
	return a.target("", "integrations", integration, "webhooks", webhook), nil
}

func (a *API) webhook(ctx context.Context, c call) (Webhook, error) {
	got, err := a.do(ctx, c)
	if err != nil {
		return Webhook{}, err
	}
	defer got.done()
	var reply struct {
		Webhook *webhookReply `json:"webhook"`
	}
	if decode(got.body, &reply) != nil || reply.Webhook == nil {
		return Webhook{}, got.unreadable("a webhook was expected")
	}
	return reply.Webhook.webhook(), nil
}
