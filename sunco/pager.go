package sunco

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sunbulk/sunbulk/internal/pathid"
)

const (
	maxPageSize = 100
	// Bounds of a list that never ends: pages, those that bring nothing new, records and the bytes of those that are kept.
	maxPages   = 1000
	maxIdle    = 5
	maxRecords = 10_000
	maxList    = 2 << 20
	// cursorLength is the length of every cursor and record id.
	cursorLength = 24
)

// record is one of a list's.
type record interface {
	recordID() string
	weight() int // in bytes, as far as the records of a list are kept together
}

// page is the answer to one call of a list; all of meta and links may be missing.
type page[R record] struct {
	Clients       records[R] `json:"clients"`
	Conversations records[R] `json:"conversations"`
	Integrations  records[R] `json:"integrations"`
	Meta          struct {
		HasMore     *bool  `json:"hasMore"`
		AfterCursor string `json:"afterCursor"`
	} `json:"meta"`
	Links *struct {
		Next string `json:"next"`
	} `json:"links"`
}

// records are those of a page: nil when there are none, which is no empty list.
type records[R record] []R

// UnmarshalJSONFrom takes an array of no more records than a page can have.
func (c *records[R]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*c = nil
	switch d.PeekKind() {
	case 'n':
		return d.SkipValue()
	case '[':
	default:
		return errors.New("not an array")
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	*c = records[R]{}
	for d.PeekKind() != ']' {
		object, err := d.ReadValue()
		if err != nil {
			return err
		}
		if len(*c) == maxPageSize {
			return ErrTooLarge
		}
		var read R
		if err := any(&read).(json.Unmarshaler).UnmarshalJSON(object); err != nil {
			return err
		}
		*c = append(*c, read)
	}
	_, err := d.ReadToken()
	return err
}

// pager reads a list page by page.
type pager[R record] struct {
	api     *API
	things  string // clients, conversations or integrations
	path    []string
	filter  string   // of the query, encoded; empty = none
	private []string // what may not show in an error
	query   ListQuery
	invalid error  // of the arguments
	next    string // target of the page that follows; empty at the end
	asked   map[string]bool
	given   map[string]bool // by record id
	idle    int             // pages in a row without a new record
	count   int             // of records given
	size    int             // of them, in bytes
}

// begin checks the page size and makes the target of the first page.
func (p pager[R]) begin() pager[R] {
	p.asked, p.given = map[string]bool{}, map[string]bool{}
	if p.invalid == nil && (p.query.PageSize < 0 || p.query.PageSize > maxPageSize) {
		p.invalid = invalid(fmt.Sprintf("page size %d is not in 1 to %d", p.query.PageSize, maxPageSize))
	}
	p.query.PageSize = cmp.Or(p.query.PageSize, maxPageSize)
	p.next = p.target("")
	return p
}

// read makes one call and returns the records of the next page that no page gave before.
func (p *pager[R]) read(ctx context.Context) ([]R, error) {
	if p.invalid != nil {
		return nil, p.invalid
	}
	got, err := p.api.do(ctx, call{method: http.MethodGet, target: p.next, timeout: p.query.Timeout, private: p.private})
	if err != nil {
		return nil, err
	}
	defer got.done()
	var read page[R]
	err = decode(got.body, &read)
	if errors.Is(err, ErrTooLarge) {
		return nil, got.endless(fmt.Sprintf("page has more than %d %s", maxPageSize, p.things))
	}
	all := read.Clients
	switch p.things {
	case "conversations":
		all = read.Conversations
	case "integrations":
		all = read.Integrations
	}
	// A page without records must not pass for an empty list: something may be made once more because of it.
	if err != nil || all == nil {
		return nil, got.unreadable(p.things + " were expected")
	}
	fresh := p.fresh(all)
	if p.count > maxRecords || p.size > maxList {
		return nil, got.endless(fmt.Sprintf("list does not end: %d %s of %d bytes", p.count, p.things, p.size))
	}
	p.asked[p.next] = true
	next, err := p.after(got, read, all)
	if err != nil {
		return fresh, err
	}
	p.next = next
	return fresh, nil
}

// fresh returns the records that no page gave before.
func (p *pager[R]) fresh(read records[R]) (fresh []R) {
	for _, c := range read {
		if id := c.recordID(); id == "" || !p.given[id] {
			p.given[id] = true
			fresh = append(fresh, c)
			p.size += c.weight()
		}
	}
	if p.idle++; len(fresh) > 0 {
		p.idle = 0
	}
	p.count += len(fresh)
	return fresh
}

// target returns that of the page after the cursor. The brackets are literal, as the vendor's own examples have them.
func (p *pager[R]) target(after string) string {
	query := fmt.Sprintf("page[size]=%d", p.query.PageSize)
	if after != "" {
		query += "&page[after]=" + url.QueryEscape(after)
	}
	if brand := (Query{BrandID: p.query.BrandID}).encode(); brand != "" {
		query += "&" + brand
	}
	if p.filter != "" {
		query += "&" + p.filter
	}
	return p.api.target(query, p.path...)
}

// after returns the target of the page that follows, none at the end of the list; its error says why it can't be followed.
func (p *pager[R]) after(got answer, read page[R], all records[R]) (string, error) {
	next, problem := p.named(read, all)
	switch {
	case problem != "":
		return "", got.broken(problem)
	case next == "":
		return "", nil
	case p.asked[next]:
		return "", got.endless("list goes in a circle: a page was named twice")
	case p.idle >= maxIdle:
		return "", got.endless(fmt.Sprintf("list does not end: %d pages without a new %s", p.idle, strings.TrimSuffix(p.things, "s")))
	case len(p.asked) >= maxPages:
		return "", got.endless(fmt.Sprintf("list has more than %d pages", maxPages))
	}
	return next, nil
}

// named reads where a page says that the next one is.
func (p *pager[R]) named(read page[R], all records[R]) (next, problem string) {
	more := read.Meta.HasMore
	switch {
	case more != nil && !*more:
		return "", ""
	case read.Meta.AfterCursor != "":
		return p.target(read.Meta.AfterCursor), ""
	case read.Links != nil && read.Links.Next != "":
		return p.link(read.Links.Next)
	case more != nil:
		return "", "more " + p.things + " are announced without a cursor or link"
	case read.Links == nil && len(all) >= p.query.PageSize:
		return p.afterLast(all), ""
	}
	return "", ""
}

// afterLast goes on from a full page that says nothing about a next one: a record's id is a cursor.
func (p *pager[R]) afterLast(all []R) string {
	last := all[len(all)-1].recordID()
	if len(last) != cursorLength {
		return ""
	}
	return p.target(last)
}

// link checks that links.next stays with the base URL's host, for the request carries credentials.
func (p *pager[R]) link(raw string) (next, problem string) {
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
	if pathid.Simplifies(strings.Trim(u.EscapedPath(), "/")) {
		return "", "links.next is a path of dots, which a proxy could turn into a different one"
	}
	return u.RequestURI(), ""
}

func port(u *url.URL) string {
	if u.Port() == "" && u.Scheme == "https" {
		return "443"
	}
	return cmp.Or(u.Port(), "80")
}
