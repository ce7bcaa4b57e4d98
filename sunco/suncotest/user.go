package suncotest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/sunco"
)

// maxMetadata bounds the metadata of users and conversations in bytes.
const maxMetadata = 4096

// readBody reads the JSON of a body; bad says that refused is the answer.
func readBody(r *http.Request, into any) (refused response, bad bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, sunco.MaxBodySize+1))
	switch {
	case len(body) > sunco.MaxBodySize:
		return refusal(http.StatusRequestEntityTooLarge, "", ""), true
	case err != nil:
		return badRequest("Body can't be read"), true
	case json.Unmarshal(body, into) != nil:
		return badRequest("Body is not a JSON object of the expected form"), true
	}
	return response{}, false
}

// isMetadata tells whether it is none, or a flat object that is not too large.
func isMetadata(data json.RawMessage) bool {
	if len(data) == 0 || string(data) == "null" {
		return true
	}
	var values map[string]json.RawMessage
	if len(data) > maxMetadata || json.Unmarshal(data, &values) != nil {
		return false
	}
	for _, value := range values {
		if bytes.HasPrefix(value, []byte("{")) || bytes.HasPrefix(value, []byte("[")) {
			return false
		}
	}
	return true
}

// answerCreateUser makes a user, unless there is one of its external id.
func (s *Server) answerCreateUser(r *http.Request) response {
	var fields map[string]json.RawMessage
	if refused, bad := readBody(r, &fields); bad {
		return refused
	}
	var create struct {
		ExternalID string
		BrandID    string
		Profile    *sunco.Profile
	}
	if encoded, err := json.Marshal(fields); err != nil || json.Unmarshal(encoded, &create) != nil {
		return badRequest("Body is not a JSON object of the expected form")
	}
	switch {
	case utf8.RuneCountInString(create.ExternalID) > 1024, fields["externalId"] != nil && create.ExternalID == "":
		return badRequest("externalId has a wrong length")
	case len(create.BrandID) > 24:
		return badRequest("brandId has a wrong length")
	case !isMetadata(fields["metadata"]):
		return badRequest("metadata is not a flat object of at most 4 KB")
	}
	name := external{create.BrandID, create.ExternalID}
	u := &person{id: recordID(s.world.record.Add(1)), external: name, made: true, fields: fields}
	if create.ExternalID != "" && s.world.assumes(create.ExternalID) || !s.world.people.add(u) {
		return refusal(http.StatusConflict, "", "User already exists")
	}
	return ok(http.StatusCreated, map[string]map[string]any{"user": u.shown()})
}

func (s *Server) answerUser(key string) response {
	u := s.world.people.person(key)
	return ok(http.StatusOK, map[string]map[string]any{"user": u.shown()})
}

// shown is what the API shows of a user.
func (u *person) shown() map[string]any {
	shown := map[string]any{
		"id": u.id, "authenticated": false, "toBeRetained": false, "profile": map[string]any{}, "metadata": map[string]any{}, "identities": []any{},
	}
	for name, value := range u.fields {
		shown[name] = value
	}
	if u.external.id != "" {
		shown["externalId"] = u.external.id
	}
	if u.external.brand != "" {
		shown["brandId"] = u.external.brand
	}
	return shown
}
