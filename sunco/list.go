package sunco

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxPageSize = 100
	// Bounds of a list that never ends: pages, those that bring nothing new, clients and their bytes.
	maxPages   = 1000
	maxIdle    = 5
	maxClients = 10_000
	maxList    = 2 << 20
	// cursorLength is the length of every cursor and record id.
	cursorLength = 24
)

// ListQuery holds what a list may carry besides its path.
type ListQuery struct {
	BrandID  string        // as in Query
	Timeout  time.Duration // of each call, as in Query
	PageSize int           // clients per page, 1 to 100; 0 = 100
}

// page is the answer to one call of a list; all of meta and links may be missing.
type page struct {
	Clients clients `json:"clients"`
	Meta    struct {
		HasMore     *bool  `json:"hasMore"`
		AfterCursor string `json:"afterCursor"`
	} `json:"meta"`
	Links *struct {
		Next string `json:"next"`
	} `json:"links"`
}

// clients are those of a page: nil when there are none, which is no empty list.
type clients []Client

// UnmarshalJSONFrom takes an array of no more clients than a page can have.
func (c *clients) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*c = nil
	switch d.PeekKind() {
	case 'n':
		return d.SkipValue()
	case '[':
	default:
		return errors.New("clients are no array")
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	*c = clients{}
	for d.PeekKind() != ']' {
		object, err := d.ReadValue()
		if err != nil {
			return err
		}
		if len(*c) == maxPageSize {
			return ErrTooLarge
		}
		var read Client
		if err := read.UnmarshalJSON(object); err != nil {
			return err
		}
		*c = append(*c, read)
	}
	_, err := d.ReadToken()
	return err
}

// List returns all clients of the user, given by id or external id, each once, with a call per page. It ends at the first
// error, which comes with a zero Client; without one the list is complete.
//
// https://docs.smooch.io/rest/#operation/ListClients
func (a *API) List(ctx context.Context, user string, query ListQuery) iter.Seq2[Client, error] {
	return func(yield func(Client, error) bool) {
		pages := a.Pages(user, query)
		for pages.More() {
			clients, err := pages.Next(ctx)
			for _, c := range clients {
				if !yield(c, nil) {
					return
				}
			}
			if err != nil {
				yield(Client{}, err)
				return
			}
		}
	}
}

// Pages is a list that is read page by page, for callers that pace or time each call. It is for one goroutine.
type Pages struct {
	api     *API
	user    string
	query   ListQuery
	invalid error  // of the arguments
	next    string // target of the page that follows; empty at the end
	asked   map[string]bool
	given   map[string]bool // by client id
	idle    int             // pages in a row without a new client
	count   int             // of clients given
	size    int             // of them, in bytes
}

// Pages returns the list of the user's clients and makes no call; Next tells what is wrong with the arguments.
//
// https://docs.smooch.io/rest/#operation/ListClients
func (a *API) Pages(user string, query ListQuery) *Pages {
	p := &Pages{api: a, user: user, query: query, invalid: checkUser(user), asked: map[string]bool{}, given: map[string]bool{}}
	if p.invalid == nil && (query.PageSize < 0 || query.PageSize > maxPageSize) {
		p.invalid = invalid(fmt.Sprintf("page size %d is not in 1 to %d", query.PageSize, maxPageSize))
	}
	p.query.PageSize = cmp.Or(query.PageSize, maxPageSize)
	p.next = p.target("")
	return p
}

// More tells whether there may be another page. It is true before the first.
func (p *Pages) More() bool { return p.next != "" }

