package sunco

import (
	"context"
	"iter"
	"time"
)

// ListQuery holds what a list may carry besides its path.
type ListQuery struct {
	BrandID  string        // as in Query
	Timeout  time.Duration // of each call, as in Query
	PageSize int           // records per page, 1 to 100; 0 = 100
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

// Pages is a list of clients that is read page by page, for callers that pace or time each call. It is for one goroutine.
type Pages struct{ pager pager[Client] }

// Pages returns the list of the user's clients and makes no call; Next tells what is wrong with the arguments.
//
// https://docs.smooch.io/rest/#operation/ListClients
func (a *API) Pages(user string, query ListQuery) *Pages {
	return &Pages{pager[Client]{
		api: a, things: "clients", path: []string{"users", user, "clients"}, private: []string{user}, query: query, invalid: checkUser(user),
	}.begin()}
}

// More tells whether there may be another page. It is true before the first.
func (p *Pages) More() bool { return p.pager.next != "" }

// Next makes one call and returns the clients of the next page that no page gave before. After an error it asks for the
// same page again. An error about what follows a page comes with the page's clients.
func (p *Pages) Next(ctx context.Context) ([]Client, error) { return p.pager.read(ctx) }

func (c Client) recordID() string { return c.ID }

func (c Client) weight() int { return len(c.object) }
