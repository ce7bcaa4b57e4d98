package plan

import (
	"context"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Foresight says what rows would come to and how many calls they would take, by what the API has now and by what the rows before would make.
// It makes nothing.
type Foresight struct {
	checker       *Checker
	clients       map[person][]sunco.Client
	conversations map[person][]string // ids
	made          map[person]bool     // users that rows would make, unless they are there
}

type person struct{ user, brand string }

// unmade is the id of what would be made.
const unmade = "000000000000000000000000"

// NewForesight asks through a checker.
func NewForesight(c *Checker) *Foresight {
	return &Foresight{c, map[person][]sunco.Client{}, map[person][]string{}, map[person]bool{}}
}

// Row returns the outcome that a row would have, and its calls without retries. It is false where the API did not answer, about which
// there is a finding.
func (f *Foresight) Row(ctx context.Context, row jobs.Row) (o jobs.Outcome, calls int64, ok bool) {
	row = f.checker.meant(ctx, row)
	o = jobs.Outcome{Row: row, Kind: jobs.OK}
	who, calls := person{row.User, row.BrandID}, row.Calls()
	switch {
	case row.Op.Converses():
		all, err := f.conversationsOf(ctx, row)
		if err != nil {
			o.Kind = jobs.Failed
			return o, calls - 1, isUnknown(err)
		}
		if len(all) > 0 {
			o.Kind, calls = jobs.Noop, calls-1
		} else {
			all = []string{unmade}
			f.conversations[who] = all
		}
		o.ConversationID = all[0]
	case row.Op.Finds(), row.Op.Creates():
		return f.client(ctx, row)
	case row.Op.Looks():
		f.made[who] = true
	}
	return o, calls, true
}

// client foresees a row that lists clients, or makes one.
func (f *Foresight) client(ctx context.Context, row jobs.Row) (o jobs.Outcome, calls int64, ok bool) {
	o = jobs.Outcome{Row: row, Kind: jobs.OK}
	clients, err := f.clientsOf(ctx, row)
	if err != nil {
		o.Kind = jobs.Failed
		return o, 1, isUnknown(err)
	}
	if row.Op.Finds() {
		for _, c := range clients {
			o.Clients = append(o.Clients, c.JSON())
		}
		return o, 1, true
	}
	talks, known := f.checker.talks[person{row.User, row.BrandID}]
	lacks := row.FindsConversation() && known && len(talks.all) == 0
	o.ClientID, o.ClientStatus = unmade, sunco.StatusPending
	at := slices.IndexFunc(clients, func(c sunco.Client) bool { return c.Type == row.Type && c.IntegrationID == row.IntegrationID })
	if row.Op.Idempotent() && at >= 0 {
		o.Kind, o.ClientID, o.ClientStatus = jobs.Noop, clients[at].ID, clients[at].Status
		return o, 1, true
	}
	if lacks {
		o.Kind, o.ClientID, o.ClientStatus = jobs.Failed, "", ""
		return o, row.Calls() - 1, true
	}
	made := sunco.Client{ID: unmade, Type: row.Type, IntegrationID: row.IntegrationID, Status: sunco.StatusPending}
	f.clients[person{row.User, row.BrandID}] = append(clients, made)
	return o, row.Calls(), true
}

// isUnknown tells the answer that there is no such user.
func isUnknown(err error) bool {
	e, ok := sunco.AsError(err)
	return ok && e.Code == userNotFound
}

// clientsOf asks for the clients of a row's user once. A user that would be made has none.
func (f *Foresight) clientsOf(ctx context.Context, row jobs.Row) ([]sunco.Client, error) {
	who := person{row.User, row.BrandID}
	if known, asked := f.clients[who]; asked {
		return known, nil
	}
	clients, _, err := f.checker.list(ctx, row)
	if isUnknown(err) && f.made[who] {
		err = nil
	}
	if err == nil {
		f.clients[who] = clients
	} else if row.Op.Finds() || !isUnknown(err) {
		f.checker.unanswered(ctx, row, err)
	}
	return clients, err
}

func (f *Foresight) conversationsOf(ctx context.Context, row jobs.Row) ([]string, error) {
	who := person{row.User, row.BrandID}
	if known, asked := f.conversations[who]; asked {
		return known, nil
	}
	all, _, err := f.checker.conversations(ctx, row)
	if isUnknown(err) && f.made[who] {
		err = nil
	}
	var ids []string
	for _, one := range all {
		ids = append(ids, one.ID)
	}
	if err == nil {
		f.conversations[who] = ids
	} else if !isUnknown(err) {
		f.checker.unanswered(ctx, row, err)
	}
	return ids, err
}