// Next makes one call and returns the clients of the next page that no page gave before. After an error it asks for the
// same page again. An error about what follows a page comes with the page's clients.
func (p *Pages) Next(ctx context.Context) ([]Client, error) {
	if p.invalid != nil {
		return nil, p.invalid
	}
	got, err := p.api.do(ctx, call{method: http.MethodGet, target: p.next, timeout: p.query.Timeout, private: []string{p.user}})
	if err != nil {
		return nil, err
	}
	defer got.done()
	var read page
	err = decode(got.body, &read)
	if errors.Is(err, ErrTooLarge) {
		return nil, got.endless(fmt.Sprintf("page has more than %d clients", maxPageSize))
	}
	// A page without clients must not pass for an empty list: a create may be sent again because of it.
	if err != nil || read.Clients == nil {
		return nil, got.unreadable("clients were expected")
	}
	fresh := p.fresh(read.Clients)
	if p.count > maxClients || p.size > maxList {
		return nil, got.endless(fmt.Sprintf("list does not end: %d clients of %d bytes", p.count, p.size))
	}
	p.asked[p.next] = true
	next, err := p.after(got, read)
	if err != nil {
		return fresh, err
	}
	p.next = next
	return fresh, nil
}

// fresh returns the clients that no page gave before.
func (p *Pages) fresh(read clients) (fresh []Client) {
	for _, c := range read {
		if c.ID == "" || !p.given[c.ID] {
			p.given[c.ID] = true
			fresh = append(fresh, c)
			p.size += len(c.object)
		}
	}
	if p.idle++; len(fresh) > 0 {
		p.idle = 0
	}
	p.count += len(fresh)
	return fresh
}

// target returns that of the page after the cursor. The brackets are literal, as the vendor's own examples have them.
func (p *Pages) target(after string) string {
	query := fmt.Sprintf("page[size]=%d", p.query.PageSize)
	if after != "" {
		query += "&page[after]=" + url.QueryEscape(after)
	}
	if brand := (Query{BrandID: p.query.BrandID}).encode(); brand != "" {
		query += "&" + brand
	}
	return p.api.target(query, "users", p.user, "clients")
}

// after returns the target of the page that follows, none at the end of the list; its error says why it can't be followed.
func (p *Pages) after(got answer, read page) (string, error) {
	next, problem := p.named(read)
	switch {
	case problem != "":
		return "", got.broken(problem)
	case next == "":
		return "", nil
	case p.asked[next]:
		return "", got.endless("list goes in a circle: a page was named twice")
	case p.idle >= maxIdle:
		return "", got.endless(fmt.Sprintf("list does not end: %d pages without a new client", p.idle))
	case len(p.asked) >= maxPages:
		return "", got.endless(fmt.Sprintf("list has more than %d pages", maxPages))
	}
	return next, nil
}

// named reads where a page says that the next one is.
func (p *Pages) named(read page) (next, problem string) {
	more := read.Meta.HasMore
	switch {
	case more != nil && !*more:
		return "", ""
	case read.Meta.AfterCursor != "":
		return p.target(read.Meta.AfterCursor), ""
	case read.Links != nil && read.Links.Next != "":
		return p.link(read.Links.Next)
	case more != nil:
		return "", "more clients are announced without a cursor or link"
	case read.Links == nil && len(read.Clients) >= p.query.PageSize:
		return p.afterLast(read.Clients), ""
	}
	return "", ""
}

// afterLast goes on from a full page that says nothing about a next one: a record's id is a cursor.
func (p *Pages) afterLast(clients []Client) string {
	last := clients[len(clients)-1].ID
	if len(last) != cursorLength {
		return ""
	}
	return p.target(last)
}

// link checks that links.next stays with the base URL's host, for the request carries credentials.
func (p *Pages) link(raw string) (next, problem string) {
	base := p.api.base
	here, err := address(base, p.next)
	if err != nil {
		return "", "page has no URL that links.next could be relative to"
	}
	u, err := here.Parse(raw)
	if err != nil {
		return "", "links.next is not a URL"
	}
	if u.Scheme != base.Scheme || !strings.EqualFold(u.Hostname(), base.Hostname()) || port(u) != port(base) || u.User != nil {
		return "", "links.next leads to another host, which would get the credentials"
	}
	if simplifies(strings.Trim(u.EscapedPath(), "/")) {
		return "", "links.next is a path of dots, which a proxy could make another one of"
	}
	return u.RequestURI(), ""
}

func port(u *url.URL) string {
	if u.Port() == "" && u.Scheme == "https" {
		return "443"
	}
	return cmp.Or(u.Port(), "80")
}
