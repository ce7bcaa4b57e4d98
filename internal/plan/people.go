package plan

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// person is the verdict of a row that ensures a user.
func (c *Checker) person(ctx context.Context, row jobs.Row) verdict {
	err := c.call(ctx, func(ctx context.Context) error {
		_, err := c.api.User(ctx, row.User, sunco.Query{BrandID: row.BrandID})
		return err
	})
	if e, ok := sunco.AsError(err); ok && e.Code == userNotFound {
		return verdict{Fine, "the user is not there, and will be made", ""}
	}
	if err != nil {
		return refused(err)
	}
	return verdict{Fine, "the user is there already", ""}
}

const userNotFound = "user_not_found"

// conversation is the verdict of a row that ensures a conversation, or names one by a word. It reads one page: 100 conversations tell, as
// a rule.
func (c *Checker) conversation(ctx context.Context, row jobs.Row) verdict {
	all, more, err := c.conversations(ctx, row)
	standard := 0
	for _, one := range all {
		if one.Default && one.Type != sunco.TypeSDKGroup {
			standard++
		}
	}
	switch none := len(all) == 0; {
	case err != nil:
		return refused(err)
	case row.Op.Converses() && none:
		return verdict{Fine, "the user has no conversation, and gets one", ""}
	case row.Op.Converses():
		return verdict{Fine, "the user has a conversation", ""}
	case none, row.ConversationID == jobs.DefaultConversation && standard == 0 && !more:
		return verdict{Problem, fmt.Sprintf("the user has no conversation that %s names", row.ConversationID), "run ensure-conversation for such users first, or name another conversation"}
	case row.ConversationID == jobs.OnlyConversation && (len(all) > 1 || more):
		return verdict{Problem, "the user has several conversations, and only one is wanted", "name a conversation, or take latest or default"}
	}
	return verdict{Fine, "the user has the conversation that " + row.ConversationID + " names", ""}
}

// conversations reads once the first page of those of a row's user.
func (c *Checker) conversations(ctx context.Context, row jobs.Row) (all []sunco.Conversation, more bool, err error) {
	who := person{row.User, row.BrandID}
	if a, known := c.talks[who]; known {
		return a.all, a.more, a.err
	}
	if all, more, err = c.readConversations(ctx, row); err == nil || isUnknown(err) {
		c.talks[who] = answered[sunco.Conversation]{all, more, err}
	}
	return all, more, err
}

// readConversations reads them; the user may be named by either kind of id.
func (c *Checker) readConversations(ctx context.Context, row jobs.Row) (all []sunco.Conversation, more bool, err error) {
	named := []sunco.Participant{{UserExternalID: row.User}, {UserID: row.User}}
	if row.BrandID != "" {
		var user sunco.User
		err = c.call(ctx, func(ctx context.Context) (err error) {
			user, err = c.api.User(ctx, row.User, sunco.Query{BrandID: row.BrandID})
			return err
		})
		named = []sunco.Participant{{UserID: user.ID}}
	}
	for _, who := range named {
		if e, ok := sunco.AsError(err); err != nil && (!ok || e.Code != userNotFound || row.BrandID != "") {
			break
		}
		pages := c.api.Conversations(who, sunco.ListQuery{})
		err = c.call(ctx, func(ctx context.Context) (err error) {
			all, err = pages.Next(ctx)
			return err
		})
		if err == nil {
			return all, pages.More(), nil
		}
	}
	return nil, false, err
}
