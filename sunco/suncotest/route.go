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
	opApp
	opIntegration
	opOther
	operations // how many there are
)

// String returns the name under which Stats counts the operation.
func (o operation) String() string {
	return [operations]string{"create", "list", "remove", "app", "integration", "other"}[o]
}

func (o operation) onClients() bool { return o <= opRemove }

// target is what a request is about; the names are unescaped.
type target struct {
	op                             operation
	app, user, client, integration string
}

// route reads method and escaped path. The path may begin with the /sc of Zendesk's hosts.
func route(method, path string) target {
	other := target{op: opOther}
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
	case len(segments) == 3 && kind == "integrations" && method == http.MethodGet:
		t.op, t.integration = opIntegration, segments[2]
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
