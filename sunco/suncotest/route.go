package suncotest

import (
	"net/http"
	"net/url"
	"strings"
)

type operation int

const (
	opCreate operation = iota
	opList
	opRemove
	opUser
	opCreateUser
	opConversations
	opCreateConversation
	opConversation
	opParticipants
	opZendeskUsers
	opApp
	opIntegration
	opIntegrations
	opCreateIntegration
	opWebhooks
	opCreateWebhook
	opUpdateWebhook
	opDeleteWebhook
	opOther
	operations // how many there are
)

// String returns the name under which Stats counts the operation.
func (o operation) String() string {
	return [operations]string{
		"create", "list", "remove", "getUser", "createUser", "listConversations", "createConversation", "getConversation", "listParticipants", "zendeskUsers", "app", "integration",
		"listIntegrations", "createIntegration", "listWebhooks", "createWebhook", "updateWebhook", "deleteWebhook", "other",
	}[o]
}

// onPeople tells a call on users, their clients and conversations, Zendesk's too, as distinct from one on the app: faults and limits are for these.
func (o operation) onPeople() bool { return o <= opZendeskUsers }

// target is what a request is about; the names are unescaped.
type target struct {
	op                                                    operation
	app, user, client, conversation, integration, webhook string
}

// route reads method and escaped path. The path may begin with the /sc of Zendesk's hosts.
func route(method, path string) target {
	other := target{op: opOther}
	if t, ok := routeZendesk(method, path); ok {
		return t
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "/sc"), "/v2/apps/")
	if !ok {
		return other
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		name, err := url.PathUnescape(s)
		if err != nil || name == "" {
			return other
		}
		segments[i] = name
	}
	t := target{op: opOther, app: segments[0]}
	kind := ""
	if len(segments) >= 3 {
		kind = segments[1]
	}
	switch {
	case len(segments) == 1 && method == http.MethodGet:
		t.op = opApp
	case len(segments) >= 2 && segments[1] == "integrations":
		t.routeIntegrations(method, segments[2:])
	case len(segments) == 2 && segments[1] == "users" && method == http.MethodPost:
		t.op = opCreateUser
	case len(segments) == 3 && kind == "users" && method == http.MethodGet:
		t.op, t.user = opUser, segments[2]
	case len(segments) >= 2 && segments[1] == "conversations":
		t.routeConversations(method, segments[2:])
	case len(segments) == 4 && kind == "users" && segments[3] == "clients":
		t.user = segments[2]
		switch method {
		case http.MethodPost:
			t.op = opCreate
		case http.MethodGet:
			t.op = opList
		}
	case len(segments) == 5 && kind == "users" && segments[3] == "clients" && method == http.MethodDelete:
		t.op, t.user, t.client = opRemove, segments[2], segments[4]
	}
	return t
}

// routeConversations routes what is below conversations.
func (t *target) routeConversations(method string, rest []string) {
	switch {
	case len(rest) == 0 && method == http.MethodGet:
		t.op = opConversations
	case len(rest) == 0 && method == http.MethodPost:
		t.op = opCreateConversation
	case len(rest) == 1 && method == http.MethodGet:
		t.op, t.conversation = opConversation, rest[0]
	case len(rest) == 2 && rest[1] == "participants" && method == http.MethodGet:
		t.op, t.conversation = opParticipants, rest[0]
	}
}

// routeIntegrations routes what is below integrations.
func (t *target) routeIntegrations(method string, rest []string) {
	if len(rest) > 0 {
		t.integration = rest[0]
	}
	below := len(rest) >= 2 && rest[1] == "webhooks"
	switch {
	case len(rest) == 0 && method == http.MethodGet:
		t.op = opIntegrations
	case len(rest) == 0 && method == http.MethodPost:
		t.op = opCreateIntegration
	case len(rest) == 1 && method == http.MethodGet:
		t.op = opIntegration
	case below && len(rest) == 2 && method == http.MethodGet:
		t.op = opWebhooks
	case below && len(rest) == 2 && method == http.MethodPost:
		t.op = opCreateWebhook
	case below && len(rest) == 3 && method == http.MethodPatch:
		t.op, t.webhook = opUpdateWebhook, rest[2]
	case below && len(rest) == 3 && method == http.MethodDelete:
		t.op, t.webhook = opDeleteWebhook, rest[2]
	}
}
