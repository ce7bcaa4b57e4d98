package suncotest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/sunbulk/sunbulk/sunco"
)

// mostWebhooks is how many a custom integration has at most.
const mostWebhooks = 1

// customs are the integrations of a world that can be listed: those of the world file, and those that calls made.
type customs struct {
	mu  sync.Mutex
	all []*shownIntegration
}

// shownIntegration is what the API shows of an integration.
type shownIntegration struct {
	ID          string `json:"id"`
	Type        string `json:"type,omitempty"`
	Status      string `json:"status"`
	DisplayName string `json:"displayName,omitempty"`
	PhoneNumber string `json:"phoneNumber,omitempty"`

	record   uint64
	webhooks []shownWebhook
}

type shownWebhook struct {
	ID                string   `json:"id"`
	Version           string   `json:"version"`
	Target            string   `json:"target"`
	Triggers          []string `json:"triggers"`
	Secret            string   `json:"secret"`
	IncludeFullUser   bool     `json:"includeFullUser"`
	IncludeFullSource bool     `json:"includeFullSource"`
}

// add keeps an integration, and gives it an id where it has none.
func (c *customs) add(in shownIntegration) shownIntegration {
	c.mu.Lock()
	defer c.mu.Unlock()
	in.record = uint64(len(c.all) + 1)
	in.ID = cmp.Or(in.ID, fmt.Sprintf("5e4af71a%016x", in.record))
	c.all = append(c.all, &in)
	return in
}

func (c *customs) find(id string) (*shownIntegration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.all, func(in *shownIntegration) bool { return in.ID == id })
	if at < 0 {
		return nil, false
	}
	return c.all[at], true
}

func (s *Server) answerIntegration(t target) response {
	kind, found := s.world.integrationType(t.integration)
	if !found {
		return notFound("integration", "Integration")
	}
	shown := shownIntegration{ID: t.integration, Type: kind, Status: "active"}
	if made, ok := s.world.customs.find(t.integration); ok {
		shown = *made
	}
	return ok(http.StatusOK, map[string]shownIntegration{"integration": shown})
}

func (s *Server) answerIntegrations(r *http.Request, k *Knobs) response {
	p, err := parsePage(r.URL.Query())
	if err != nil {
		return badRequest("Invalid query parameters")
	}
	types := strings.Split(r.URL.Query().Get("filter[types]"), ",")
	all := []shownIntegration{}
	s.world.customs.mu.Lock()
	for _, in := range s.world.customs.all {
		if types[0] == "" || slices.Contains(types, in.Type) {
			all = append(all, *in)
		}
	}
	s.world.customs.mu.Unlock()
	span, err := p.of(len(all), func(i int) (uint64, string) { return all[i].record, all[i].ID }, address(r))
	if err != nil {
		return badRequest("Invalid query parameters")
	}
	var body struct {
		Integrations []shownIntegration `json:"integrations"`
		Meta         *meta              `json:"meta,omitempty"`
		Links        *links             `json:"links,omitempty"`
	}
	body.Integrations = all[span.from:span.to]
	body.Meta, body.Links = k.told(span)
	return ok(http.StatusOK, body)
}

// answerCreateIntegration makes a custom integration with its one webhook; other types are not made here.
func (s *Server) answerCreateIntegration(r *http.Request) response {
	var create sunco.CustomIntegrationCreate
	if refused, bad := readBody(r, &create); bad {
		return refused
	}
	switch {
	case create.Type != "custom":
		return badRequest("Invalid integration type")
	case len(create.Webhooks) != mostWebhooks || !isWebhook(create.Webhooks[0]):
		return badRequest("A custom integration has one webhook with a target and triggers")
	case len(create.DisplayName) > 100:
		return badRequest("displayName is too long")
	}
	in := s.world.customs.add(shownIntegration{
		Type: create.Type, Status: "active", DisplayName: create.DisplayName, webhooks: []shownWebhook{s.newWebhook(create.Webhooks[0])},
	})
	return ok(http.StatusCreated, map[string]shownIntegration{"integration": in})
}

func (s *Server) newWebhook(create sunco.WebhookCreate) shownWebhook {
	n := s.world.record.Add(1)
	return shownWebhook{
		ID: recordID(n), Version: "v2", Target: create.Target, Triggers: create.Triggers, Secret: "simulated-secret-" + recordID(n),
		IncludeFullUser: create.IncludeFullUser, IncludeFullSource: create.IncludeFullSource,
	}
}

func isWebhook(w sunco.WebhookCreate) bool {
	u, err := url.Parse(w.Target)
	return err == nil && u.Host != "" && len(w.Triggers) > 0
}

// answerWebhooks answers calls on the webhooks of an integration.
func (s *Server) answerWebhooks(r *http.Request, t target) response {
	in, found := s.world.customs.find(t.integration)
	switch {
	case !found:
		return notFound("integration", "Integration")
	case in.Type != "custom":
		return refusal(http.StatusForbidden, "", "")
	}
	s.world.customs.mu.Lock()
	defer s.world.customs.mu.Unlock()
	at := slices.IndexFunc(in.webhooks, func(w shownWebhook) bool { return w.ID == t.webhook })
	switch {
	case t.op == opWebhooks:
		return ok(http.StatusOK, map[string][]shownWebhook{"webhooks": append([]shownWebhook{}, in.webhooks...)})
	case t.op == opCreateWebhook:
		var create sunco.WebhookCreate
		if refused, bad := readBody(r, &create); bad {
			return refused
		}
		if !isWebhook(create) || len(in.webhooks) >= mostWebhooks {
			return badRequest("A custom integration has one webhook with a target and triggers")
		}
		in.webhooks = append(in.webhooks, s.newWebhook(create))
		return ok(http.StatusCreated, map[string]shownWebhook{"webhook": in.webhooks[0]})
	case at < 0:
		return refusal(http.StatusNotFound, "", "Resource not found")
	case t.op == opUpdateWebhook:
		var update struct{ Triggers []string }
		if refused, bad := readBody(r, &update); bad {
			return refused
		}
		if update.Triggers != nil {
			in.webhooks[at].Triggers = update.Triggers
		}
		return ok(http.StatusOK, map[string]shownWebhook{"webhook": in.webhooks[at]})
	}
	in.webhooks = slices.Delete(in.webhooks, at, at+1)
	return ok(http.StatusOK, struct{}{})
}
