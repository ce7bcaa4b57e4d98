package suncotest

import (
	"errors"
	"net/http"
	"net/url"
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

// span is a page of a list, and what an answer says about it.
type span struct {
	from, to int
	meta     meta
	links    links
}

// of returns the page of a list of n records, each with its number, which they are ordered by, and its id. The links of it begin
// with address.
func (p page) of(n int, record func(i int) (number uint64, id string), address string) (span, error) {
	at := func(cursor string) (int, error) { // of the first record from the cursor's on
		number, ok := recordOf(cursor)
		for i := range n {
			is, id := record(i)
			if id == cursor || ok && is >= number {
				return i, nil
			}
		}
		if !ok {
			return 0, errPage
		}
		return n, nil
	}
	s := span{to: min(p.size, n)}
	switch {
	case p.after != "":
		from, err := at(p.after)
		if err != nil {
			return span{}, err
		}
		if number, ok := recordOf(p.after); from < n {
			if is, id := record(from); id == p.after || ok && is == number {
				from++
			}
		}
		s.from, s.to = from, min(from+p.size, n)
	case p.before != "":
		to, err := at(p.before)
		if err != nil {
			return span{}, err
		}
		s.from, s.to = max(to-p.size, 0), to
	}
	size := "&page[size]=" + strconv.Itoa(p.size)
	cursor := func(i int) string { number, _ := record(i); return recordID(number) }
	if s.to < n && s.to > 0 {
		s.meta.AfterCursor = cursor(s.to - 1)
		s.links.Next = address + "page[after]=" + s.meta.AfterCursor + size
	}
	if s.from > 0 && s.from < n {
		s.meta.BeforeCursor = cursor(s.from)
		s.links.Prev = address + "page[before]=" + s.meta.BeforeCursor + size
	}
	s.meta.HasMore = p.before == "" && s.to < n || p.before != "" && s.from > 0
	return s, nil
}

// told is what an answer says about a page.
func (k *Knobs) told(s span) (m *meta, l *links) {
	if !k.OmitMeta {
		m = &s.meta
	}
	if !k.OmitLinks {
		l = &s.links
	}
	return m, l
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
	now, shard := time.Now(), s.world.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	clients := shard.live(key, now)
	span, err := p.of(len(clients), func(i int) (uint64, string) { return clients[i].record, clients[i].id() }, address(r))
	if err != nil {
		return badRequest("Invalid page query parameters")
	}
	body := listBody{Clients: make([]sunco.Client, 0, span.to-span.from)}
	for _, c := range clients[span.from:span.to] {
		body.Clients = append(body.Clients, c.at(now))
	}
	body.Meta, body.Links = k.told(span)
	return ok(http.StatusOK, body)
}

// address returns the URL of the list that r asks for, up to the page's part of its query.
func address(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	query := "?"
	for _, name := range []string{"brandId", "filter[userId]", "filter[userExternalId]", "filter[types]"} {
		if value := r.URL.Query().Get(name); value != "" {
			query += name + "=" + url.QueryEscape(value) + "&"
		}
	}
	return scheme + "://" + r.Host + r.URL.EscapedPath() + query
}
