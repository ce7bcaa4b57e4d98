package worker

import (
	"context"
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// ensureConversation makes a conversation where a list shows that the user has none. Its metadata has the row's mark, by which the next list
// finds it when the answer was lost (I2).
func ensureConversation(ctx context.Context, t *try) (jobs.Outcome, error) {
	if t.doubt && time.Now().Before(t.quiet) {
		return jobs.Outcome{}, errEarly
	}
	known, err := t.conversations(ctx)
	if err != nil {
		return jobs.Outcome{}, err
	}
	switch {
	case known.marked != "":
		t.taken = known.marked
		return jobs.Outcome{Kind: jobs.OK, HTTPStatus: http.StatusOK, Detail: "adopted"}, nil
	case known.count > 0:
		if t.taken = known.standard; t.taken == "" {
			t.taken = known.latest.ID
		}
		return jobs.Outcome{Kind: jobs.Noop, HTTPStatus: http.StatusOK, Detail: "already there"}, nil
	}
	if t.doubt {
		if o, last := t.notThere("no conversation is there"); last {
			return o, nil
		}
	}
	t.found.forget(t.person())
	create := sunco.ConversationCreate{
		Type: sunco.TypePersonal, Participants: []sunco.Participant{known.of}, DisplayName: t.row.DisplayName, Metadata: t.row.Marked(t.mark()),
	}
	var made sunco.Conversation
	err = t.call(ctx, makeConversation, func(ctx context.Context) (err error) {
		made, err = t.app.api.CreateConversation(ctx, create, t.job.Options.Timeout)
		return err
	})
	if err != nil {
		return jobs.Outcome{}, err
	}
	t.taken = made.ID
	return jobs.Outcome{Kind: jobs.OK, HTTPStatus: http.StatusCreated}, nil
}
