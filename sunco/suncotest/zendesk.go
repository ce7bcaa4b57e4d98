package suncotest

import (
	"net/http"
	"strconv"
	"strings"
)

// mostShown is how many users Zendesk shows in a call.
const mostShown = 100

// ZendeskUser is a user of Zendesk Support, which links to users of the messaging API by identities.
type ZendeskUser struct {
	ID        int64    `json:"id"`
	Messaging []string `json:"messaging,omitempty"` // ids of its messaging users
	Deleted   bool     `json:"deleted,omitempty"`   // it is not shown any more
}

type zendeskIdentity struct {
	ID     int64  `json:"id"`
	UserID int64  `json:"user_id"`
	Type   string `json:"type"`
	Value  string `json:"value"`
}

// routeZendesk routes calls on Zendesk's own API, of which one is answered.
func routeZendesk(method, path string) (t target, ok bool) {
	t.op = opZendeskUsers
	return t, method == http.MethodGet && strings.TrimSuffix(path, ".json") == "/api/v2/users/show_many"
}

// answerZendeskUsers shows users by their ids, with their identities where that is asked. Unknown ids are left out.
func (s *Server) answerZendeskUsers(r *http.Request) response {
	refused := func(status int, text string) response { return ok(status, map[string]string{"error": text}) }
	if a := r.Header.Get("Authorization"); !strings.HasPrefix(a, "Bearer ") {
		if name, _, basic := r.BasicAuth(); !basic || !strings.HasSuffix(name, "/token") {
			return refused(http.StatusUnauthorized, "Couldn't authenticate you")
		}
	}
	ids := strings.Split(r.URL.Query().Get("ids"), ",")
	if len(ids) > mostShown {
		return refused(http.StatusBadRequest, "TooManyIds")
	}
	type user struct {
		ID int64 `json:"id"`
	}
	users, identities := []user{}, []zendeskIdentity{}
	for _, text := range ids {
		id, err := strconv.ParseInt(text, 10, 64)
		shown, found := s.world.zendeskUser(id)
		if err != nil || !found {
			continue
		}
		users = append(users, user{id})
		identities = append(identities, zendeskIdentity{id * 10, id, "email", "someone" + text + "@example.com"})
		for i, value := range shown.Messaging {
			identities = append(identities, zendeskIdentity{id*10 + int64(i) + 1, id, "messaging", value})
		}
	}
	body := map[string]any{"users": users, "count": len(users), "next_page": nil, "previous_page": nil}
	if r.URL.Query().Get("include") == "identities" {
		body["identities"] = identities
	}
	return ok(http.StatusOK, body)
}

// zendeskUser returns the user of an id. In a lenient world each has a messaging user.
func (w *world) zendeskUser(id int64) (ZendeskUser, bool) {
	u, listed := w.zendesk[id]
	if !listed && w.lenient && len(w.zendesk) == 0 {
		return ZendeskUser{ID: id, Messaging: []string{derivedID("messaging user of " + strconv.FormatInt(id, 10))}}, true
	}
	return u, listed && !u.Deleted
}
