package worker

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// ensureUser makes a user. The API refuses a second one of the same external id, so that a conflict is a noop; a call whose answer was
// lost is settled by reading the user (I2).
func ensureUser(ctx context.Context, t *try) (jobs.Outcome, error) {
	if t.doubt {
		if time.Now().Before(t.quiet) {
			return jobs.Outcome{}, errEarly
		}
		_, err := t.user(ctx)
		if err == nil {
			return jobs.Outcome{Kind: jobs.OK, HTTPStatus: http.StatusOK, Detail: "adopted"}, nil
		}
		if e := asError(err); e.Code != codeUserNotFound {
			return jobs.Outcome{}, err
		}
		if o, last := t.notThere("no user is there"); last {
			return o, nil
		}
	}
	err := t.call(ctx, makeUser, func(ctx context.Context) error {
		_, err := t.app.api.CreateUser(ctx, newUser(t.row), t.job.Options.Timeout)
		return err
	})
	if err != nil {
		return jobs.Outcome{}, err
	}
	return jobs.Outcome{Kind: jobs.OK, HTTPStatus: http.StatusCreated}, nil
}

// notThere ends the doubt of a row by a look that has shown that its call did not arrive. Last says that no attempt is left.
func (t *try) notThere(remark string) (o jobs.Outcome, last bool) {
	t.remark(remark)
	if t.attempts >= t.job.Options.Attempts {
		return jobs.Outcome{Kind: jobs.Failed, ErrorCode: "no_answer", Error: remark + " after the last attempt"}, true
	}
	t.doubt = false
	return o, false
}

func newUser(r *jobs.Row) sunco.UserCreate {
	u := sunco.UserCreate{ExternalID: r.User, BrandID: r.BrandID, SignedUpAt: r.SignedUpAt}
	if profile := (sunco.Profile{GivenName: r.GivenName, Surname: r.Surname, Email: r.Email, Locale: r.Locale}); profile != (sunco.Profile{}) {
		u.Profile = &profile
	}
	if r.ToBeRetained != "" {
		retained := r.ToBeRetained == "true"
		u.ToBeRetained = &retained
	}
	if r.Metadata != "" {
		u.Metadata = json.RawMessage(r.Metadata)
	}
	return u
}
