package worker

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Codes of rows for which no conversation was found.
const (
	codeNoConversation       = "no_conversation"
	codeSeveralConversations = "several_conversations"
	codeUserNotFound         = "user_not_found"
)

// conversations is what is kept of the conversations of a user, however many there are.
type conversations struct {
	of       sunco.Participant
	count    int
	standard string // id of the user's default one; empty when there is none
	latest   sunco.Conversation
	marked   string // id of the one that the row has made
}

// add takes note of a conversation.
func (c *conversations) add(one sunco.Conversation, mark string) {
	c.count++
	if one.Default && one.Type != sunco.TypeSDKGroup && c.standard == "" {
		c.standard = one.ID
	}
	if c.count == 1 || newer(one, c.latest) {
		c.latest = one
	}
	if one.Metadata[jobs.MarkName] == mark {
		c.marked = one.ID
	}
}

// newer orders conversations by their last update, and those that are equal or have none so that one always comes first.
func newer(a, b sunco.Conversation) bool {
	for _, times := range [...][2]time.Time{{a.LastUpdatedAt, b.LastUpdatedAt}, {a.CreatedAt, b.CreatedAt}} {
		if !times[0].Equal(times[1]) {
			return times[0].After(times[1])
		}
	}
	return a.ID > b.ID
}

type person struct{ user, brand string }

func (t *try) person() person { return person{t.row.User, t.row.BrandID} }

// conversation returns the id of the row's conversation, which it names or which is looked up, once per user and delivery. Without an
// id and without an error, the row's outcome is that there is none.
func (t *try) conversation(ctx context.Context) (id string, o jobs.Outcome, err error) {
	if !t.row.FindsConversation() {
		return t.row.ConversationID, o, nil
	}
	known, cached := t.found.get(t.person())
	if !cached {
		if known, err = t.conversations(ctx); err != nil {
			return "", o, err
		}
	}
	o = jobs.Outcome{Kind: jobs.Failed, HTTPStatus: http.StatusOK, ErrorCode: codeNoConversation, Error: "the user has no conversation"}
	switch t.row.ConversationID {
	case jobs.DefaultConversation:
		id = known.standard
		if known.count > 0 {
			o.Error = "none of the user's " + jobs.Count(known.count, "conversation") + " is the default one"
		}
	case jobs.OnlyConversation:
		if id = known.latest.ID; known.count > 1 {
			id, o.ErrorCode, o.Error = "", codeSeveralConversations, fmt.Sprintf("the user has %d conversations, and only one is wanted", known.count)
		}
	default:
		id = known.latest.ID
	}
	t.taken = id
	return id, o, nil
}

// conversations reads all conversations of the row's user, a call for each page.
func (t *try) conversations(ctx context.Context) (conversations, error) {
	who, other, err := t.participant(ctx)
	if err != nil {
		return conversations{}, err
	}
	all, err := t.read(ctx, who)
	if e, _ := sunco.AsError(err); e != nil && e.Code == codeUserNotFound && other != (sunco.Participant{}) {
		t.answered = true // it is no failure to ask for the other kind of id
		all, err = t.read(ctx, other)
	}
	if err != nil {
		return conversations{}, err
	}
	t.found.put(t.person(), all)
	return all, nil
}

// isUserID tells a text in the form of the ids that the API gives to users: 24 digits of hex, in lower case.
func isUserID(text string) bool {
	const length = 24
	return len(text) == length && strings.Trim(text, "0123456789abcdef") == ""
}

// participant names the row's user as lists of conversations want it, and as what else it may be named. One of a brand is read first: these
// lists take no brand.
func (t *try) participant(ctx context.Context) (who, other sunco.Participant, err error) {
	if t.row.BrandID != "" {
		user, err := t.user(ctx)
		return sunco.Participant{UserID: user.ID}, sunco.Participant{}, err
	}
	byID, byName := sunco.Participant{UserID: t.row.User}, sunco.Participant{UserExternalID: t.row.User}
	if isUserID(t.row.User) {
		return byID, byName, nil
	}
	return byName, byID, nil
}

// user reads the row's user.
func (t *try) user(ctx context.Context) (user sunco.User, err error) {
	err = t.call(ctx, readUser, func(ctx context.Context) (err error) {
		user, err = t.app.api.User(ctx, t.row.User, t.query())
		if err == nil && user.ID == "" {
			err = &sunco.Error{Status: http.StatusOK, Title: "the API did not name the user's id", Sent: true}
		}
		return err
	})
	return user, err
}

func (t *try) read(ctx context.Context, who sunco.Participant) (conversations, error) {
	all := conversations{of: who}
	pages := t.app.api.Conversations(who, sunco.ListQuery{Timeout: t.job.Options.Timeout})
	for pages.More() {
		err := t.call(ctx, listConversations, func(ctx context.Context) error {
			page, err := pages.Next(ctx)
			for _, c := range page {
				all.add(c, t.mark())
			}
			return err
		})
		if err != nil {
			return conversations{}, err
		}
	}
	return all, nil
}

// mark is what the metadata of a conversation holds that the row made.
func (t *try) mark() string { return fmt.Sprintf("%s/%d", t.job.ID, t.row.Number) }
