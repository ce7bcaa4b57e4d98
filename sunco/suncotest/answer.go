package suncotest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
	"unique"

	"github.com/sunbulk/sunbulk/sunco"
)

// answer does the work of a call: first its credentials are checked, then the app, the user and the rest.
func (s *Server) answer(r *http.Request, t target, k *Knobs, d draws) response {
	switch {
	case t.op == opZendeskUsers: // with other credentials
		return s.answerZendeskUsers(r)
	case !s.auth.accepts(r.Header.Get("Authorization")):
		return refusal(http.StatusUnauthorized, "", "Credentials are missing or wrong")
	case t.app != "" && s.appID != "" && t.app != s.appID:
		return notFound("app", "App")
	case k.IntegrationScope && (t.op == opApp || t.op == opIntegration || t.op == opIntegrations || t.op == opCreateIntegration):
		return refusal(http.StatusForbidden, "", "")
	}
	switch t.op {
	case opApp:
		return s.answerApp(t)
	case opIntegration:
		return s.answerIntegration(t)
	case opIntegrations:
		return s.answerIntegrations(r, k)
	case opCreateIntegration:
		return s.answerCreateIntegration(r)
	case opWebhooks, opCreateWebhook, opUpdateWebhook, opDeleteWebhook:
		return s.answerWebhooks(r, t)
	case opCreateUser:
		return s.answerCreateUser(r)
	case opConversations:
		return s.answerConversations(r, k)
	case opCreateConversation:
		return s.answerCreateConversation(r)
	case opConversation:
		return s.answerConversation(t.conversation)
	case opParticipants:
		return s.answerParticipants(r.URL.Query(), t.conversation)
	case opOther:
		return refusal(http.StatusNotFound, "", "")
	}
	query := r.URL.Query()
	key, found := s.world.userKey(t.user, query.Get("brandId"))
	if !found {
		return notFound("user", "User")
	}
	switch t.op {
	case opUser:
		return s.answerUser(key)
	case opCreate:
		return s.answerCreate(r, t.app, key, k, d)
	case opRemove:
		return s.answerRemove(t, key, d)
	}
	p, err := parsePage(query)
	if err != nil {
		return badRequest("Invalid page query parameters")
	}
	return s.answerList(r, key, p, k)
}

func (s *Server) answerApp(t target) response {
	type app struct {
		ID          string `json:"id"`
		DisplayName string `json:"displayName"`
		Settings    struct {
			MultiConversation bool `json:"multiConvoEnabled"`
		} `json:"settings"`
	}
	shown := app{ID: t.app, DisplayName: "Demo app"}
	shown.Settings.MultiConversation = true
	return ok(http.StatusOK, map[string]app{"app": shown})
}

func (s *Server) answerCreate(r *http.Request, app, key string, k *Knobs, d draws) response {
	var body json.RawMessage
	if refused, bad := readBody(r, &body); bad {
		return refused
	}
	create, err := parseCreate(body)
	if err != nil {
		return badRequest(err.Error())
	}
	kind, found := s.world.integrationType(create.MatchCriteria.IntegrationID)
	switch {
	case !found:
		return notFound("integration", "Integration")
	case kind != "" && kind != create.MatchCriteria.Type:
		return badRequest("matchCriteria.type is not that of the integration")
	case !s.world.hasConversation(key, create.Target.ConversationID):
		return notFound("conversation", "Conversation")
	}
	link := newClient(create, k, d)
	made, conflict := s.world.create(key, link, k.OnDuplicate)
	if conflict {
		return refusal(http.StatusConflict, "", "")
	}
	if made.fresh {
		s.meter.created.Add(1)
		link.record, _ = recordOf(made.client.ID)
		s.fates.add(key, link)
		s.announce(app, key, create.Target.ConversationID, link, d)
	}
	return ok(http.StatusCreated, map[string]sunco.Client{"client": made.client})
}

func newClient(create sunco.ClientCreate, k *Knobs, d draws) client {
	m := create.MatchCriteria
	target := m.PhoneNumber + m.Address
	now := time.Now().Add(k.PendingFor)
	c := client{
		kind:    unique.Make(m.Type),
		channel: unique.Make(m.IntegrationID),
		target:  target,
		settles: now.UnixNano(),
	}
	switch {
	case failing(target) || d.hit(k.FailedLinkShare, chanceFailedLink):
		c.ends, c.why = c.settles, reasonFailed
	case d.hit(k.CancelledLinkShare, chanceCancelledLink):
		c.ends, c.why = c.settles, reasonCancelled
	case d.hit(k.MergedLinkShare, chanceMergedLink):
		c.ends, c.why = c.settles, reasonMerged
	case d.hit(k.TakenLinkShare, chanceTakenLink):
		c.ends, c.why = now.Add(max(k.PendingFor, time.Millisecond)).UnixNano(), reasonTaken
	}
	return c
}

// Why clients vanish by themselves.
const (
	reasonFailed    = "linkFailed"
	reasonCancelled = "linkCancelled"
	reasonTaken     = "theft"
	reasonMerged    = "merge" // which is no reason of the vendor's: it sends a user:merge
)

// made is the client that a create answers with; fresh = it was not there before.
type made struct {
	client sunco.Client
	fresh  bool
}

// create adds c to the user's clients, unless an identical one is there and onDuplicate wants something else.
func (w *world) create(key string, c client, onDuplicate string) (m made, conflict bool) {
	now, shard := time.Now(), w.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	clients := shard.live(key, now)
	twin := slices.IndexFunc(clients, func(o client) bool {
		return o.typeAndIntegration() == c.typeAndIntegration() && o.externalID() == c.target
	})
	switch {
	case twin >= 0 && onDuplicate == DuplicateConflict:
		return made{}, true
	case twin >= 0 && onDuplicate == DuplicateSame:
		return made{client: clients[twin].at(now)}, false
	}
	c.record = w.record.Add(1)
	shard.keep(key, append(clients, c))
	return made{client: c.pending(), fresh: true}, false
}

func (s *Server) answerRemove(t target, key string, d draws) response {
	shard := s.world.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	clients := shard.live(key, time.Now())
	at := slices.IndexFunc(clients, func(c client) bool { return c.id() == t.client })
	if at < 0 {
		return notFound("client", "Client")
	}
	if clients[at].typeAndIntegration()[0] == "sdk" {
		return badRequest("Cannot remove a client of type 'sdk'")
	}
	s.announceRemoval(t.app, key, clients[at], d)
	shard.keep(key, slices.Delete(clients, at, at+1))
	s.meter.removed.Add(1)
	return ok(http.StatusOK, struct{}{})
}
