package suncotest

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
)

// page is what a list asks for; at most one of after and before is set.
type page struct {
	after, before string
	size          int
}

var errPage = errors.New("page query is wrong")

func parsePage(query url.Values) (page, error) {
	p := page{after: query.Get("page[after]"), before: query.Get("page[before]"), size: 25}
	if query.Has("page[size]") {
		size, err := strconv.Atoi(query.Get("page[size]"))
		if err != nil || size < 1 || size > 100 {
			return page{}, errPage
		}
		p.size = size
	}
	if query.Has("page[after]") && query.Has("page[before]") {
		return page{}, errPage
	}
	for _, name := range []string{"page[after]", "page[before]"} {
		if query.Has(name) && len(query.Get(name)) != 24 {
			return page{}, errPage
		}
	}
	return p, nil
}

// bounds returns where the page begins and ends among the clients.
func (p page) bounds(clients []client) (from, to int, err error) {
	switch {
	case p.after != "":
		record, err := resolve(clients, p.after)
		if err != nil {
			return 0, 0, err
		}
		from = firstFrom(clients, record+1)
	case p.before != "":
		record, err := resolve(clients, p.before)
		if err != nil {
			return 0, 0, err
		}
		to = firstFrom(clients, record)
		return max(to-p.size, 0), to, nil
	}
	return from, min(from+p.size, len(clients)), nil
}

// resolve takes the id of a client for a cursor too. The client of a cursor may have gone since.
func resolve(clients []client, cursor string) (record uint64, err error) {
	at := slices.IndexFunc(clients, func(c client) bool { return c.given != nil && c.given.ID == cursor })
	if at >= 0 {
		return clients[at].record, nil
	}
	record, ok := recordOf(cursor)
	if !ok {
		return 0, errPage
	}
	return record, nil
}

func firstFrom(clients []client, record uint64) int {
	at := slices.IndexFunc(clients, func(c client) bool { return c.record >= record })
	if at < 0 {
		return len(clients)
	}
	return at
}

type meta struct {
	HasMore      bool   `json:"hasMore"`
	AfterCursor  string `json:"afterCursor,omitempty"`
	BeforeCursor string `json:"beforeCursor,omitempty"`
}

type links struct {
	Prev string `json:"prev,omitempty"`
	Next string `json:"next,omitempty"`
}

type listBody struct {
	Clients []sunco.Client `json:"clients"`
	Meta    *meta          `json:"meta,omitempty"`
	Links   *links         `json:"links,omitempty"`
}

func (s *Server) answerList(r *http.Request, key string, p page, k *Knobs) response {
	body, err := s.world.list(key, p, address(r))
	if err != nil {
		return badRequest("Invalid page query parameters")
	}
	if k.OmitMeta {
		body.Meta = nil
	}
	if k.OmitLinks {
		body.Links = nil
	}
	return ok(http.StatusOK, body)
}

// list makes the page; the links in it begin with address.
func (w *world) list(key string, p page, address string) (listBody, error) {
	now, shard := time.Now(), w.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	clients := shard.live(key, now)
	from, to, err := p.bounds(clients)
	if err != nil {
		return listBody{}, err
	}
	body := listBody{Clients: make([]sunco.Client, 0, to-from), Meta: &meta{}, Links: &links{}}
	for _, c := range clients[from:to] {
		body.Clients = append(body.Clients, c.at(now))
	}
	size := "&page[size]=" + strconv.Itoa(p.size)
	if to < len(clients) && to > 0 {
		body.Meta.AfterCursor = recordID(clients[to-1].record)
		body.Links.Next = address + "page[after]=" + body.Meta.AfterCursor + size
	}
	if from > 0 && from < len(clients) {
		body.Meta.BeforeCursor = recordID(clients[from].record)
		body.Links.Prev = address + "page[before]=" + body.Meta.BeforeCursor + size
	}
	body.Meta.HasMore = p.before == "" && to < len(clients) || p.before != "" && from > 0
	return body, nil
}

// address returns the URL of the list that r asks for, up to the page's part of its query.
func address(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	query := "?"
	if brand := r.URL.Query().Get("brandId"); brand != "" {
		query += "brandId=" + url.QueryEscape(brand) + "&"
	}
	return scheme + "://" + r.Host + r.URL.EscapedPath() + query
}
